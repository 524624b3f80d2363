import { createReceiver } from 'crm-webhooks'
import { describe, expect, it } from 'vitest'
import { acme, acmeRequest, dealUpdated, recordingLogger } from '../support/acme.ts'

async function answerTo(returned: unknown) {
  const logger = recordingLogger()
  const receiver = createReceiver({ provider: acme(), logger })
  receiver.on('deal.updated', () => returned as undefined)
  const { status, body } = await receiver.receive(acmeRequest(dealUpdated('1')))
  const warnings = logger.lines.map(({ fields }) => (fields as { returned?: string }).returned)
  return { status, body: JSON.parse(body) as Record<string, unknown>, warnings }
}

describe('what a handler returns', () => {
  it.each([
    ['creatd', 'a text that is none of created, updated, skipped: did you mean created?'],
    ['ada@example.com', 'a text that is none of created, updated, skipped'],
    ['failed', 'a text that is none of created, updated, skipped: did you mean failed?'],
    [true, 'boolean'],
    [5, 'number'],
    [{ email: 'ada@example.com' }, 'an object without a status'],
    [{ status: 'ok' }, 'a record whose status is none of created, updated, skipped, failed'],
    [
      { recordId: 'a', status: 'createdd' },
      'a record whose status is none of created, updated, skipped, failed: did you mean created?',
    ],
  ])('is named in the log, and counts as nothing, when it is %o', async (returned, described) => {
    const { status, body, warnings } = await answerTo(returned)
    expect([status, warnings]).toEqual([200, [described]])
    expect(body).toMatchObject({ total: 0, created: 0, updated: 0, skipped: 0, failed: 0 })
  })

  it('counts what it can of a list', async () => {
    const { body, warnings } = await answerTo([
      { recordId: 'a', status: 'created' },
      {},
      { recordId: 'b', status: 'failed' },
    ])
    expect(body).toMatchObject({ total: 2, created: 1, failed: 1 })
    expect(warnings).toEqual(['an object without a status'])
  })

  it("takes the event's record where none is named, and numbers as ids", async () => {
    const { status, body, warnings } = await answerTo([{ status: 'failed' }, { recordId: 7, status: 'failed' }])
    expect([status, warnings]).toEqual([207, []])
    expect(body.errors).toEqual([
      { source_id: 'rec-1', message: 'failed' },
      { source_id: '7', message: 'failed' },
    ])
  })

  it.each([undefined, null])('may be nothing: %o', async nothing => {
    expect(await answerTo(nothing)).toMatchObject({ status: 200, body: { total: 0 }, warnings: [] })
  })
})

describe('what a handler returns in numbers, or cannot be read', () => {
  const later =
    <Value>(value: Value) =>
    async (): Promise<Value> =>
      value
  const atOnce =
    <Value>(value: Value) =>
    (): Value =>
      value

  it.each([
    ['at once', atOnce],
    ['later', later],
  ])('is counted, be it two hundred thousand records, %s', async (_when, giving) => {
    const receiver = createReceiver({ provider: acme() })
    const records = Array.from({ length: 200_000 }, (_, i) => ({ recordId: `${i}`, status: 'created' as const }))
    receiver.on('deal.updated', giving(records))
    const { status, body } = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(status).toBe(200)
    expect(JSON.parse(body)).toMatchObject({ created: 200_000 })
  })

  it.each([
    ['at once', atOnce],
    ['later', later],
  ])('is a failure when reading it throws, and the event can be tried again, %s', async (_when, giving) => {
    const receiver = createReceiver({ provider: acme(), logger: recordingLogger() })
    const unreadable = {
      get status(): 'created' {
        throw new Error('a relation that was not loaded')
      },
    }
    const off = receiver.on('deal.updated', giving(unreadable as never))
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(500)
    off()
    receiver.on('deal.updated', giving('updated' as const))
    const { status, body } = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect([status, JSON.parse(body)]).toMatchObject([200, { updated: 1 }])
  })
})
