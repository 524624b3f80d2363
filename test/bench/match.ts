import type { Endpoint } from '../../src/model/endpoint.ts'
import { SubscriptionIndex } from '../../src/outbound/subscription-index.ts'
import { formatTable, median } from './harness.ts'

const ACTIONS = ['created', 'updated', 'deleted', 'closed', 'assigned', 'merged', 'paid', 'failed', 'started', 'ended']

/** Matching an event among many subscriptions, beside a scan with regular expressions; adding and removing one. */
export function run(): void {
  const rows = [1_000, 100_000].map(count => measure(count))
  console.log('\n## Matching an event type among subscriptions\n')
  console.log(formatTable(rows))
}

function measure(count: number): Record<string, string | number> {
  const endpoints = Array.from({ length: count }, (_, i) => subscription(i, count))
  const index = new SubscriptionIndex()
  for (const endpoint of endpoints) index.add(endpoint)
  const expressions = endpoints.map(({ events: [pattern = ''] }) => toExpression(pattern))
  const types = Array.from({ length: 50 }, (_, i) => `entity${(i * 7) % (count / 10)}.${ACTIONS[i % ACTIONS.length]}`)

  const scans: number[] = []
  const matches: number[] = []
  for (let round = 0; round < 7; round++) {
    // One type after the other, so that answers that are remembered count as in use; changes are measured below.
    scans.push(
      time(count > 10_000 ? 5 : 50, i => expressions.filter(expression => expression.test(types[i % 50] ?? '')).length),
    )
    matches.push(time(20_000, i => index.match(undefined, types[i % 50] ?? '').length))
  }
  const ratio = median(scans.map((scan, i) => scan / (matches[i] ?? Number.NaN)))
  const cold = median(Array.from({ length: 7 }, () => coldMatch(index, endpoints, types)))
  const change = median(Array.from({ length: 7 }, () => time(2_000, i => addAndRemove(index, endpoints[i % count]))))
  return {
    subscriptions: count,
    'match µs': (median(matches) / 1000).toFixed(3),
    'match right after a change µs': (cold / 1000).toFixed(2),
    'RegExp scan µs': (median(scans) / 1000).toFixed(0),
    'times faster': Math.round(ratio),
    'remove and add µs': (change / 1000).toFixed(2),
    goal: count < 10_000 ? '' : `≥ 5,000 times: ${ratio >= 5_000 ? 'reached' : 'missed'}`,
  }
}

/** Four in five name a type, most others an entity or an action. */
function subscription(i: number, count: number): Endpoint {
  const entity = `entity${i % (count / 10)}`
  const action = ACTIONS[i % ACTIONS.length] ?? ''
  const pattern = i % 100 === 0 ? '*' : i % 5 === 0 ? `*.${action}${i}` : `${entity}.${action}`
  return {
    id: `ep_${i}`,
    tenant: undefined,
    events: [i % 10_000 === 0 ? '*' : pattern === '*' ? `${entity}.*` : pattern],
  } as unknown as Endpoint
}

function toExpression(pattern: string): RegExp {
  if (pattern === '*') return /^.+$/
  return new RegExp(
    `^${pattern
      .split('.')
      .map(segment => (segment === '*' ? '[^.]+' : segment))
      .join('\\.')}$`,
  )
}

function addAndRemove(index: SubscriptionIndex, endpoint: Endpoint | undefined): number {
  if (endpoint === undefined) return 0
  index.remove(endpoint)
  index.add(endpoint)
  return 1
}

function coldMatch(index: SubscriptionIndex, endpoints: readonly Endpoint[], types: readonly string[]): number {
  return time(500, i => addAndRemove(index, endpoints[i]) + index.match(undefined, types[i % 50] ?? '').length)
}

let _sink = 0

/** Nanoseconds for one call. */
function time(repeats: number, run: (i: number) => number): number {
  const from = process.hrtime.bigint()
  for (let i = 0; i < repeats; i++) _sink += run(i)
  return Number(process.hrtime.bigint() - from) / repeats
}
