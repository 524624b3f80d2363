import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { bodyText, endpoint, rig } from './support.ts'

describe('a schema that changes what it reads', () => {
  const events = {
    'lead.created': z.object({
      id: z.number(),
      at: z.iso.datetime().transform(text => new Date(text)),
      source: z.string().default('web'),
    }),
  }

  it('is given what it reads, by the compiler too, and what it makes is sent', async () => {
    const { sender, transport } = rig([200], { events })
    await sender.endpoints.create(endpoint())
    expectTypeOf(sender.publish<'lead.created'>)
      .parameter(1)
      .toEqualTypeOf<{ id: number; at: string; source?: string | undefined }>()
    await sender.publish('lead.created', { id: 7, at: '2026-01-05T10:00:00Z' })
    await sender.drain()
    const { data } = JSON.parse(bodyText(transport.requests[0])) as { data: unknown }
    expect(data).toEqual({ id: 7, at: '2026-01-05T10:00:00.000Z', source: 'web' })
  })

  it('refuses what it makes, as the compiler does', async () => {
    const { sender } = rig([200], { events })
    // @ts-expect-error the schema reads a text
    const made = sender.publish('lead.created', { id: 7, at: new Date(), source: 'web' })
    await expect(made).rejects.toThrow(expect.objectContaining({ code: 'invalid_event', argument: 'data' }))
  })
})
