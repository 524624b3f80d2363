import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import { caseText } from './shared/case-text.ts'
import type { ChatOptions, ChatSettings } from './shared/chat-options.ts'
import { withFields } from './shared/fields.ts'
import { judge } from './shared/judge.ts'
import { CHAT_OPTIONS, checkPresetOptions } from './shared/preset-options.ts'
import { jsonRequest } from './shared/request.ts'
import { bodyErrorText } from './shared/response-body.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, url } from './shared/settings.ts'
import { clip, type Escape, markdown } from './shared/text.ts'

/** Settings of an endpoint that posts to Mattermost. */
export interface MattermostSettings extends ChatSettings {
  /** `https://chat.example.com/hooks/{key}`. The URL is the credential. */
  readonly url: string
}

const checkSettings = settingsCheck<MattermostSettings>(() => z.strictObject({ url: url(), fields: fieldTable() }))

const MAX_TEXT = 16_383

/**
 * Posts a message to a Mattermost channel through an incoming webhook. Markdown in values stays text, and an `@` in
 * them mentions nobody. `fields` are members of the message: `{ username: 'CRM' }`.
 *
 * Source: https://developers.mattermost.com/integrate/webhooks/incoming/
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * mattermost({ fields: { channel: 'support' } })
 * // settings: { url: 'https://chat.example.com/hooks/abc' }
 */
export function mattermost(options: ChatOptions = {}): Preset<MattermostSettings> {
  checkPresetOptions('mattermost', options, CHAT_OPTIONS)
  return definePreset<MattermostSettings>({
    name: options.name ?? 'mattermost',
    documentationUrl: 'https://developers.mattermost.com/integrate/webhooks/incoming/',
    secretSettings: ['url'],
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({ url: settings.url, secretUrl: true, body: message(input, settings, options) }),
    outcome: response =>
      judge(response, {
        failure: () =>
          response.body.trim() === 'ok'
            ? undefined
            : { message: `HTTP ${response.status} without ok: ${bodyErrorText(response.body)}`, retry: false },
      }),
  })
}

/** A zero-width space behind the sign, so that it stays readable and names nobody. */
const quiet: Escape = character => (character === '@' ? '@\u200b' : markdown(character))

function message(input: PresetInput, settings: MattermostSettings, options: ChatOptions): object {
  const serviceCase = toServiceCase(input.event)
  const heading = `**${clip(serviceCase.subject, 500, quiet)}**`
  const text = caseText(serviceCase, { labels: options.labels, limit: MAX_TEXT, escaping: quiet, heading })
  return withFields({ text }, input, { tables: [options.fields, settings.fields], escaping: () => quiet })
}
