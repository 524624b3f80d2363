import type { Logger } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSender } from '../../src/outbound/sender.ts'
import { endpoint, guard } from './support.ts'

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
let listeners: NodeJS.UnhandledRejectionListener[] = []

beforeEach(() => {
  unhandled.length = 0
  listeners = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', note)
})
afterEach(() => {
  process.removeListener('unhandledRejection', note)
  for (const listener of listeners) process.on('unhandledRejection', listener)
})

const throwing = (): never => {
  throw new Error('the disk of the log is full')
}
const rejecting = (): Promise<never> => Promise.reject(new Error('the log server is away'))
const all = (write: () => unknown): Logger => ({ debug: write, info: write, warn: write, error: write }) as Logger

describe.each([
  ['throws', all(throwing)],
  ['rejects', all(rejecting)],
])('a logger that %s', (_, logger) => {
  it('does not keep a sender from going on when the store is well again', async () => {
    const clock = manualClock(Date.UTC(2026, 0, 5, 9))
    const store = memoryStore({ clock })
    const { claim } = store.deliveries
    let failures = 0
    store.deliveries.claim = async request => {
      if (failures-- > 0) throw new Error('connection reset')
      return claim.call(store.deliveries, request)
    }
    const transport = scriptedTransport([200], clock)
    const sender = createSender({ transport, guard, store, clock, logger })
    await sender.endpoints.create(endpoint({ ordering: 'subject', signature: 'insecure-devlink' }))
    sender.lifecycle.on('delivery.succeeded', throwing)
    sender.start()
    await clock.advance(2_000)
    failures = 1
    await clock.advance(3_000)
    await sender.publish('lead.created', {}, { subject: 's' })
    await clock.advance(10_000)
    expect(transport.requests).toHaveLength(1)
    // The process tells of unhandled rejections after the microtasks.
    await new Promise(resolve => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })
})
