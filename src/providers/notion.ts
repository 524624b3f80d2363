import { parseJson } from '../bytes/json.ts'
import { WebhookError } from '../errors.ts'
import type { WebhookRequest, WebhookResponse } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { type MaybePromise, refuse, type Verifier } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link notion}: the secret, or the way to learn it. */
export interface NotionOptions {
  /** The verification token of the set-up request. Once it is given, set-up requests are refused. */
  readonly secret?: SecretInput
  /**
   * Told the token of Notion's set-up request, while there is no `secret`. The request is not signed, so anybody may
   * have sent it: show the token to the person who sets the webhook up, who pastes it into Notion, and use it as
   * `secret` only after Notion has accepted it. Never store it as the secret by program. May be called repeatedly.
   */
  readonly onVerificationToken?: (token: string) => MaybePromise<void>
}

/** The body of a Notion webhook. It names what changed; the content is fetched. */
export interface NotionNotification {
  readonly id: string
  readonly type: string
  /** ISO 8601. */
  readonly timestamp?: string
  readonly workspace_id?: string
  readonly subscription_id?: string
  readonly attempt_number?: number
  readonly entity: { readonly id: string; readonly type: string }
  readonly authors?: readonly { readonly id: string; readonly type: string }[]
  readonly data?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * Notion.
 *
 * Proved by HMAC-SHA256 over the body (`X-Notion-Signature: sha256=…`), without a time. The key is the token of the
 * first, unsigned POST: run once with `onVerificationToken`, then with `secret`. Without a secret every event is
 * refused; with one every set-up request is. The id is the body's `id`, the attempt `attempt_number`.
 *
 * @throws {WebhookError} `invalid_option` when neither option is given; `invalid_secret`.
 * @example
 * const provider = notion({ onVerificationToken: token => console.log('Paste into Notion:', token) }) // first run
 * const provider = notion({ secret: process.env.NOTION_VERIFICATION_TOKEN }) // from then on
 * @see Notion developer documentation, "Webhooks".
 */
export function notion(options: NotionOptions): Provider<Readonly<Record<string, NotionNotification>>> {
  const { secret, onVerificationToken } = optionsOf('notion', options, ['secret', 'onVerificationToken'])
  if (secret === undefined && typeof onVerificationToken !== 'function') {
    throw new WebhookError(
      'invalid_option',
      'notion: give secret, or onVerificationToken to learn it. Is the environment variable set?',
      { argument: 'secret' },
    )
  }
  return describeProvider({
    name: 'notion',
    verifier: secret === undefined ? NOT_SET_UP : hmacSignature({ secret, ...SHAPE }),
    ...(secret === undefined &&
      onVerificationToken && {
        unsignedChallenge: (request: WebhookRequest) => answerSetUp(request, onVerificationToken),
      }),
    id: path('id'),
    type: path('type'),
    recordId: path('entity.id'),
    time: path('timestamp'),
    attempt: path('attempt_number'),
  })
}

const SHAPE = { signature: { header: 'x-notion-signature', prefix: 'sha256=' } } as const

const NOT_SET_UP: Verifier = {
  verify: () => refuse('missing_credential', 'notion has no secret yet: only its set-up request is answered'),
}

/** Only what a token may look like is passed on, so that it is safe to show and to log. */
const TOKEN = /^[\w-]{16,200}$/
const MAX_SET_UP_BYTES = 1_024

async function answerSetUp(
  { method, body }: WebhookRequest,
  onVerificationToken: (token: string) => MaybePromise<void>,
): Promise<WebhookResponse | undefined> {
  if (method !== 'POST' || body.length > MAX_SET_UP_BYTES) return undefined
  const parsed = parseJson(body)
  const token = parsed.ok ? valueAt(parsed.value, 'verification_token') : undefined
  if (typeof token !== 'string' || !TOKEN.test(token)) return undefined
  await onVerificationToken(token)
  return emptyAnswer(200)
}
