import { isJsonObject } from '../bytes/json.ts'
import { asymmetricSignature } from '../signatures/asymmetric-signature.ts'
import { describeProvider, firstOf, path } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link telnyx}. */
export interface TelnyxOptions {
  /** The account's public key in base64 (Mission Control portal, "Keys & Credentials"); several during a change. */
  readonly publicKey: string | readonly string[] | undefined
  /** How far the signed time may lie from now, in seconds. Default 300, as in Telnyx's SDK. */
  readonly toleranceSeconds?: number
}

/**
 * Telnyx: calls, messages, faxes, numbers (API v2).
 *
 * Proved by an ed25519 signature in `telnyx-signature-ed25519` (base64) over `timestamp|body`. `id` is `data.id`, the
 * same on every try, `attempt` is `meta.attempt`, types are Telnyx's own (`call.initiated`, `message.received`), and
 * `data` is the body's `data` with its `payload`.
 *
 * @throws {WebhookError} `invalid_secret` or `invalid_option` for a wrong key or tolerance.
 * @example
 * const provider = telnyx({ publicKey: process.env.TELNYX_PUBLIC_KEY })
 * receiver.on('call.hangup', ({ data }) => crm.logCall(data['payload']))
 * @see Telnyx developer documentation, "Webhook fundamentals".
 */
export function telnyx(options: TelnyxOptions): Provider<OpenEvents> {
  const { publicKey, toleranceSeconds = 300 } = optionsOf('telnyx', options, ['publicKey', 'toleranceSeconds'])
  return describeProvider<OpenEvents>({
    name: 'telnyx',
    verifier: asymmetricSignature({
      publicKey,
      algorithm: 'ed25519',
      keyFormat: 'raw',
      key: { decode: 'base64' },
      signature: { header: 'telnyx-signature-ed25519' },
      encoding: 'base64',
      timestamp: { from: { header: 'telnyx-timestamp' }, toleranceSeconds },
      message: '{timestamp}|{body}',
    }),
    id: path('data.id'),
    type: path('data.event_type'),
    recordId: firstOf(path('data.payload.call_leg_id'), path('data.payload.id')),
    time: path('data.occurred_at'),
    attempt: path('meta.attempt'),
    data: item => (isJsonObject(item) ? item.data : undefined),
  })
}
