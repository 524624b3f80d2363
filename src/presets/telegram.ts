import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import { AUTH_SECRETS, type BearerAuth, bearerAuth } from './shared/auth.ts'
import { caseText } from './shared/case-text.ts'
import type { ChatOptions, ChatSettings } from './shared/chat-options.ts'
import { withFields } from './shared/fields.ts'
import { judge } from './shared/judge.ts'
import { CHAT_OPTIONS, checkPresetOptions } from './shared/preset-options.ts'
import { jsonRequest } from './shared/request.ts'
import { bodyErrorText } from './shared/response-body.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck } from './shared/settings.ts'
import { clip } from './shared/text.ts'
import { valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that posts to a Telegram chat. */
export interface TelegramSettings extends ChatSettings {
  /** The bot's token, `123456:ABC…`; Telegram wants it in the URL. */
  readonly auth: BearerAuth
  /** Number of the chat as text (`-1001234567890`), or a public channel (`@support`). */
  readonly chatId: string
}

const checkSettings = settingsCheck<TelegramSettings>(
  () =>
    z.strictObject({
      auth: bearerAuth(),
      chatId: z.string().check(z.regex(/^(?:-?\d{1,20}|@\w{3,64})$/, 'must be a number as text, or @channel')),
      fields: fieldTable(),
    }),
  ({ auth }) => (/^\d{1,20}:[\w-]{10,100}$/.test(auth.token) ? undefined : 'auth.token is no bot token (123456:ABC…)'),
)

const MAX_TEXT = 4096

/**
 * Sends a message to a Telegram chat. It is sent as plain text, in which nothing is markup; for that reason
 * `parse_mode` in `fields` is the only way to make any, and then escaping is yours. The URL holds the token; the
 * request says so in `confidential`.
 *
 * Source: https://core.telegram.org/bots/api#sendmessage
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * telegram({ fields: { disable_notification: true } })
 * // settings: { auth: { type: 'bearer', token }, chatId: '-1001234567890' }
 */
export function telegram(options: ChatOptions = {}): Preset<TelegramSettings> {
  checkPresetOptions('telegram', options, CHAT_OPTIONS)
  return definePreset<TelegramSettings>({
    name: options.name ?? 'telegram',
    documentationUrl: 'https://core.telegram.org/bots/api#sendmessage',
    secretSettings: AUTH_SECRETS,
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: `https://api.telegram.org/bot${settings.auth.token}/sendMessage`,
        secretUrl: true,
        body: message(input, settings, options),
      }),
    outcome: response =>
      judge(response, {
        failure: body =>
          valueAt(body, 'ok') === true
            ? undefined
            : { message: `HTTP ${response.status} without ok: ${bodyErrorText(response.body)}`, retry: false },
        id: body => valueAt(body, 'result.message_id'),
        error: body => valueAt(body, 'description'),
        retryAfter: body => valueAt(body, 'parameters.retry_after'),
      }),
  })
}

function message(input: PresetInput, settings: TelegramSettings, options: ChatOptions): object {
  const serviceCase = toServiceCase(input.event)
  const heading = clip(serviceCase.subject, 300)
  const own = {
    chat_id: settings.chatId.startsWith('@') ? settings.chatId : Number(settings.chatId),
    text: caseText(serviceCase, { labels: options.labels, limit: MAX_TEXT, heading }),
    link_preview_options: { is_disabled: true },
  }
  return withFields(own, input, { tables: [options.fields, settings.fields], limits: { text: MAX_TEXT } })
}
