// Events that the compiler and the sender know: npx tsx examples/sending-typed-catalogue.ts
import { createAddressGuard, createSender, systemClock, WebhookError } from 'crm-webhooks'
import { scriptedTransport } from 'crm-webhooks/testing'
import { nodeLookup } from 'crm-webhooks/transports/node'
import * as z from 'zod'

const sender = createSender({
  transport: scriptedTransport([200], systemClock),
  guard: createAddressGuard({ lookup: nodeLookup() }),
  events: {
    'lead.created': z.object({ id: z.number(), email: z.email() }),
    'lead.deleted': z.object({ id: z.number() }),
  },
})

const refusal = async (call: () => Promise<unknown>): Promise<string> => {
  try {
    await call()
    return 'taken'
  } catch (error) {
    return error instanceof WebhookError ? `${error.code}: ${error.message}` : String(error)
  }
}

console.log(await refusal(() => sender.publish('lead.created', { id: 7, email: 'zoe@example.com' })))
// The compiler refuses the next two; the sender does, too, where the data comes from elsewhere.
// @ts-expect-error `email` is missing
console.log(await refusal(() => sender.publish('lead.created', { id: 7 })))
// @ts-expect-error no such event
console.log(await refusal(() => sender.publish('lead.create', { id: 7 })))
// A subscription that can match nothing is refused when it is saved.
const endpoint = { name: 'Billing', url: 'https://93.184.216.34/', events: ['leads.*'] }
console.log(await refusal(() => sender.endpoints.create(endpoint)))

// Prints:
// taken
// invalid_event: event: data does not fit 'lead.created': data.email: Invalid input: expected string, received undefined
// invalid_event: event: type 'lead.create' is not in the catalogue. Did you mean 'lead.created'?
// invalid_endpoint: endpoint: events[0] 'leads.*' matches no event of the catalogue
