import { createReceiver } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { describe, expect, it } from 'vitest'
import { acme, acmeRequest, dealUpdated, recordingLogger } from '../support/acme.ts'

describe('the exchange log of a receiver', () => {
  it('has every request with its answer, secrets masked', async () => {
    const store = memoryStore()
    const receiver = createReceiver({ provider: acme(), exchangeLog: store.attempts })
    receiver.on('deal.updated', () => 'updated')
    const secrets = { authorization: 'Bearer canary-1', 'x-acme-signature': 'canary-2' }
    const request = acmeRequest({ ...(dealUpdated('1') as object), password: 'canary-3' })
    await receiver.receive({ ...request, headers: { ...(request.headers as object), ...secrets } })
    await receiver.receive({ ...request, headers: secrets })
    await receiver.receive(acmeRequest('{'))
    const { items } = await store.attempts.list({ direction: 'inbound' })
    expect(items.map(item => [item.status, item.outcome, item.errorCode, item.eventType])).toEqual([
      [400, 'failed', 'malformed_body', undefined],
      [401, 'failed', 'signature_mismatch', undefined],
      [200, 'succeeded', undefined, 'deal.updated'],
    ])
    expect(items[2]).toMatchObject({ endpointId: 'acme', eventId: '1', subject: 'rec-1', method: 'POST' })
    expect(items[2]?.responseBody).toContain('"updated":1')
    expect(JSON.stringify(items)).not.toContain('canary')
  })

  it('does not change the answer when it fails', async () => {
    const logger = recordingLogger()
    const exchangeLog = { insert: () => Promise.reject(new Error('disk full')) }
    const receiver = createReceiver({ provider: acme(), exchangeLog, logger })
    receiver.on('*', () => {})
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(200)
    expect(logger.lines.map(line => line.level)).toEqual(['error'])
  })
})
