import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import { caseText } from './shared/case-text.ts'
import type { ChatOptions, ChatSettings } from './shared/chat-options.ts'
import { withFields } from './shared/fields.ts'
import { judge } from './shared/judge.ts'
import { CHAT_OPTIONS, checkPresetOptions } from './shared/preset-options.ts'
import { jsonRequest } from './shared/request.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, url } from './shared/settings.ts'
import { clip, type Escape } from './shared/text.ts'
import { valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that posts to a Google Chat space. */
export interface GoogleChatSettings extends ChatSettings {
  /** `https://chat.googleapis.com/v1/spaces/{space}/messages?key=…&token=…`. The URL is the credential. */
  readonly url: string
}

const checkSettings = settingsCheck<GoogleChatSettings>(
  () => z.strictObject({ url: url(['chat.googleapis.com']), fields: fieldTable() }),
  ({ url: webhook }) =>
    webhook.includes('?') ? undefined : 'url must have its key and token behind the question mark',
)

const MAX_TEXT = 4096

/**
 * Posts a message to a Google Chat space through an incoming webhook. The delivery id is the `requestId`, with which
 * a retry gives back the first message instead of making a second one. Values cannot open links or mention anybody.
 *
 * Source: https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * googleChat({ fields: { thread: { threadKey: '{{case_id}}' } } })
 * // settings: { url: 'https://chat.googleapis.com/v1/spaces/AAA/messages?key=k&token=t' }
 */
export function googleChat(options: ChatOptions = {}): Preset<GoogleChatSettings> {
  checkPresetOptions('googleChat', options, CHAT_OPTIONS)
  return definePreset<GoogleChatSettings>({
    name: options.name ?? 'google-chat',
    documentationUrl: 'https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create',
    secretSettings: ['url'],
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: `${settings.url}&requestId=${encodeURIComponent(input.deliveryId)}`,
        secretUrl: true,
        body: message(input, settings, options),
      }),
    outcome: response =>
      judge(response, { id: body => valueAt(body, 'name'), error: body => valueAt(body, 'error.message') }),
  })
}

/** The format has no escapes; a zero-width space behind the bracket keeps `<users/all>` and `<url|label>` text. */
const quiet: Escape = character => (character === '<' ? '<\u200b' : character)

function message(input: PresetInput, settings: GoogleChatSettings, options: ChatOptions): object {
  const serviceCase = toServiceCase(input.event)
  const heading = clip(serviceCase.subject, 300, quiet)
  const text = caseText(serviceCase, { labels: options.labels, limit: MAX_TEXT, escaping: quiet, heading })
  return withFields({ text }, input, { tables: [options.fields, settings.fields], escaping: () => quiet })
}
