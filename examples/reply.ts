// Answering the sender, here how Retell shall take an inbound call: npx tsx examples/reply.ts
import { createReceiver, reply } from 'crm-webhooks'
import { inboundCallReply, retell } from 'crm-webhooks/providers/retell'
import { signedRequest } from 'crm-webhooks/testing'

const provider = retell({ apiKey: process.env.RETELL_API_KEY ?? 'change-me' })
const receiver = createReceiver({ provider })

const customers = new Map([['+15550100123', { name: 'Ada', agent: 'agent_vip' }]])

receiver.on('call.inbound', ({ data }) => {
  const customer = customers.get(data.from_number ?? '')
  // Without a customer: an empty answer, and the call is taken as it is configured at Retell.
  if (customer === undefined) return inboundCallReply()
  return inboundCallReply({ overrideAgentId: customer.agent, dynamicVariables: { name: customer.name } })
})

// A function of the agent. Any JSON can be the answer.
receiver.on('function.called', ({ data }) => {
  if (data.name !== 'open_hours') return reply({ error: `there is no function ${data.name}` })
  return reply({ open: '09:00', close: '17:00' })
})

const call = await signedRequest(provider, 'call.inbound')
console.log((await receiver.receive(call)).body)
// A sender that waits for an answer gets it again when it asks again: a repetition is not a duplicate here.
console.log((await receiver.receive(call)).body)

const question = { name: 'open_hours', args: { day: 'Monday' }, call: { call_id: 'call_1' } }
console.log((await receiver.receive(await signedRequest(provider, 'function.called', { body: question }))).body)

// Prints:
// {"call_inbound":{"override_agent_id":"agent_vip","dynamic_variables":{"name":"Ada"}}}
// {"call_inbound":{"override_agent_id":"agent_vip","dynamic_variables":{"name":"Ada"}}}
// {"open":"09:00","close":"17:00"}
