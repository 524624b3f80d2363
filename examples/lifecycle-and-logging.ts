// Seeing what a receiver does: npx tsx examples/lifecycle-and-logging.ts
import { createReceiver, type Logger } from 'crm-webhooks'
import { daktela } from 'crm-webhooks/providers/daktela'
import { signedRequest } from 'crm-webhooks/testing'

// A logger with these four methods, the message first: `console` and winston fit, for pino turn the two around.
// Fields hold no secrets and no bodies.
const print = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
  console.log(`log: ${message} (${String(fields.cause ?? fields.nativeType)})`)
}
const logger: Logger = { debug() {}, info: print, warn: print, error: print }

const provider = daktela({ secret: process.env.DAKTELA_SECRET ?? 'change-me' })
const receiver = createReceiver({ provider, logger })

// Counters for your metrics. A listener that throws disturbs nothing.
const counts: Record<string, number> = {}
const count = (name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1
}
receiver.lifecycle.on('handled', ({ event }) => count(`handled ${event.type}`))
receiver.lifecycle.on('duplicate', () => count('duplicate'))
receiver.lifecycle.on('failed', ({ event }) => count(`failed ${event.type}`))
// The cause of a refusal. The sender is never told more than 401.
receiver.lifecycle.on('rejected', ({ code }) => count(`rejected ${code}`))
// A type that the provider's documentation does not list: it reached the handlers of '*', if there are any.
receiver.lifecycle.on('unrouted', ({ event }) => count(`unrouted ${event.nativeType}`))

receiver.on('call.closed', () => {})
receiver.on('email.created', () => {
  throw new Error('the mailbox is full')
})

const stranger = daktela({ secret: 'a-guess' })
await receiver.receive(await signedRequest(provider, 'call.closed'))
await receiver.receive(await signedRequest(provider, 'call.closed'))
await receiver.receive(await signedRequest(provider, 'email.created'))
await receiver.receive(await signedRequest(provider, 'ticket.closed (not documented)'))
await receiver.receive(await signedRequest(stranger, 'call.closed'))
console.log(JSON.stringify(counts))
console.log(receiver.health().status)

// Prints:
// log: webhook handler failed (email_create)
// log: webhook event of an unknown type (ticket_close)
// log: webhook rejected (the credential is not the configured one)
// {"handled call.closed":1,"duplicate":1,"failed email.created":1,"unrouted ticket_close":1,"handled ticket.closed":1,"rejected credential_mismatch":1}
// ok
