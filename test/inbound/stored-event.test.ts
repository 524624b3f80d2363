import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEvent, encodeEvent } from '../../src/inbound/stored-event.ts'
import type { ReceivedEvent } from '../../src/model/event.ts'
import type { ProviderFixtures } from '../../src/testing/fixtures.ts'
import { signedRequest } from '../../src/testing/signed-request.ts'

const names = readdirSync(new URL('../../src/testing/fixtures/', import.meta.url))
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -3))

describe('a stored event', () => {
  it.each(names)('of %s comes back as it was', async name => {
    const { fixtures } = (await import(`../../src/testing/fixtures/${name}.ts`)) as { fixtures: ProviderFixtures }
    const provider = fixtures.create()
    let events = 0
    for (const sample of Object.keys(fixtures.requests)) {
      const parsed = provider.parse(await signedRequest(provider, sample, { now: Date.UTC(2026, 5, 1, 12) }))
      if (!parsed.ok) continue
      for (const event of parsed.events) {
        events++
        expect(decodeEvent(encodeEvent(event))).toEqual(event)
      }
    }
    expect(events).toBeGreaterThan(0)
  })

  it('keeps dates apart from texts that look like stored ones', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('~', '~~', '~date:', '~date:1', '~~date:1'))
    const value = fc.oneof(text, fc.date({ noInvalidDate: true }), fc.integer(), fc.boolean(), fc.constant(null))
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z~]{1,5}$/), fc.oneof(value, fc.array(value))), data => {
        expect((decodeEvent(encodeEvent({ data } as ReceivedEvent)) as { data: unknown }).data).toEqual({ ...data })
      }),
    )
  })
})
