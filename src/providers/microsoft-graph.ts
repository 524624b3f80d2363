import { utf8 } from '../bytes/encoding.ts'
import { isJsonObject, parseJson } from '../bytes/json.ts'
import { type SecretMatcher, secretMatcher } from '../credentials/matches-secret.ts'
import { WebhookError } from '../errors.ts'
import { urlQuery, type WebhookRequest, type WebhookResponse } from '../model/http.ts'
import { isTaken } from '../model/receive-result.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { refuse, type Verifier } from '../model/verification.ts'
import { canonicalType, describeProvider, firstOf, join, type LookupInput, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer, textAnswer } from './shared/answers.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'
import { singleParameter } from './shared/query.ts'

/** Options of {@link microsoftGraph}. */
export interface MicrosoftGraphOptions {
  /** The `clientState` that subscriptions are created with, at most 128 characters; several during a change. */
  readonly clientState: SecretInput
}

/**
 * Microsoft Graph change notifications: mail, calendar, contacts, Teams, files.
 *
 * Proved only by `clientState`, which every notification of a request must hold: it is no signature, so use HTTPS and
 * make it long and random. The validation of a new subscription is answered. A request is split into its `value`;
 * the answer is 202. Encrypted resource data is handed on as it is.
 *
 * Types are resource and change (`#Microsoft.Graph.Message` + `updated` → `message.updated`), and
 * `subscription.reauthorization_required`, `subscription.removed`, `subscription.missed` for life-cycle notifications.
 * `id` is the notification's id where there is one, else subscription, change, resource and ETag. Without an ETag, as
 * with files, two changes of a record look the same, and none is taken for a repetition of another: handlers have to be
 * ready for one too many. So it is when Graph says once more that it `missed` something.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = microsoftGraph({ clientState: process.env.GRAPH_CLIENT_STATE })
 * receiver.on('message.created', ({ recordId }) => fetchMail(recordId))
 * @see Microsoft Learn, "Receive change notifications through webhooks".
 */
export function microsoftGraph(options: MicrosoftGraphOptions): Provider<OpenEvents> {
  const { clientState } = optionsOf('microsoft-graph', options, ['clientState'])
  for (const secret of requireSecrets('clientState', clientState)) {
    if (secret.length <= 128) continue
    throw new WebhookError('invalid_secret', 'clientState is longer than 128 characters', { argument: 'clientState' })
  }
  return describeProvider<OpenEvents>({
    name: 'microsoft-graph',
    verifier: clientStateVerifier(secretMatcher('clientState', clientState)),
    unsignedChallenge: answerValidation,
    split: body => {
      const value = valueAt(body, 'value')
      return Array.isArray(value) ? (value as readonly unknown[]) : undefined
    },
    id: firstOf(
      path('id'),
      join(':', path('subscriptionId'), path('changeType'), path('resource'), resourceTag),
      join(':', path('subscriptionId'), lifecycleStep, path('subscriptionExpirationDateTime')),
    ),
    idSource: 'composite',
    deduplicate: ({ idSource }) => idSource !== 'digest',
    type: nativeType,
    canonical,
    recordId: firstOf(path('resourceData.id'), path('subscriptionId')),
    respond: ({ outcome }) => (isTaken(outcome) ? emptyAnswer(202) : undefined),
  })
}

function clientStateVerifier(expected: SecretMatcher): Verifier {
  return {
    confidential: { bodyPaths: ['value.*.clientState'] },
    verify({ body }) {
      const json = parseJson(body)
      const value = json.ok ? valueAt(json.value, 'value') : undefined
      if (!Array.isArray(value)) return refuse('malformed_body', 'the body is not a list of notifications')
      if (value.length === 0) return refuse('missing_credential', 'the list is empty, so it proves nothing')
      let matching = 0
      for (const item of value as readonly unknown[]) {
        const state = valueAt(item, 'clientState')
        if (typeof state === 'string' && expected.matches(state)) matching++
      }
      if (matching === value.length) return { ok: true }
      return refuse('credential_mismatch', 'not every notification has the clientState of the subscription')
    },
    authenticate(request) {
      const json = parseJson(request.body)
      const value = json.ok ? valueAt(json.value, 'value') : undefined
      if (!json.ok || !isJsonObject(json.value) || !Array.isArray(value)) return request
      const proved = (value as readonly unknown[]).map(item =>
        isJsonObject(item) ? { ...item, clientState: expected.first } : item,
      )
      return { ...request, body: utf8(JSON.stringify({ ...json.value, value: proved })) }
    },
  }
}

/** The token is text that Graph wants back decoded; whoever sends it learns nothing but what he sent. */
function answerValidation({ method, url, body }: WebhookRequest): WebhookResponse | undefined {
  if (method !== 'POST' || body.length > 0) return undefined
  const token = singleParameter(urlQuery(url), 'validationToken')
  return token !== undefined && /^[\x20-\x7e]{1,4096}$/.test(token) ? textAnswer(token) : undefined
}

/** The name of an annotation holds a full stop, so a path cannot reach it. */
function annotation(input: LookupInput, name: string): string | undefined {
  const resource = valueAt(input.item, 'resourceData')
  const value = isJsonObject(resource) && Object.hasOwn(resource, name) ? resource[name] : undefined
  return typeof value === 'string' ? value : undefined
}

function resourceTag(input: LookupInput): string | undefined {
  return annotation(input, '@odata.etag')
}

/** What happens once before a subscription expires; notifications can be missed again and again. */
function lifecycleStep(input: LookupInput): string | undefined {
  const name = path('lifecycleEvent')(input)
  return name === 'missed' ? undefined : name
}

function nativeType(input: LookupInput): string | undefined {
  const lifecycle = path('lifecycleEvent')(input)
  if (lifecycle !== undefined) return `lifecycle:${lifecycle}`
  const change = path('changeType')(input)
  return change === undefined ? undefined : `${annotation(input, '@odata.type') ?? 'resource'}:${change}`
}

function canonical(native: string): string {
  const [kind = '', change = ''] = native.split(':', 2)
  if (kind !== 'lifecycle') return `${canonicalType(kind.slice(kind.lastIndexOf('.') + 1))}.${canonicalType(change)}`
  return `subscription.${canonicalType(change).replace(/^subscription_/, '')}`
}
