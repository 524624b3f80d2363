import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, join, type Lookup, path } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link webex}. */
export interface WebexOptions {
  /** The secret that the webhook was created with. */
  readonly secret: SecretInput
}

/**
 * Webex: messages, rooms, memberships, meetings, recordings.
 *
 * Proved by HMAC-SHA1 (hex) over the body in `X-Spark-Signature`, without a time. Types are `resource.event` with the
 * resource in the singular: `message.created`, `attachment_action.created`. The `id` in the body names the webhook, not
 * the event, so `id` is resource, event and `data.id` where that can happen only once, else the SHA-256 of the body.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = webex({ secret: process.env.WEBEX_WEBHOOK_SECRET })
 * receiver.on('message.created', ({ recordId }) => fetchMessage(recordId))
 * @see Webex for Developers, "Webhooks".
 */
export function webex(options: WebexOptions): Provider<OpenEvents> {
  const { secret } = optionsOf('webex', options, ['secret'])
  return describeProvider<OpenEvents>({
    name: 'webex',
    verifier: hmacSignature({ secret, algorithm: 'sha1', signature: { header: 'x-spark-signature' } }),
    id: onceOnly,
    idSource: 'composite',
    type: join('.', path('resource'), path('event')),
    canonical: native => canonicalType(native).replace(/^([a-z_]+?)s\./, '$1.'),
    recordId: path('data.id'),
  })
}

/**
 * A record is created and deleted once; it may be updated many times. The id of a membership is made of person and room,
 * so that who comes back into a room has the same one.
 */
const onceOnly: Lookup = input => {
  const event = path('event')(input)
  if ((event !== 'created' && event !== 'deleted') || path('resource')(input) === 'memberships') return undefined
  return join(':', path('resource'), path('event'), path('data.id'))(input)
}
