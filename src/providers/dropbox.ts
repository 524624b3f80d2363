import { urlQuery, type WebhookRequest, type WebhookResponse } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { isPlainToken, textAnswer } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'
import { singleParameter } from './shared/query.ts'

/** Options of {@link dropbox}. */
export interface DropboxOptions {
  /** The app secret (App Console). */
  readonly appSecret: SecretInput
}

/** An account in which something changed; ask `/files/list_folder/continue` with your cursor what it was. */
export interface DropboxNotification {
  readonly accountId: string
}

/** Events of Dropbox. */
export type DropboxEvents = { readonly 'files.changed': DropboxNotification }

/**
 * Dropbox: tells in which accounts files changed, and nothing else.
 *
 * Proved by HMAC-SHA256 (hex) over the body in `X-Dropbox-Signature`, without a time. The GET challenge is answered. A
 * request is split by account. Two changes of an account look the same, so no notification is taken for a repetition
 * of another: handlers have to be ready for one too many.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = dropbox({ appSecret: process.env.DROPBOX_APP_SECRET })
 * receiver.on('files.changed', ({ data }) => sync(data.accountId))
 * @see Dropbox developer documentation, "Webhooks".
 */
export function dropbox(options: DropboxOptions): Provider<DropboxEvents> {
  const { appSecret } = optionsOf('dropbox', options, ['appSecret'])
  return describeProvider<DropboxEvents>({
    name: 'dropbox',
    verifier: hmacSignature({ secret: appSecret, signature: { header: 'x-dropbox-signature' } }),
    timeoutSeconds: 9,
    unsignedChallenge: answerChallenge,
    split: accounts,
    type: () => 'list_folder',
    types: { list_folder: 'files.changed' },
    recordId: path('accountId'),
    deduplicate: false,
  })
}

function accounts(body: unknown): readonly DropboxNotification[] | undefined {
  const ids = valueAt(body, 'list_folder.accounts')
  if (!Array.isArray(ids)) return undefined
  const texts = (ids as readonly unknown[]).filter(id => typeof id === 'string')
  return texts.length === ids.length ? texts.map(accountId => ({ accountId })) : undefined
}

function answerChallenge({ method, url }: WebhookRequest): WebhookResponse | undefined {
  if (method !== 'GET') return undefined
  const challenge = singleParameter(urlQuery(url), 'challenge')
  return isPlainToken(challenge) ? textAnswer(challenge) : undefined
}
