import { isJsonObject } from '../bytes/json.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, join, type Lookup, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link vapi}. */
export interface VapiOptions {
  /** The secret of the HMAC credential that the server URL uses. */
  readonly secret: SecretInput
  /** The header that the credential was set up with. Default `x-vapi-signature`. */
  readonly signatureHeader?: string
}

/**
 * Vapi: voice agents.
 *
 * Proved by HMAC-SHA256 (hex) over the body, without a time. Vapi sends no event id: for the report at the end of a
 * call `id` is type and call id, for everything else the SHA-256 of the body. Questions (`assistant.requested`,
 * `tool_calls.requested`, …) are answered by the handler with `reply(…)`. `data` is the body's `message`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = vapi({ secret: process.env.VAPI_SECRET })
 * receiver.on('tool_calls.requested', ({ data }) => reply({ results: runTools(data['toolCallList']) }))
 * @see Vapi documentation, "Server events" and "Server authentication".
 */
export function vapi(options: VapiOptions): Provider<OpenEvents> {
  const { secret, signatureHeader = 'x-vapi-signature' } = optionsOf('vapi', options, ['secret', 'signatureHeader'])
  return describeProvider<OpenEvents>({
    name: 'vapi',
    verifier: hmacSignature({ secret, signature: { header: signatureHeader.toLowerCase() } }),
    id: callReport,
    idSource: 'composite',
    type: path('message.type'),
    canonical: native => TYPES.get(native) ?? canonicalType(native),
    recordId: path('message.call.id'),
    time: path('message.timestamp'),
    data: item => (isJsonObject(item) ? item.message : undefined),
    expectsReply: item => QUESTIONS.has(String(valueAt(item, 'message.type'))),
  })
}

const callReport: Lookup = input =>
  path('message.type')(input) === 'end-of-call-report'
    ? join(':', path('message.type'), path('message.call.id'))(input)
    : undefined

const QUESTIONS: ReadonlySet<string> = new Set([
  'assistant-request',
  'tool-calls',
  'transfer-destination-request',
  'knowledge-base-request',
])

const TYPES: ReadonlyMap<string, string> = new Map([
  ['assistant-request', 'assistant.requested'],
  ['tool-calls', 'tool_calls.requested'],
  ['transfer-destination-request', 'transfer_destination.requested'],
  ['knowledge-base-request', 'knowledge_base.requested'],
  ['end-of-call-report', 'call.ended'],
  ['status-update', 'call.status_updated'],
  ['transfer-update', 'transfer.updated'],
  ['conversation-update', 'conversation.updated'],
  ['speech-update', 'speech.updated'],
  ['transcript', 'transcript.updated'],
  ['user-interrupted', 'user.interrupted'],
  ['model-output', 'model.output'],
  ['hang', 'call.hung'],
])
