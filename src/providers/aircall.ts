import { isJsonObject } from '../bytes/json.ts'
import { bodyToken } from '../credentials/body-token.ts'
import type { SecretInput } from '../model/secret.ts'
import { describeProvider, join, path } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link aircall}. */
export interface AircallOptions {
  /** The token that Aircall gave when the webhook was created; one for each webhook that shares this receiver. */
  readonly token: SecretInput
}

/**
 * Aircall: calls, contacts, messages, users, numbers.
 *
 * Proved only by a token inside the body: it is no signature, so keep the URL secret and use HTTPS. `id` is the
 * record's id with event and time (`data.id`, `event`, `timestamp`); types are Aircall's own (`call.ended`).
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = aircall({ token: process.env.AIRCALL_WEBHOOK_TOKEN })
 * receiver.on('call.ended', ({ recordId, data }) => crm.logCall(recordId, data['duration']))
 * @see Aircall developer documentation, "Webhooks".
 */
export function aircall(options: AircallOptions): Provider<OpenEvents> {
  const { token } = optionsOf('aircall', options, ['token'])
  return describeProvider<OpenEvents>({
    name: 'aircall',
    verifier: bodyToken({ path: 'token', token }),
    id: join(':', path('data.id'), path('event'), path('timestamp')),
    idSource: 'composite',
    type: path('event'),
    recordId: path('data.id'),
    time: path('timestamp'),
    data: item => (isJsonObject(item) ? item.data : undefined),
  })
}
