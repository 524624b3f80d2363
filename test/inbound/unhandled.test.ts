import { createReceiver, type ReceiverOptions } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { type AcmeEvents, acme, acmeRequest, dealUpdated, recordingLogger } from '../support/acme.ts'

const UNATTENDED = expect.stringContaining('nothing runs the handlers here') as string

function setUp(more: Partial<ReceiverOptions<AcmeEvents>> = {}) {
  const clock = manualClock()
  const store = memoryStore({ clock })
  const logger = recordingLogger()
  const receiver = createReceiver({ provider: acme(), acknowledge: 'on-receipt', store, clock, logger, ...more })
  const send = async (id: string) => (await receiver.receive(acmeRequest(dealUpdated(id)))).status
  const warnings = () => logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
  const states = async () => (await store.deliveries.list({ direction: 'inbound' })).items.map(({ status }) => status)
  return { clock, logger, receiver, send, warnings, states }
}

describe('a durable receiver without handlers', () => {
  it('neither starts nor drains, so that the backlog waits for them', async () => {
    const { clock, receiver, send, states } = setUp()
    const misuse = expect.objectContaining({ code: 'invalid_option', argument: 'handler' }) as Error
    await send('1')
    expect(() => receiver.start()).toThrow(misuse)
    await expect(receiver.drain()).rejects.toThrow(misuse)
    await clock.advance(10_000)
    expect(await states()).toEqual(['pending'])
    const seen: string[] = []
    receiver.on('deal.updated', ({ id }) => void seen.push(id))
    receiver.start()
    await clock.advance(2_000)
    expect([seen, await states()]).toEqual([['1'], ['succeeded']])
    await receiver.stop()
  })

  it('takes more of them once it has started', async () => {
    const { clock, receiver, send } = setUp()
    const seen: string[] = []
    receiver.on('call.closed', () => {})
    receiver.start()
    receiver.on('deal.updated', ({ id }) => void seen.push(id))
    await send('1')
    await clock.advance(2_000)
    expect(seen).toEqual(['1'])
    await receiver.stop()
  })

  it('starts all the same when its answer waits for handlers: there is nothing to start', async () => {
    const receiver = createReceiver({ provider: acme() })
    receiver.start()
    expect(await receiver.drain()).toBe(0)
  })
})

describe('a durable receiver that nobody started', () => {
  it('says so once, when it stores the first event', async () => {
    const { receiver, send, warnings } = setUp()
    receiver.on('*', () => {})
    await send('1')
    await send('2')
    expect(warnings()).toEqual([UNATTENDED])
  })

  it.each(['start', 'drain'] as const)('says nothing after %s()', async method => {
    const { receiver, send, warnings } = setUp()
    receiver.on('*', () => {})
    await receiver[method]()
    await send('1')
    await receiver.stop()
    expect(warnings()).toEqual([])
  })
})

describe('an event of a known type that no handler takes', () => {
  it.each(['on-receipt', 'after-handling'] as const)('is logged once for its type, %s', async acknowledge => {
    const { receiver, send, logger } = setUp({ acknowledge })
    receiver.on('call.closed', () => {})
    for (const id of ['1', '2']) {
      await send(id)
      await receiver.drain()
    }
    const lines = logger.lines.filter(({ message }) => message === 'webhook event that no handler takes')
    expect(lines).toMatchObject([{ level: 'warn', fields: { provider: 'acme', type: 'deal.updated' } }])
  })

  it('is not logged where one does', async () => {
    const { receiver, send, warnings } = setUp({ acknowledge: 'after-handling' })
    receiver.on('deal.*', () => {})
    await send('1')
    expect(warnings()).toEqual([])
  })
})

describe('an event that is given up', () => {
  it('is logged with the receiver and the error', async () => {
    const { receiver, send, logger } = setUp({ name: 'sales', retry: { schedule: [] } })
    receiver.on('*', () => {
      throw new Error('the CRM is down')
    })
    await send('1')
    await receiver.drain()
    const line = logger.lines.find(({ message }) => message === 'webhook event given up')
    expect(line?.fields).toMatchObject({ receiver: 'sales', type: 'deal.updated', error: 'the CRM is down' })
  })
})
