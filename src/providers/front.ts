import { singleHeader } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { jsonAnswer } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link front}. */
export interface FrontOptions {
  /** The app's signing key (Settings → Developers → your app → Basic information). */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/** The body of an application webhook. */
export interface FrontNotification {
  readonly type: string
  readonly authorization?: { readonly id: string }
  readonly payload?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * Front application webhooks. (Rule webhooks are signed in another way and not covered.)
 *
 * Proved by HMAC-SHA256 (base64) over time (milliseconds) and body. The id is that of the event (`payload.id`), the
 * type the body's `type`. When the webhook is saved, Front sends a signed request with `X-Front-Challenge`, which is
 * answered with the challenge.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = front({ secret: process.env.FRONT_SIGNING_KEY })
 * @see Front developer documentation, "Application webhooks".
 */
export function front(options: FrontOptions): Provider<Readonly<Record<string, FrontNotification>>> {
  const { secret, toleranceSeconds = 300 } = optionsOf('front', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'front',
    verifier: hmacSignature({
      secret,
      signature: { header: 'x-front-signature' },
      encoding: 'base64',
      message: '{timestamp}:{body}',
      timestamp: { from: { header: 'x-front-request-timestamp' }, unit: 'ms', toleranceSeconds },
    }),
    challenge({ headers }) {
      const challenge = singleHeader(headers, 'x-front-challenge')
      if (challenge === undefined) return undefined
      return jsonAnswer({ challenge })
    },
    id: firstOf(path('payload.id'), path('id')),
    type: path('type'),
    recordId: firstOf(path('payload.conversation.id'), path('conversation.id')),
    time: firstOf(path('payload.emitted_at'), path('emitted_at')),
  })
}
