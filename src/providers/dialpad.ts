import { utf8 } from '../bytes/encoding.ts'
import type { SecretInput } from '../model/secret.ts'
import { jwtSignature } from '../signatures/jwt-signature.ts'
import { describeProvider, firstOf, join, type LookupInput, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { askAgain } from './shared/answers.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link dialpad}. */
export interface DialpadOptions {
  /** The secret that the webhook was created with. A webhook without one is not signed, and is refused. */
  readonly secret: SecretInput
}

/**
 * Dialpad: calls and SMS.
 *
 * The body is a compact JWT (HS256), so the signature covers all of it; `data` and `raw` are its claims. Types:
 * `call.<state>` (`call.ringing`, `call.connected`, `call.hangup`), `sms.received`, `sms.sent`. `id` is the call's id
 * with its state and the time of the event, or the SMS's id.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = dialpad({ secret: process.env.DIALPAD_WEBHOOK_SECRET })
 * receiver.on('call.hangup', ({ data }) => crm.logCall(data))
 * @see Dialpad developer documentation, "Webhooks" and "Call events".
 */
export function dialpad(options: DialpadOptions): Provider<OpenEvents> {
  const { secret } = optionsOf('dialpad', options, ['secret'])
  const token = jwtSignature({ secret, from: 'body' })
  const provider = describeProvider<OpenEvents>({
    name: 'dialpad',
    verifier: token,
    id: firstOf(
      join(':', path('call_id'), path('state'), path('event_timestamp')),
      join(':', path('call_id'), path('state')),
      join(':', path('id'), path('direction'), path('message_status')),
      join(':', path('id'), path('direction')),
    ),
    idSource: 'composite',
    type: nativeType,
    recordId: firstOf(path('call_id'), path('id')),
    time: firstOf(path('event_timestamp'), path('created_date')),
    respond: askAgain,
  })
  return {
    ...provider,
    parse(request) {
      const claims = token.claims(request)
      if (claims === undefined) return { ok: false, code: 'malformed_body', message: 'the body is not a token' }
      return provider.parse({ ...request, body: utf8(JSON.stringify(claims)) })
    },
  }
}

function nativeType(input: LookupInput): string | undefined {
  const state = path('state')(input)
  if (state !== undefined && path('call_id')(input) !== undefined) return `call.${state}`
  const direction = path('direction')(input)
  if (direction !== undefined) return direction === 'inbound' ? 'sms.received' : 'sms.sent'
  return undefined
}
