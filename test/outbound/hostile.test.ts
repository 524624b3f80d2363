import { type Attempt, createSender, type Sender } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HOSTILE_BEHAVIOURS, type HostileServer, startHostileServer } from '../transports/hostile-server.ts'
import { at, loopbackGuard, startWireRig, type WireRig } from './wire-rig.ts'

const TIMEOUT_MS = 1_000
const NAMES = Object.keys(HOSTILE_BEHAVIOURS)
/** The healthy one is asked this often while the others misbehave. */
const HEALTHY_EVENTS = 20

interface Subject {
  readonly server: HostileServer
  readonly endpointId: string
}

const subjects = new Map<string, Subject>()
const logged: string[] = []
let sender: Sender
let healthy: WireRig
let attempts: readonly Attempt[] = []
const transport = nodeTransport({ guard: loopbackGuard })

const logger = {
  debug() {},
  info() {},
  warn() {},
  error: (message: string) => void logged.push(message),
}

/** All of them at once, in one sender, twice: the second attempt may meet what the first one left behind. */
beforeAll(async () => {
  healthy = await startWireRig()
  const worker = { slots: 10, slowAfterMilliseconds: 100 }
  const store = memoryStore({ maxAttempts: 1_000 })
  sender = createSender({ transport, guard: loopbackGuard, store, maxDataBytes: 20_000_000, worker, logger })
  for (const name of NAMES) {
    const server = await startHostileServer(name)
    const input = {
      name,
      url: server.url,
      events: [`hostile.${subjects.size}`],
      timeoutSeconds: TIMEOUT_MS / 1000,
      retry: [],
    }
    const { endpoint } = await sender.endpoints.create(input)
    subjects.set(name, { server, endpointId: endpoint.id })
  }
  await sender.endpoints.create(at(healthy, { events: ['healthy.*'] }))
  sender.start()
  for (let round = 0; round < 2; round++) {
    let number = 0
    for (const { server } of subjects.values()) {
      const text = 'x'.repeat(server.behaviour.requestBytes ?? 100)
      await sender.publish(`hostile.${number++}`, { text })
    }
    for (let i = 0; i < HEALTHY_EVENTS / 2; i++) await sender.publish('healthy.one', { i })
    await sender.drain()
  }
  attempts = (await sender.attempts.list({ limit: 250 })).items
}, 60_000)

afterAll(async () => {
  await sender.stop()
  await transport.close?.()
  for (const { server } of subjects.values()) await server.close()
  await healthy.close()
})

describe('hostile endpoints', () => {
  it.each(NAMES)('%s', name => {
    const subject = subjects.get(name)
    const made = attempts.filter(({ endpointId }) => endpointId === subject?.endpointId)
    // The one that is gone is disabled by its first answer.
    expect(made).toHaveLength(name === 'gone' ? 1 : 2)
    for (const attempt of made) {
      const { status, errorCode, outcome, durationMs } = attempt
      expect(subject?.server.behaviour.expected, attempt.errorMessage).toContain(status ?? errorCode)
      expect(outcome).toBe(status !== undefined && status >= 200 && status < 300 ? 'succeeded' : 'failed')
      if (status !== undefined && outcome === 'failed') expect(errorCode).toBe('http_status')
      expect(durationMs).toBeLessThan(TIMEOUT_MS + 1_000)
    }
  })

  it('leave nothing unsettled but what they asked to have later', async () => {
    const { items } = await sender.deliveries.list({ status: 'pending' })
    const later = ['throttled by seconds', 'throttled by date'].map(name => subjects.get(name)?.endpointId)
    expect(items.map(({ endpointId }) => endpointId).sort()).toEqual([...later, ...later].sort())
    for (const { dueAtMs, createdAtMs } of items) expect(dueAtMs).toBeGreaterThanOrEqual(createdAtMs + 120_000)
    expect(logged).toEqual([])
  })

  it('get no request but their own: no redirect is followed, nothing is sent twice', () => {
    for (const { server } of subjects.values()) expect(server.usedConnections()).toBeLessThanOrEqual(2)
  })

  it('cost no more memory than the log keeps, and put nothing into it that a terminal would obey', () => {
    for (const { server } of subjects.values()) expect(server.bytesSent()).toBeLessThan(32_000_000)
    for (const { requestBody, responseBody, responseHeaders, errorMessage = '' } of attempts) {
      for (const text of [requestBody, responseBody]) expect(Buffer.byteLength(text)).toBeLessThan(66_000)
      const shown = JSON.stringify(Object.entries(responseHeaders)) + errorMessage
      expect(shown.length).toBeLessThan(200_000)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
      expect(`${shown}${responseBody}`).not.toMatch(/[\u0000-\u0008\u001b\u007f\u009b]/)
    }
  })

  it('do not touch the healthy one, which gets everything, and goes on getting it', async () => {
    expect(healthy.captured).toHaveLength(HEALTHY_EVENTS)
    await sender.publish('healthy.again', {})
    await sender.drain()
    expect(healthy.captured).toHaveLength(HEALTHY_EVENTS + 1)
  })

  it('can get well: the next delivery works', async () => {
    for (const name of ['silent', 'garbage', 'endless chunks', 'gone']) {
      const id = subjects.get(name)?.endpointId ?? ''
      await sender.endpoints.update(id, { url: `${healthy.url}/${encodeURIComponent(name)}`, events: ['well.again'] })
      await sender.endpoints.enable(id)
    }
    const before = healthy.captured.length
    await sender.publish('well.again', {})
    await sender.drain()
    expect(
      healthy.captured
        .slice(before)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['/endless%20chunks', '/garbage', '/gone', '/silent'].sort())
  })
})
