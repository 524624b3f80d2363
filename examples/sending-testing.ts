// Tests of what you send, with Vitest, without a network and without waiting. Name it `leads.test.ts`.
import { createAddressGuard, createSender, type SenderOptions } from 'crm-webhooks'
import { manualClock, type ScriptedAnswer, scriptedTransport } from 'crm-webhooks/testing'
import { expect, it } from 'vitest'
import * as z from 'zod'

const catalogue = { 'lead.created': z.object({ id: z.number() }) }

// Your code: it takes the options that tests want to change.
function createLeads(options: Omit<SenderOptions<typeof catalogue>, 'events'>) {
  const sender = createSender({ ...options, events: catalogue })
  return { sender, add: (id: number) => sender.publish('lead.created', { id }, { idempotencyKey: `lead-${id}` }) }
}

/** A script of answers in place of the customer's server; a clock that moves when told. */
async function rig(answers: readonly ScriptedAnswer[]) {
  const clock = manualClock()
  const transport = scriptedTransport(answers, clock)
  const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })
  const leads = createLeads({ transport, guard, clock, random: () => 0 })
  await leads.sender.endpoints.create({ name: 'Customer', url: 'https://customer.example.com/', events: ['lead.*'] })
  leads.sender.start()
  return { ...leads, clock, transport }
}

it('tells the customer of a lead once', async () => {
  const { add, clock, transport } = await rig([200])
  await add(7)
  await add(7)
  await clock.advance(0)
  expect(transport.requests).toHaveLength(1)
  expect(JSON.parse(new TextDecoder().decode(transport.requests[0]?.body))).toMatchObject({ data: { id: 7 } })
})

it('goes on for three days when the customer is down, and then says so', async () => {
  const { add, sender, clock, transport } = await rig([503, 'hang', { error: 'connection_refused' }, 500])
  const reasons: string[] = []
  sender.lifecycle.on('delivery.exhausted', ({ reason }) => reasons.push(reason))
  await add(7)
  await clock.advance(4 * 86_400_000)
  expect(transport.requests).toHaveLength(10)
  expect(reasons).toEqual(['exhausted'])
})
