import { utf8 } from '../bytes/encoding.ts'
import { sha256Hex } from '../bytes/hash.ts'
import { isJsonObject } from '../bytes/json.ts'
import { WebhookError } from '../errors.ts'
import { headerValues, singleHeader, type WebhookRequest, type WebhookResponse } from '../model/http.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { type MaybePromise, refuse, type Verifier } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, join, type Lookup, pastTense, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { isPlainToken } from './shared/answers.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link asana}. At least one of them is needed. */
export interface AsanaOptions {
  /**
   * The secrets that Asana sent when the webhooks were created: one or several, or a function that finds those of the
   * webhook that a request is for, by its URL. A function that finds none answers `undefined` or an empty list.
   */
  readonly secret?: SecretInput | ((request: WebhookRequest) => MaybePromise<SecretInput | undefined>)
  /**
   * Called with the secret of a webhook that is being created, so that you store it; awaited before the answer. Nobody
   * signs this request: allow it only while your own call that creates the webhook is open, best with a random value in
   * its URL, and answer `false` to everything else. Default: such requests are refused.
   */
  readonly onHandshake?: (secret: string, request: WebhookRequest) => MaybePromise<boolean | void>
}

/**
 * Asana: tasks, projects, stories.
 *
 * Proved by HMAC-SHA256 (hex) over the body in `X-Hook-Signature`, without a time. Every webhook has a secret of its
 * own, which Asana sends in `X-Hook-Secret` while the webhook is being created and wants back at once. A request is
 * split into its `events`; heartbeats have none. There is no id: resource, time and the SHA-256 of the event are used.
 * Types are `resource.action`: `task.changed`, `story.added`.
 *
 * @throws {WebhookError} `invalid_secret`; `invalid_option` when neither option is given.
 * @example
 * const provider = asana({
 *   secret: request => secrets.find(new URL(request.url).searchParams.get('hook')),
 *   onHandshake: (secret, request) => secrets.save(new URL(request.url).searchParams.get('hook'), secret),
 * })
 * @see Asana developer documentation, "Webhooks".
 */
export function asana(options: AsanaOptions): Provider<OpenEvents> {
  const { secret, onHandshake } = optionsOf('asana', options, ['secret', 'onHandshake'])
  if (secret === undefined && onHandshake === undefined) {
    throw new WebhookError('invalid_option', 'asana: give secret, or onHandshake to get one', { argument: 'secret' })
  }
  return describeProvider<OpenEvents>({
    name: 'asana',
    verifier: typeof secret === 'function' ? lookedUp(secret) : secret === undefined ? noSecret : fixed(secret),
    ...(onHandshake && { unsignedChallenge: request => answerHandshake(request, onHandshake) }),
    split: body => {
      if (isJsonObject(body) && Object.keys(body).length === 0) return []
      const events = valueAt(body, 'events')
      return Array.isArray(events) ? (events as readonly unknown[]) : undefined
    },
    id: eventId,
    idSource: 'composite',
    type: join('.', path('resource.resource_type'), path('action')),
    canonical: native => pastTense(canonicalType(native)),
    recordId: path('resource.gid'),
    time: path('created_at'),
  })
}

const fixed = (secret: SecretInput): Verifier =>
  hmacSignature({ secret: requireSecrets('secret', secret), signature: { header: 'x-hook-signature' } })

const unknownHook = refuse('signature_mismatch', 'no secret is known for this webhook')
const noSecret: Verifier = { verify: () => unknownHook }

type FindSecret = (request: WebhookRequest) => MaybePromise<SecretInput | undefined>

function lookedUp(find: FindSecret): Verifier {
  const verifierFor = async (request: WebhookRequest): Promise<Verifier | undefined> => {
    const found = await find(request)
    return found === undefined || (Array.isArray(found) && found.length === 0) ? undefined : fixed(found)
  }
  return {
    async verify(request, context) {
      if (headerValues(request.headers, 'x-hook-signature').length === 0) {
        return refuse('missing_header', 'x-hook-signature is missing')
      }
      const verifier = await verifierFor(request)
      return verifier === undefined ? unknownHook : verifier.verify(request, context)
    },
    async authenticate(request, context) {
      const verifier = await verifierFor(request)
      return verifier?.authenticate?.(request, context) ?? request
    },
  }
}

async function answerHandshake(
  request: WebhookRequest,
  onHandshake: NonNullable<AsanaOptions['onHandshake']>,
): Promise<WebhookResponse | undefined> {
  const { method, headers } = request
  const secret = singleHeader(headers, 'x-hook-secret')
  const signed = headerValues(headers, 'x-hook-signature').length > 0
  if (method !== 'POST' || signed || !isPlainToken(secret, 256) || secret.length < 16) return undefined
  if ((await onHandshake(secret, request)) === false) return undefined
  return { status: 200, headers: { 'x-hook-secret': secret }, body: '' }
}

/** What changed is part of it: one resource can change in two ways in the same millisecond. */
const eventId: Lookup = input => {
  const digest = sha256Hex(utf8(JSON.stringify(input.item) ?? '')).slice(0, 32)
  const place = join(':', path('resource.gid'), path('created_at'))(input)
  return place === undefined ? undefined : `${place}:${digest}`
}
