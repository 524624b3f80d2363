import { sharedSecret } from '../credentials/shared-secret.ts'
import { singleHeader, type WebhookRequest, type WebhookResponse } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { describeProvider, firstOf, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { isPlainToken } from './shared/answers.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link ringcentral}. */
export interface RingcentralOptions {
  /** The `verificationToken` that the subscription was created with; RingCentral repeats it in every request. */
  readonly verificationToken: SecretInput
}

/**
 * RingCentral: notifications of a subscription.
 *
 * Proved only by a token in the header `Verification-Token`: it is no signature, so keep the URL secret and use HTTPS.
 * The `Validation-Token` of a registration is sent back. `id` is `uuid`. The type comes from the event filter, its
 * last words: `/restapi/v1.0/account/1/telephony/sessions` → `telephony_session.changed`,
 * `…/message-store` → `message_store.changed`, `…/instant?type=SMS` → `message.received`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = ringcentral({ verificationToken: process.env.RINGCENTRAL_VERIFICATION_TOKEN })
 * @see RingCentral developer guide, "Receiving webhooks".
 */
export function ringcentral(options: RingcentralOptions): Provider<OpenEvents> {
  const { verificationToken } = optionsOf('ringcentral', options, ['verificationToken'])
  return describeProvider<OpenEvents>({
    name: 'ringcentral',
    verifier: sharedSecret({ header: 'verification-token', secret: verificationToken }),
    id: path('uuid'),
    type: path('event'),
    canonical: fromFilter,
    recordId: firstOf(path('body.telephonySessionId'), path('body.id'), path('body.extensionId')),
    time: path('timestamp'),
    unsignedChallenge: echoValidation,
  })
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['instant', 'message.received'],
  ['message-store', 'message_store.changed'],
  ['sessions', 'telephony_session.changed'],
  ['presence', 'presence.changed'],
  ['voicemail', 'voicemail.received'],
  ['missed-calls', 'call.missed'],
  ['renew', 'subscription.expiring'],
])

/** The filter's path ends in what the event is about, perhaps with an id behind it. */
function fromFilter(filter: string): string {
  const [path = ''] = filter.slice(0, 1000).split('?', 1)
  const words = path.split('/').filter(word => /^[a-z][a-z-]*$/.test(word))
  const last = words.at(-1) ?? 'subscription'
  return TYPES.get(last) ?? `${last.replaceAll('-', '_')}.changed`
}

function echoValidation({ method, headers }: WebhookRequest): WebhookResponse | undefined {
  const token = singleHeader(headers, 'validation-token')
  if (method !== 'POST' || !isPlainToken(token, 256)) return undefined
  return { status: 200, headers: { 'validation-token': token }, body: '' }
}
