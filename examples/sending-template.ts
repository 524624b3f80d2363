// A body of the receiver's own making, without code: npx tsx examples/sending-template.ts
import { createAddressGuard, createSender, WebhookError } from 'crm-webhooks'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import { textOf } from './support/local-server.ts'

const clock = manualClock(Date.UTC(2026, 0, 5, 9))
const transport = scriptedTransport([201], clock)
const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })
const sender = createSender({ transport, guard, clock })

const input = { name: 'ERP', url: 'https://erp.example.com/import', events: ['lead.created'] }
await sender.endpoints.create({
  ...input,
  template: {
    customer: { name: '{{first_name}} {{last_name|default:(unknown)}}', score: '{{score|json}}' },
    tags: '{{tags|json}}',
    source: 'crm:{{event.type}}',
    at: '{{event.timestamp}}',
  },
})

// Values never change the structure: quotes and braces in them are text.
await sender.publish('lead.created', { first_name: 'Zoë "Z" {{x}}', score: 87, tags: ['new'] })
await sender.drain()
for (const request of transport.requests) console.log(textOf(request))

// A template with a mistake is refused when it is saved.
try {
  await sender.endpoints.create({ ...input, template: '{"name": {{first_name}}}' })
} catch (error) {
  if (error instanceof WebhookError) console.log(error.message)
}

// Prints:
// {"customer":{"name":"Zoë \"Z\" {{x}} (unknown)","score":87},"tags":["new"],"source":"crm:lead.created","at":"2026-01-05T09:00:00.000Z"}
// endpoint: template line 1, column 11: expected a key in double quotes. Is it a placeholder outside a string? Put it in quotes; "{{path|json}}" keeps the type of the value
