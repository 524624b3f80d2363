import type { Endpoint } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock } from 'crm-webhooks/testing'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/model/logger.ts'
import { EndpointCache } from '../../src/outbound/endpoint-cache.ts'
import { bodyText, endpoint, rig } from './support.ts'

/** Keys and leaves of a document, the same for every text: what no value may change. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}

const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '"}, "admin": true, "x": {"',
    '\\',
    '\\"',
    '{{event.id}}',
    '{{secret}}',
    '}}{{',
    '%(x)s',
    '</script>',
    '\u0000\u001f\u2028',
    '\ud800',
    '__proto__',
  ),
)
const leaf = fc.oneof(hostileText, fc.integer(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null))
const data = fc.record({
  subject: fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string(), leaf)),
  customer: fc.record({ name: leaf, email: leaf }),
})

describe('a template, through the sender', () => {
  const TEMPLATE = {
    title: '{{subject}}',
    text: 'From {{customer.name|default:nobody}} <{{customer.email}}> about {{ subject }}',
    nested: [{ id: '{{event.id}}', fixed: 7 }, ['{{event.type}}'], null, true],
    '{{subject}}': 'keys stay',
  }

  it('never changes its structure, whatever the data', async () => {
    const { sender, transport } = rig()
    await sender.endpoints.create(endpoint({ template: TEMPLATE, retry: [] }))
    await fc.assert(
      fc.asyncProperty(data, async values => {
        const { eventId } = await sender.publish('lead.created', values)
        await sender.drain()
        const body = JSON.parse(bodyText(transport.requests.at(-1))) as typeof TEMPLATE
        expect(shapeOf(body)).toEqual(shapeOf(TEMPLATE))
        expect(body.nested).toEqual([{ id: eventId, fixed: 7 }, ['lead.created'], null, true])
        if (typeof values.subject === 'string') expect(body.title).toBe(values.subject)
      }),
      { numRuns: 300 },
    )
  })

  it('arrives as the JSON that it is, and an envelope as the JSON that was published', async () => {
    const { sender, transport } = rig()
    await sender.endpoints.create(endpoint({ envelope: 'bare', retry: [] }))
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async value => {
        await sender.publish('lead.created', value)
        await sender.drain()
        expect(bodyText(transport.requests.at(-1))).toBe(JSON.stringify(value))
      }),
      { numRuns: 300 },
    )
  })
})

describe('Retry-After', () => {
  it('never makes an attempt earlier than the schedule, nor earlier than it says, up to a day', async () => {
    const waits = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 4 })
    const values = fc.oneof(
      fc.nat({ max: 200_000 }).map(String),
      fc.constantFrom('', 'soon', '-1', '1.5', '99999999999999999999'),
    )
    const status = fc.constantFrom(408, 429, 500, 503)
    await fc.assert(
      fc.asyncProperty(
        waits,
        values,
        status,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (retry, after, code, random) => {
          const { sender, clock } = rig([{ status: code, headers: { 'retry-after': after } }], { random: () => random })
          await sender.endpoints.create(endpoint({ retry }))
          await sender.publish('lead.created', {})
          await sender.drain()
          const [delivery] = (await sender.deliveries.list()).items
          const told = /^\d+$/.test(after) ? Math.min(Number(after), 86_400) : 0
          const waitMs = (delivery?.dueAtMs ?? 0) - clock.now()
          expect(waitMs).toBeGreaterThanOrEqual(1000 * Math.max(retry[0] ?? 0, told))
          expect(waitMs).toBeLessThanOrEqual(1000 * Math.max((retry[0] ?? 0) * 1.1, told) + 1)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('the endpoints that a process knows', () => {
  const stored = (id: string, updatedAtMs = 1, status: Endpoint['status'] = 'active') =>
    ({ id, events: ['lead.*'], status, updatedAtMs, createdAtMs: 1, tenant: undefined }) as unknown as Endpoint

  /** A cache whose store is just being read, with what it read from before the change. */
  async function whileReading(change: (cache: EndpointCache, store: ReturnType<typeof memoryStore>) => Promise<void>) {
    const store = memoryStore()
    await store.endpoints.insert(stored('ep_old'))
    const list = store.endpoints.list.bind(store.endpoints)
    let release = (): void => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    let reading = (): void => {}
    const isReading = new Promise<void>(resolve => {
      reading = resolve
    })
    store.endpoints.list = async filter => {
      const page = await list(filter)
      reading()
      await held
      return page
    }
    const cache = new EndpointCache(store.endpoints, manualClock(), 5_000, silentLogger)
    const matched = cache.match(undefined, 'lead.created')
    await isReading
    await change(cache, store)
    release()
    await matched
    return (await cache.match(undefined, 'lead.created')).map(({ id, updatedAtMs }) => `${id} ${updatedAtMs}`).sort()
  }

  it('include one that was created while the list was read', async () => {
    const known = await whileReading(async (cache, store) => {
      await store.endpoints.insert(stored('ep_new'))
      cache.put(stored('ep_new'))
    })
    expect(known).toEqual(['ep_new 1', 'ep_old 1'])
  })

  it('keep a change that was made while the list was read', async () => {
    const known = await whileReading(async (cache, store) => {
      await store.endpoints.replace(stored('ep_old', 2), 1)
      cache.put(stored('ep_old', 2))
    })
    expect(known).toEqual(['ep_old 2'])
  })

  it('do not include one that was deleted while the list was read', async () => {
    const known = await whileReading(async (cache, store) => {
      await store.endpoints.delete('ep_old')
      cache.remove('ep_old')
    })
    expect(known).toEqual([])
  })
})
