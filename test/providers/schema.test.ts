import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { lazyFields, lazySchema, type SchemaCheck } from '../../src/providers/schema.ts'

const shape = () => ({
  id: z.optional(z.union([z.string(), z.number()])),
  title: z.nullish(z.string()),
  value: z.nullish(z.number()),
  labels: z.nullish(z.array(z.number())),
  price: z.nullish(z.object({ amount: z.number(), currency: z.string() })),
})
const builders = {
  lazySchema: () => lazySchema(() => z.object(shape())),
  lazyFields: () => lazyFields(shape),
}

/** The same check where zod may not generate code. */
function interpreted<T>(build: () => SchemaCheck<T>): SchemaCheck<T> {
  z.config({ jitless: true })
  const check = build()
  check({})
  z.config({ jitless: false })
  return check
}

afterEach(() => {
  z.config({ jitless: false })
})

describe.each(Object.entries(builders))('%s', (_name, build) => {
  it('builds nothing before the first use', () => {
    let built = 0
    const check = lazySchema(() => {
      built++
      return z.string()
    })
    expect(built).toBe(0)
    check('a')
    check('b')
    expect(built).toBe(1)
  })

  it('returns the value itself, with fields that are not described', () => {
    const value = { id: 1, title: null, more: { deep: [1] } }
    const result = build()(value)
    expect(result.ok && result.value).toBe(value)
  })

  it.each([
    [{ value: 'secret' }, 'value: invalid_type, expected number'],
    [{ labels: [1, 'x'] }, 'labels.1: invalid_type, expected number'],
    [{ price: { amount: 1 } }, 'price.currency: invalid_type, expected string'],
    [{ price: 'secret' }, 'price: invalid_type, expected object'],
    [{ id: true }, 'id: invalid_union'],
    [[], 'the body: invalid_type, expected object'],
    [null, 'the body: invalid_type, expected object'],
    [{ labels: Array(200_000).fill('secret') }, 'labels.0: invalid_type, expected number'],
  ])('names the first thing wrong and never the value: %#', (value, message) => {
    expect(build()(value)).toEqual({ ok: false, message })
    expect(interpreted(build)(value)).toEqual({ ok: false, message })
  })

  it('gives the same verdict compiled and interpreted', () => {
    const compiled = build()
    const slow = interpreted(build)
    const item = fc.oneof(fc.jsonValue(), fc.string(), fc.integer(), fc.constant(null), fc.array(fc.integer()))
    const value = fc.oneof(
      fc.jsonValue(),
      fc.record({ id: item, title: item, value: item, labels: item, price: item, other: item }, { requiredKeys: [] }),
    )
    fc.assert(
      fc.property(value, input => {
        expect(compiled(input)).toEqual(slow(input))
      }),
    )
  })

  it('cuts names of any length', () => {
    const check = lazySchema(() => z.record(z.string(), z.number()))
    const result = check({ ['k'.repeat(100_000)]: 'x' })
    expect(result.ok || result.message.length).toBeLessThan(300)
  })
})
