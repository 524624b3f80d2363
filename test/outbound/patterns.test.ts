import { type Endpoint, matchesPattern } from 'crm-webhooks'
import { describe, expect, it } from 'vitest'
import { SubscriptionIndex } from '../../src/outbound/subscription-index.ts'
import { seeded } from '../../src/testing/simulation/seeded.ts'

const CHECKS = 100_000
/** Few words, so that much collides; among them names that objects inherit, and ones that are parts of others. */
const WORDS = [
  'lead',
  'deal',
  'created',
  'updated',
  'note',
  'constructor',
  '__proto__',
  'toString',
  'le',
  '*',
  'LEAD',
  '1',
]
const TENANTS = [undefined, 'a', 'b', '', 't', '__proto__']

const random = seeded(20_260_105)
const below = (limit: number): number => Math.floor(random() * limit)
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item
const words = (stars: number): string =>
  Array.from({ length: 1 + below(4) }, () => (random() < stars ? '*' : pick(WORDS))).join('.')
/** Now and then nonsense: an index must agree with the rule about that too. */
const pattern = (): string =>
  random() < 0.02 ? pick(['', '.', '*.', '.*', 'lead.', '**', 'le*d', '*.*.*.*.*']) : words(0.4)
const type = (): string => (random() < 0.02 ? pick(['', '.', 'lead.', '.lead', '*', 'lead..note']) : words(0))

let count = 0
const subscriber = (): Endpoint =>
  ({
    id: `ep_${count++}`,
    tenant: pick(TENANTS),
    events: Array.from({ length: 1 + below(5) }, pattern),
  }) as unknown as Endpoint

const naive = (endpoints: Iterable<Endpoint>, tenant: string | undefined, wanted: string): string[] =>
  [...endpoints]
    .filter(one => one.tenant === tenant && one.events.some(given => matchesPattern(given, wanted)))
    .map(({ id }) => id)
    .sort()

const ids = (endpoints: readonly Endpoint[]): string[] => endpoints.map(({ id }) => id).sort()

describe('the index of subscriptions', () => {
  it('agrees with the rule of patterns, while endpoints come and go', () => {
    const index = new SubscriptionIndex()
    const live = new Set<Endpoint>()
    let matches = 0
    for (let i = 0; i < CHECKS; i++) {
      if (i % 20 === 0) {
        const removes = live.size > 60 || (live.size > 0 && random() < 0.4)
        const endpoint = removes ? pick([...live]) : subscriber()
        if (removes) {
          index.remove(endpoint)
          live.delete(endpoint)
        } else {
          index.add(endpoint)
          live.add(endpoint)
        }
      }
      const tenant = pick(TENANTS)
      const wanted = type()
      const found = ids(index.match(tenant, wanted))
      const expected = naive(live, tenant, wanted)
      // toEqual for each of them would take most of the time.
      if (found.join() !== expected.join())
        expect({ tenant, wanted, found }).toEqual({ tenant, wanted, found: expected })
      matches += found.length
    }
    expect(matches).toBeGreaterThan(CHECKS / 10)
  })

  it('is empty again when all are gone, and takes removals of what it does not know', () => {
    const index = new SubscriptionIndex()
    const all = Array.from({ length: 200 }, subscriber)
    for (const endpoint of all) index.add(endpoint)
    for (const endpoint of [...all, ...all, subscriber()]) index.remove(endpoint)
    for (let i = 0; i < 2_000; i++) expect(index.match(pick(TENANTS), type())).toEqual([])
  })

  it('keeps one of two endpoints with the same patterns when the other goes', () => {
    const index = new SubscriptionIndex()
    const [first, second] = [subscriber(), subscriber()].map(one => ({
      ...one,
      tenant: 'a',
      events: ['lead.*', 'lead.*', '*'],
    }))
    if (first === undefined || second === undefined) throw new Error('two were made')
    index.add(first)
    index.add(second)
    expect(index.match('a', 'lead.created')).toHaveLength(2)
    index.remove(first)
    expect(ids(index.match('a', 'lead.created'))).toEqual([second.id])
    expect(ids(index.match('a', 'call'))).toEqual([second.id])
    expect(index.match('b', 'lead.created')).toEqual([])
    expect(index.match(undefined, 'lead.created')).toEqual([])
  })
})
