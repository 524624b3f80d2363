import { sharedSecret } from '../credentials/shared-secret.ts'
import { WebhookError } from '../errors.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { describeProvider, type LookupInput, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'
import { telegramTypes } from './telegram/types.ts'

/** Options of {@link telegram}. */
export interface TelegramOptions {
  /** The `secret_token` that was given to `setWebhook`: 1 to 256 of `A-Z a-z 0-9 _ -`. */
  readonly secretToken: SecretInput
}

/** The object that the update holds under its key. */
export type TelegramObject = Readonly<Record<string, unknown>>

/** Events of Telegram; kinds of updates that are newer than this list arrive as unknown events. */
export type TelegramEvents = { readonly [Type in (typeof telegramTypes)[keyof typeof telegramTypes]]: TelegramObject }

/**
 * Telegram bots.
 *
 * Proved only by the header `X-Telegram-Bot-Api-Secret-Token`: it is no signature, so use HTTPS. `id` is `update_id`.
 * The type is the key that the update holds beside it (`message` → `message.received`, `edited_message` →
 * `message.edited`, `callback_query` → `callback_query.received`), and `data` is the object under that key. A handler
 * may answer with one call of the Bot API: `reply({ method: 'sendMessage', … })`.
 *
 * @throws {WebhookError} `invalid_secret` for a missing token, or one that Telegram does not allow.
 * @example
 * const provider = telegram({ secretToken: process.env.TELEGRAM_SECRET_TOKEN })
 * receiver.on('message.received', ({ data }) => crm.addMessage(data['chat'], data['text']))
 * @see Telegram Bot API, "setWebhook" and "Update".
 */
export function telegram(options: TelegramOptions): Provider<TelegramEvents> {
  const { secretToken } = optionsOf('telegram', options, ['secretToken'])
  for (const token of requireSecrets('secretToken', secretToken)) {
    if (typeof token === 'string' && /^[A-Za-z0-9_-]{1,256}$/.test(token)) continue
    throw new WebhookError('invalid_secret', 'secretToken must be 1 to 256 characters of A-Z a-z 0-9 _ -', {
      argument: 'secretToken',
    })
  }
  return describeProvider<TelegramEvents>({
    name: 'telegram',
    verifier: sharedSecret({ header: 'x-telegram-bot-api-secret-token', secret: secretToken }),
    id: path('update_id'),
    type: updateKey,
    types: telegramTypes,
    canonical: native => `${native}.received`,
    recordId: objectId,
    time: ({ item }) => {
      const date = valueAt(item, `${updateKey({ item }) ?? ''}.date`)
      return typeof date === 'number' ? String(date) : undefined
    },
    data: item => valueAt(item, updateKey({ item }) ?? ''),
  })
}

function objectId(input: Pick<LookupInput, 'item'>): string | undefined {
  const object = valueAt(input.item, updateKey(input) ?? '')
  for (const key of ['message_id', 'id', 'poll_id']) {
    const id = valueAt(object, key)
    if (typeof id === 'number' || typeof id === 'string') return String(id)
  }
  return undefined
}

/** An update holds its id and at most one other thing. */
function updateKey({ item }: Pick<LookupInput, 'item'>): string | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined
  const keys = Object.keys(item).filter(key => key !== 'update_id')
  return keys.find(key => Object.hasOwn(telegramTypes, key)) ?? keys.find(key => /^[a-z_]{1,64}$/.test(key))
}
