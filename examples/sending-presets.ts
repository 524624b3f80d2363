// A case becomes a message in Slack and an issue in Jira: npx tsx examples/sending-presets.ts
import { createAddressGuard, createSender } from 'crm-webhooks'
import { jira } from 'crm-webhooks/presets/jira'
import { slack } from 'crm-webhooks/presets/slack'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { reroute, serve, textOf } from './support/local-server.ts'

// Stands in for both: an incoming webhook of Slack answers `ok`, Jira answers with the key of the new issue.
const targets = await serve(request => {
  const body = JSON.parse(textOf(request)) as { text: string; fields: { summary: string; priority: object } }
  if (request.url.startsWith('/services/')) {
    console.log(`Slack shows: ${body.text}`)
    return { status: 200, body: 'ok' }
  }
  console.log(`Jira gets: ${body.fields.summary} ${JSON.stringify(body.fields.priority)}`)
  return { status: 201, body: '{"id":"10024","key":"SUPPORT-24"}' }
})
const guard = createAddressGuard({ lookup: async () => ['127.0.0.1'], allow: ['127.0.0.0/8'] })
const transport = nodeTransport({ guard })

const sender = createSender({
  guard,
  transport: reroute(transport, { 'hooks.slack.com': targets.origin, 'acme.atlassian.net': targets.origin }),
  presets: [slack(), jira({ priorities: { P0: 'Blocker' } })],
})
// The settings say where to; so there is no `url`.
await sender.endpoints.create({
  name: 'On-call channel',
  events: ['case.created'],
  preset: { name: 'slack', settings: { url: 'https://hooks.slack.com/services/T0/B0/secret' } },
})
const auth = { type: 'basic', username: 'bot@acme.com', password: 'an-api-token' }
const { endpoint } = await sender.endpoints.create({
  name: 'Service desk',
  events: ['case.created'],
  preset: { name: 'jira', settings: { site: 'acme', projectKey: 'SUPPORT', auth } },
})

await sender.publish('case.created', { subject: 'Printer on fire', priority: 'P0', customer_name: 'Ann' })
console.log(`${await sender.drain()} attempts`)
const { items } = await sender.deliveries.list({ endpointId: endpoint.id })
console.log(`The issue is ${items[0]?.externalId}`)

await transport.close?.()
await targets.close()

// Prints:
// Slack shows: Printer on fire
// Jira gets: Printer on fire {"name":"Blocker"}
// 2 attempts
// The issue is SUPPORT-24
