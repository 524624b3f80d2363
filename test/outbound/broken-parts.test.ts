import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { createSender } from '../../src/outbound/sender.ts'
import { generic } from '../../src/presets/generic.ts'
import type { Preset } from '../../src/presets/preset.ts'
import type { TransportResult } from '../../src/transports/transport.ts'
import { thenable } from '../support/thenable.ts'
import { endpoint, guard, rig } from './support.ts'

const DAY_MS = 86_400_000

describe('a transport of your own that', () => {
  it.each<[string, () => Promise<TransportResult>]>([
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['answers nothing', async () => undefined as unknown as TransportResult],
    ['says aborted when nobody aborted', async () => ({ ok: false, code: 'aborted', message: 'x', durationMs: 1 })],
  ])('%s: the attempts are recorded, paced and come to an end', async (_, answer) => {
    const clock = manualClock(Date.UTC(2026, 0, 5, 9))
    let sent = 0
    const send = (): Promise<TransportResult> => {
      sent++
      return answer()
    }
    const sender = createSender({ transport: { send }, guard, clock, store: memoryStore({ clock }), random: () => 0 })
    await sender.endpoints.create(endpoint({ retry: [1, 1] }))
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(DAY_MS)
    expect(sent).toBe(3)
    expect((await sender.attempts.list()).items).toHaveLength(3)
    expect((await sender.deliveries.list()).items).toMatchObject([{ status: 'failed', attempts: 3 }])
  })
})

describe('a preset of your own whose outcome', () => {
  const preset = (own: Partial<Preset<unknown>>): Preset => ({ ...generic(), ...own }) as Preset
  const using = { preset: { name: 'generic', settings: { url: 'https://a.example.com/' } }, url: undefined }

  it.each<[string, Partial<Preset<unknown>>]>([
    ['is nothing', { outcome: () => undefined as never }],
    ['has no message', { outcome: () => ({ ok: false }) as never }],
    ['throws', { outcome: () => JSON.parse('{') as never }],
    ['waits for words', { outcome: () => ({ ok: false, message: 'x', retryAfterSeconds: 'soon' }) as never }],
  ])('%s: the attempts are recorded and come to an end', async (_, own) => {
    const { sender, clock, transport } = rig([200], { presets: [preset(own)] })
    await sender.endpoints.create(endpoint({ ...using, retry: [1, 1] }))
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(DAY_MS)
    expect(transport.requests).toHaveLength(3)
    expect((await sender.attempts.list()).items).toHaveLength(3)
  })
})

describe('what only the process that made the endpoint was given', () => {
  const mine = { header: 'X-Mine', create: () => () => ({ 'X-Mine': 'sig' }) }

  it('signs: nothing goes out unsigned, and it is tried again', async () => {
    const clock = manualClock(Date.UTC(2026, 0, 5, 9))
    const store = memoryStore({ clock })
    const transport = scriptedTransport([200], clock)
    const web = createSender({ transport, guard, store, clock, signatures: { mine } })
    const old = createSender({ transport, guard, store, clock })
    await web.endpoints.create(endpoint({ signature: 'mine' }))
    await web.publish('lead.created', {})
    await old.drain()
    expect(transport.requests).toEqual([])
    expect((await web.attempts.list()).items).toMatchObject([
      { errorCode: 'not_registered', errorMessage: "the signature scheme 'mine' is not registered with this sender" },
    ])
    await clock.advance(60_000)
    await web.drain()
    expect(transport.requests.map(({ headers }) => headers['X-Mine'])).toEqual(['sig'])
  })
})

describe('a promise of another library', () => {
  it('is waited for when a signature scheme answers one: nothing goes out unsigned', async () => {
    const mine = { header: 'X-Mine', create: () => () => thenable({ 'X-Mine': 'sig' }) }
    const { sender, transport } = rig([200], { signatures: { mine } })
    await sender.endpoints.create(endpoint({ signature: 'mine' }))
    await sender.publish('lead.created', {})
    await sender.drain()
    expect(transport.requests.map(({ headers }) => headers['X-Mine'])).toEqual(['sig'])
  })
})
