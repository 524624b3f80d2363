import { WebhookError } from '../errors.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { afterEntity, canonicalType, describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link surveymonkey}. */
export interface SurveymonkeyOptions {
  /** The app's client id. */
  readonly clientId: string | undefined
  /** The app's client secret, as text. */
  readonly secret: SecretInput
}

/** The body of a SurveyMonkey webhook. It names the response; the answers are fetched. */
export interface SurveymonkeyNotification {
  readonly event_id: string
  readonly event_type: string
  readonly object_type: string
  readonly object_id: string
  /** ISO 8601. */
  readonly event_datetime?: string
  readonly resources?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/**
 * SurveyMonkey.
 *
 * Proved by HMAC-SHA1 (base64) over the body, keyed with client id and client secret joined by `&`, without a time.
 * The id is `event_id`. SurveyMonkey asks with HEAD whether the address exists before it makes a webhook; that is
 * answered 200. `response_completed` becomes `response.completed`.
 *
 * @throws {WebhookError} `invalid_secret`; `invalid_option` when the client id is missing.
 * @example const provider = surveymonkey({ clientId: process.env.SM_CLIENT_ID, secret: process.env.SM_CLIENT_SECRET })
 * @see SurveyMonkey API documentation, "Webhook callbacks".
 */
export function surveymonkey(
  options: SurveymonkeyOptions,
): Provider<Readonly<Record<string, SurveymonkeyNotification>>> {
  const { clientId, secret } = optionsOf('surveymonkey', options, ['clientId', 'secret'])
  if (typeof clientId !== 'string' || clientId.trim() === '') {
    throw new WebhookError('invalid_option', 'surveymonkey: clientId is missing: it is part of the key', {
      argument: 'clientId',
    })
  }
  const secrets = requireSecrets('secret', secret).map(text => `${clientId}&${asText(text)}`)
  return describeProvider({
    name: 'surveymonkey',
    verifier: hmacSignature({
      secret: secrets,
      algorithm: 'sha1',
      signature: { header: 'sm-signature' },
      encoding: 'base64',
    }),
    unsignedChallenge: ({ method }) => (method === 'HEAD' ? emptyAnswer(200) : undefined),
    id: path('event_id'),
    type: path('event_type'),
    canonical: native => cutEntity(canonicalType(native)),
    recordId: path('object_id'),
    time: path('event_datetime'),
  })
}

const cutEntity = afterEntity(['response', 'collector', 'survey', 'app', 'participant'])

function asText(secret: string | Uint8Array): string {
  return typeof secret === 'string' ? secret : new TextDecoder().decode(secret)
}
