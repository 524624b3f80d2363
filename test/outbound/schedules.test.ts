import { type RetryPolicyInput, WebhookError } from 'crm-webhooks'
import { type RetryScheduleName, resolveRetryPolicy, scheduleDelays } from 'crm-webhooks/retry'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, type ScriptedAnswer, scriptedTransport } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { endpoint, rig } from './support.ts'

const H = 3_600
const M = 60

/** The table of the schedules, as it is documented. Seconds between the attempts. */
const TABLE: Readonly<Record<RetryScheduleName, readonly number[]>> = {
  default: [5, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H],
  askpro: [60, 120, 300, 600],
  'askpro-callbacks': [60, 60],
  devlink: [5, 10, 20],
  whatscrm: [2, 4],
  pipedrive: [3, 30, 150],
}
const NAMES = Object.keys(TABLE) as readonly RetryScheduleName[]

/** The store is asked when something is due, not every second: four days pass in no time. */
const QUIET = { worker: { pollSeconds: 10 * 86_400 } }

interface Run {
  /** Milliseconds from the first attempt to each. */
  readonly times: readonly number[]
  readonly exhausted: readonly string[]
  readonly failures: number
  readonly status: string | undefined
  readonly attempts: number | undefined
}

async function runOut(
  retry: RetryPolicyInput | undefined,
  script: readonly ScriptedAnswer[],
  random: () => number,
): Promise<Run> {
  const { sender, clock, transport } = rig(script, { ...QUIET, random })
  const times: number[] = []
  const exhausted: string[] = []
  let failures = 0
  const startMs = clock.now()
  sender.lifecycle.on('delivery.failed', ({ attempt }) => {
    failures++
    times.push(attempt.startedAtMs - startMs)
  })
  sender.lifecycle.on('delivery.exhausted', ({ reason }) => void exhausted.push(reason))
  await sender.endpoints.create(endpoint(retry === undefined ? {} : { retry }))
  sender.start()
  await sender.publish('lead.created', { id: 1 })
  await clock.advance(30 * 86_400_000)
  const [delivery] = (await sender.deliveries.list()).items
  expect(transport.requests).toHaveLength(times.length)
  expect((await sender.attempts.list({ limit: 250 })).items).toHaveLength(times.length)
  return { times, exhausted, failures, status: delivery?.status, attempts: delivery?.attempts }
}

const sums = (waits: readonly number[]): number[] => {
  const times = [0]
  for (const wait of waits) times.push((times.at(-1) ?? 0) + wait * 1000)
  return times
}

describe('the schedules', () => {
  it('are those of the table', () => {
    for (const name of NAMES) expect(scheduleDelays(resolveRetryPolicy(name).schedule)).toEqual(TABLE[name])
  })

  it.each(NAMES)('%s is run to its end, on time, with one end', async name => {
    const run = await runOut(name, [500], () => 0)
    expect(run.times).toEqual(sums(TABLE[name]))
    expect(run).toMatchObject({
      exhausted: ['exhausted'],
      failures: TABLE[name].length + 1,
      status: 'failed',
      attempts: TABLE[name].length + 1,
    })
  })

  it('default is the default, and takes three days and a few hours', async () => {
    const { times } = await runOut(undefined, [503], () => 0)
    expect(times).toEqual(sums(TABLE.default))
    expect((times.at(-1) ?? 0) / 3_600_000).toBeCloseTo(75.58, 1)
  })

  it.each([0.25, 0.5, 0.999_999])('default with jitter %d stays within a tenth, and is never early', async random => {
    const { times } = await runOut('default', [500], () => random)
    const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0))
    waits.forEach((wait, i) => {
      const planned = (TABLE.default[i] ?? 0) * 1000
      expect(wait).toBeGreaterThanOrEqual(planned)
      expect(Math.abs(wait - planned * (1 + 0.1 * random))).toBeLessThanOrEqual(1)
    })
  })

  it.each(NAMES.filter(name => name !== 'default'))('%s has no jitter', async name => {
    expect((await runOut(name, [500], () => 0.9)).times).toEqual(sums(TABLE[name]))
  })

  it.each<readonly [string, ScriptedAnswer, boolean]>([
    ['a refused connection', { error: 'connection_refused' }, true],
    ['a reset one', { error: 'connection_reset' }, true],
    ['no name', { error: 'dns_failed' }, true],
    ['no TLS', { error: 'tls_failed' }, true],
    ['nonsense', { error: 'malformed_response' }, true],
    ['408', 408, true],
    ['425', 425, true],
    ['429', 429, true],
    ['502', 502, true],
    ['an address that is refused', { error: 'address_refused' }, false],
    ['401', 401, false],
    ['302', 302, false],
  ])('%s is tried again: %s', async (_, answer, again) => {
    const { times, exhausted } = await runOut('default', [answer], () => 0)
    expect(times).toEqual(again ? sums(TABLE.default) : [0])
    expect(exhausted).toEqual([again ? 'exhausted' : 'not_retryable'])
  })

  it.each(['askpro', 'devlink', 'whatscrm', 'pipedrive'] as const)(
    '%s tries 404 and 410 again too, like the original',
    async name => {
      for (const status of [404, 410]) {
        const { times, exhausted } = await runOut(name, [status], () => 0)
        expect(times).toEqual(sums(TABLE[name]))
        expect(exhausted).toEqual(['exhausted'])
      }
    },
  )

  it('a hanging endpoint takes its time limit for each attempt, and the waits come on top', async () => {
    const { times } = await runOut([60, 120], ['hang'], () => 0)
    expect(times).toEqual([0, 30_000 + 60_000, 30_000 + 60_000 + 30_000 + 120_000])
  })

  it('of one’s own: exponential', async () => {
    const retry = { initialSeconds: 1, factor: 3, maxSeconds: 10, maxAttempts: 5 }
    expect((await runOut({ schedule: retry, jitter: 0 }, [500], () => 0.9)).times).toEqual(sums([1, 3, 9, 10]))
  })

  it('an unknown one is no schedule', () => {
    expect(() => resolveRetryPolicy('toString')).toThrow(WebhookError)
  })
})

describe('Retry-After', () => {
  it.each<readonly [string, string, number]>([
    ['later than the schedule', '600', 600],
    ['earlier than the schedule', '1', 60],
    ['as a date', new Date(Date.UTC(2026, 0, 5, 9, 20)).toUTCString(), 1200],
    ['beyond a day', '999999', 86_400],
    ['in the past', new Date(Date.UTC(2020, 0, 1)).toUTCString(), 60],
    ['nonsense', '1e9', 60],
    ['negative', '-5', 60],
  ])('%s', async (_, value, seconds) => {
    const answer = { status: 503, headers: { 'retry-after': value } }
    const { times } = await runOut([60, 60], [answer, 500], () => 0)
    expect(times[1]).toBe(seconds * 1000)
  })

  it('for ever does not put a delivery off for ever', async () => {
    const answer = { status: 429, headers: { 'retry-after': '3600' } }
    const { times, exhausted } = await runOut([60, 60], [answer], () => 0)
    expect(times).toEqual(Array.from({ length: 13 }, (_, i) => i * 3_600_000))
    expect(exhausted).toEqual(['exhausted'])
  })
})

describe('a clock that jumps', () => {
  const HOUR_MS = 3_600_000

  /** The manual clock with a wall time that can be set, as an administrator does. */
  function jumpyRig(script: Parameters<typeof scriptedTransport>[0], jump: { offsetMs: number }) {
    const inner = manualClock(Date.UTC(2026, 0, 5, 9))
    const clock = { ...inner, now: () => inner.now() + jump.offsetMs }
    const transport = scriptedTransport(script, inner)
    const options = { clock, transport, store: memoryStore({ clock }), worker: { slots: 5 } }
    return { sender: rig([], options).sender, transport, advance: inner.advance }
  }

  it.each([
    ['back', -HOUR_MS],
    ['forward', HOUR_MS],
    ['to 2039', Date.UTC(2039, 5, 1) - Date.UTC(2026, 0, 5, 9)],
  ])('%s loses nothing and repeats nothing that was settled', async (_, offsetMs) => {
    const jump = { offsetMs: 0 }
    const { sender, advance } = jumpyRig([500, 500, { error: 'timeout' }, 200], jump)
    await sender.endpoints.create(endpoint({ retry: [60, 60, 60, 60, 60, 60] }))
    sender.start()
    for (let i = 0; i < 10; i++) await sender.publish('lead.created', { i })
    await advance(1_000)
    jump.offsetMs = offsetMs
    for (let i = 10; i < 20; i++) await sender.publish('lead.created', { i })
    await advance(2 * HOUR_MS)
    const { items } = await sender.deliveries.list()
    expect(items).toHaveLength(20)
    expect(new Set(items.map(({ status }) => status))).toEqual(new Set(['succeeded']))
    await sender.stop()
  })

  // What was published before is due by the old time, so it waits for as long as the clock was put back.
  it('back while endpoints hang, keeps them apart all the same', async () => {
    const jump = { offsetMs: 0 }
    const { sender, transport, advance } = jumpyRig(({ url }) => (String(url).includes('dead') ? 'hang' : 200), jump)
    for (let i = 0; i < 20; i++) await sender.endpoints.create(endpoint({ url: `https://dead${i}.example.com/` }))
    sender.start()
    for (let i = 0; i < 3; i++) await sender.publish('lead.created', { i })
    await advance(100)
    jump.offsetMs = -HOUR_MS
    await sender.endpoints.create(endpoint({ url: 'https://alive.example.com/' }))
    for (let i = 0; i < 20; i++) await sender.publish('lead.created', { i })
    await advance(5_000)
    expect(transport.requests.filter(({ url }) => String(url).includes('alive'))).toHaveLength(20)
  })

  it('back does not make a rate limit last for as long', async () => {
    const jump = { offsetMs: 0 }
    const { sender, transport, advance } = jumpyRig(() => 200, jump)
    await sender.endpoints.create(endpoint({ rateLimit: { limit: 10, perSeconds: 1 } }))
    sender.start()
    for (let i = 0; i < 10; i++) await sender.publish('lead.created', { i })
    await advance(0)
    expect(transport.requests).toHaveLength(10)
    jump.offsetMs = -HOUR_MS
    for (let i = 0; i < 10; i++) await sender.publish('lead.created', { i })
    await advance(5_000)
    expect(transport.requests).toHaveLength(20)
  })
})
