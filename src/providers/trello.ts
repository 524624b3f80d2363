import { WebhookError } from '../errors.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, firstOf, pastTense, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link trello}. */
export interface TrelloOptions {
  /** The application secret of the API key that made the webhook (the OAuth secret). */
  readonly secret: SecretInput
  /** The webhook's `callbackURL`, exactly as it was registered: Trello signs it. */
  readonly url: string
}

/** The body of a Trello webhook. */
export interface TrelloNotification {
  readonly action: {
    readonly id: string
    readonly type: string
    /** ISO 8601. */
    readonly date?: string
    readonly data?: Readonly<Record<string, unknown>>
    readonly memberCreator?: Readonly<Record<string, unknown>>
    readonly [field: string]: unknown
  }
  readonly model?: Readonly<Record<string, unknown>>
  readonly webhook?: Readonly<Record<string, unknown>>
}

/**
 * Trello.
 *
 * Proved by HMAC-SHA1 (base64) over body and callback URL, without a time. The id is `action.id`. Trello asks with
 * HEAD whether the callback exists before it makes a webhook; that is answered 200. `updateCard` becomes
 * `card.updated`; types of another form stay words: `addMemberToCard` → `add_member_to_card`.
 *
 * @throws {WebhookError} `invalid_secret`; `invalid_option` when the URL is missing.
 * @example const provider = trello({ secret: process.env.TRELLO_SECRET, url: 'https://example.com/webhooks/trello' })
 * @see Atlassian developer documentation, "Trello webhooks" and "Action types".
 */
export function trello(options: TrelloOptions): Provider<Readonly<Record<string, TrelloNotification>>> {
  const { secret, url } = optionsOf('trello', options, ['secret', 'url'])
  if (typeof url !== 'string' || url === '') {
    throw new WebhookError('invalid_option', 'trello: url is missing: it is part of what Trello signs', {
      argument: 'url',
    })
  }
  return describeProvider({
    name: 'trello',
    verifier: hmacSignature({
      secret,
      algorithm: 'sha1',
      signature: { header: 'x-trello-webhook' },
      encoding: 'base64',
      message: '{body}{url}',
      url,
    }),
    unsignedChallenge: ({ method }) => (method === 'HEAD' ? emptyAnswer(200) : undefined),
    id: path('action.id'),
    type: path('action.type'),
    canonical,
    recordId: firstOf(
      path('action.data.card.id'),
      path('action.data.list.id'),
      path('action.data.board.id'),
      path('model.id'),
    ),
    time: path('action.date'),
  })
}

/** Verb first at Trello; the other way round here, where the verb is a plain one. */
function canonical(nativeType: string): string {
  const parts = /^(create|update|delete)([A-Z][A-Za-z]*)$/.exec(nativeType)
  return parts === null ? canonicalType(nativeType) : pastTense(`${canonicalType(parts[2] ?? '')}.${parts[1]}`)
}
