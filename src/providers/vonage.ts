import type { SecretInput } from '../model/secret.ts'
import { jwtSignature } from '../signatures/jwt-signature.ts'
import { describeProvider, firstOf, join, type LookupInput, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { formOrJson } from './shared/form-request.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link vonage}. */
export interface VonageOptions {
  /** The signature secret of the account (API settings of the dashboard), not the API secret. */
  readonly secret: SecretInput
  /** How far the time that the token was issued may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/**
 * Vonage: voice and messages webhooks by POST, with signed webhooks switched on.
 *
 * Proved by a JWT in `Authorization: Bearer` (HS256) that holds the SHA-256 of the body.
 *
 * `id` is the message's or call's id with its status and time, so that a repeated report is known again. Types:
 * `message.received`, `message.<status>`, `call.<status>`, and `call.incoming` for the answer webhook, whose handler
 * answers with `reply([...])`, a call control object.
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example
 * const provider = vonage({ secret: process.env.VONAGE_SIGNATURE_SECRET })
 * receiver.on('call.incoming', () => reply([{ action: 'talk', text: 'Hello' }]))
 * @see Vonage developer documentation, "Decoding signed webhooks".
 */
export function vonage(options: VonageOptions): Provider<OpenEvents> {
  const { secret, toleranceSeconds = 300 } = optionsOf('vonage', options, ['secret', 'toleranceSeconds'])
  return describeProvider<OpenEvents>({
    name: 'vonage',
    verifier: jwtSignature({
      secret,
      from: { header: 'authorization', prefix: 'Bearer ' },
      maxAgeSeconds: toleranceSeconds,
      bodyHashClaim: 'payload_hash',
    }),
    format: formOrJson,
    id: firstOf(
      join(':', path('message_uuid'), path('status'), path('timestamp')),
      path('message_uuid'),
      join(':', path('uuid'), path('status'), path('timestamp')),
      path('messageId'),
    ),
    idSource: 'composite',
    type: nativeType,
    recordId: firstOf(path('message_uuid'), path('uuid'), path('messageId')),
    time: firstOf(path('timestamp'), path('message-timestamp')),
    expectsReply: item => isAnswerRequest(item),
  })
}

function nativeType(input: LookupInput): string | undefined {
  const status = path('status')(input)
  if (path('message_uuid')(input) !== undefined) return status === undefined ? 'message.received' : `message.${status}`
  if (path('messageId')(input) !== undefined) return status === undefined ? 'message.received' : `message.${status}`
  if (isAnswerRequest(input.item)) return 'call.incoming'
  if (path('uuid')(input) !== undefined || path('conversation_uuid')(input) !== undefined) {
    return `call.${status ?? path('type')(input) ?? 'event'}`
  }
  return undefined
}

/** The question what to do with a call: who calls whom, and nothing that happened yet. */
function isAnswerRequest(item: unknown): boolean {
  const has = (key: string): boolean => typeof valueAt(item, key) === 'string'
  return has('uuid') && has('conversation_uuid') && has('to') && !has('status') && !has('type')
}
