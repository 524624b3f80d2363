import { createReceiver, type Provider } from 'crm-webhooks'
import { allOf, bodyToken, sharedSecret } from 'crm-webhooks/credentials'
import { describeProvider, path } from 'crm-webhooks/providers/describe'
import { figma } from 'crm-webhooks/providers/figma'
import { microsoftGraph } from 'crm-webhooks/providers/microsoft-graph'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import type { Verifier } from '../../src/model/verification.ts'
import type { AnyProvider } from '../../src/providers/provider.ts'
import { acme, acmeRequest, dealUpdated, recordingLogger } from '../support/acme.ts'

function own(verifier: Verifier, format: 'json' | 'form' = 'json'): Provider {
  return describeProvider({ name: 'own', verifier, format, type: path('event') })
}

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

  const token = 'canary-token'
  const json = { 'content-type': 'application/json' }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  it.each<[string, AnyProvider, string, Readonly<Record<string, string>>]>([
    [
      'Microsoft Graph',
      microsoftGraph({ clientState: token }),
      '{"value":[{"changeType":"updated","resource":"r"}]}',
      json,
    ],
    ['Figma', figma({ passcode: token }), '{"event_type":"PING"}', json],
    ['a header', own(sharedSecret({ header: 'X-My-Code', secret: token })), '{"event":"a.b"}', json],
    ['a path', own(bodyToken({ path: 'meta.code', token })), '{"event":"a.b"}', json],
    ['a form', own(bodyToken({ path: 'code', token, format: 'form' }), 'form'), 'event=a.b', form],
    [
      'several checks',
      own(allOf(sharedSecret({ header: 'X-My-Code', secret: token }), bodyToken({ path: 'code', token }))),
      '{"event":"a.b"}',
      json,
    ],
  ])('has no secret in it that proves a request, whatever its name is: %s', async (_name, provider, text, headers) => {
    const store = memoryStore()
    const receiver = createReceiver({ provider: provider as Provider, exchangeLog: store.attempts })
    const plain = { method: 'POST', url: '/', headers, body: new TextEncoder().encode(text) }
    const request = await provider.authenticate?.(plain)
    if (request === undefined) throw new Error('no request')
    expect((await receiver.receive(request)).status).toBeLessThan(300)
    const { items } = await store.attempts.list({ direction: 'inbound' })
    expect(items).toHaveLength(1)
    expect(JSON.stringify(items)).not.toContain('canary')
    expect(JSON.stringify(items)).toContain('••••••')
  })

  it('does not change the answer when it fails', async () => {
    const logger = recordingLogger()
    const exchangeLog = { insert: () => Promise.reject(new Error('disk full')) }
    const receiver = createReceiver({ provider: acme(), exchangeLog, logger })
    receiver.on('*', () => {})
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(200)
    expect(logger.lines.map(line => line.level)).toEqual(['error'])
  })

  it('does not keep the answer back when it hangs', async () => {
    const logger = recordingLogger()
    const clock = manualClock()
    const exchangeLog = { insert: () => new Promise<void>(() => {}) }
    const receiver = createReceiver({ provider: acme(), exchangeLog, logger, clock })
    receiver.on('*', () => {})
    const response = receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(9_000)
    expect((await response).status).toBe(200)
    expect(logger.lines.map(line => line.message)).toEqual(['webhook exchange log was not written'])
    expect(clock.pending).toBe(0)
  })

  it('is waited for a little where the handlers took all the time', async () => {
    const logger = recordingLogger()
    const clock = manualClock()
    let written = 0
    const insert = () =>
      new Promise<void>(resolve =>
        clock.setTimer(() => {
          written++
          resolve()
        }, 500),
      )
    const receiver = createReceiver({ provider: acme(), exchangeLog: { insert }, logger, clock })
    receiver.on('*', () => new Promise(() => {}))
    const response = receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(10_000)
    expect([(await response).status, written]).toEqual([500, 1])
    expect(logger.lines.map(line => line.message)).toEqual(['webhook handler took too long'])
  })
})
