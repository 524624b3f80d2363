import { sharedSecret } from '../credentials/shared-secret.ts'
import { singleHeader, type WebhookRequest, type WebhookResponse } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { bodyPath, describeProvider, firstOf, join, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { isPlainToken, jsonAnswer } from './shared/answers.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link okta}. */
export interface OktaOptions {
  /** The whole value of the `Authorization` header that the event hook was set up with. */
  readonly authorization: SecretInput
}

/**
 * Okta event hooks.
 *
 * Proved only by a text of yours in `Authorization`: it is no signature, so use HTTPS. The one-time verification is
 * answered. A request is split into `data.events`; `id` is the `uuid` of the event in the system log, types are Okta's
 * own (`user.lifecycle.create`). Okta waits 3 seconds and tries once more.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = okta({ authorization: process.env.OKTA_HOOK_AUTHORIZATION })
 * receiver.on('user.lifecycle.create', ({ recordId }) => crm.addUser(recordId))
 * @see Okta developer documentation, "Event hooks".
 */
export function okta(options: OktaOptions): Provider<OpenEvents> {
  const { authorization } = optionsOf('okta', options, ['authorization'])
  return describeProvider<OpenEvents>({
    name: 'okta',
    verifier: sharedSecret({ header: 'authorization', secret: authorization }),
    timeoutSeconds: 2.5,
    unsignedChallenge: answerVerification,
    split: body => {
      const events = valueAt(body, 'data.events')
      return Array.isArray(events) ? (events as readonly unknown[]) : undefined
    },
    id: firstOf(path('uuid'), join(':', bodyPath('eventId'), path('eventType'), path('published'))),
    type: path('eventType'),
    recordId: path('target.0.id'),
    time: path('published'),
  })
}

function answerVerification({ method, headers }: WebhookRequest): WebhookResponse | undefined {
  if (method !== 'GET') return undefined
  const verification = singleHeader(headers, 'x-okta-verification-challenge')
  return isPlainToken(verification) ? jsonAnswer({ verification }) : undefined
}
