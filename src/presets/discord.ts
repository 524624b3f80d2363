import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import { caseFacts } from './shared/case-text.ts'
import type { ChatOptions, ChatSettings } from './shared/chat-options.ts'
import { withFields } from './shared/fields.ts'
import { judge } from './shared/judge.ts'
import { CHAT_OPTIONS, checkPresetOptions } from './shared/preset-options.ts'
import { jsonRequest } from './shared/request.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, url } from './shared/settings.ts'
import { clip, markdown } from './shared/text.ts'
import { valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that posts to Discord. */
export interface DiscordSettings extends ChatSettings {
  /** `https://discord.com/api/webhooks/{id}/{token}`. The URL is the credential. */
  readonly url: string
}

const HOSTS = ['discord.com', 'discordapp.com', 'ptb.discord.com', 'canary.discord.com']

const checkSettings = settingsCheck<DiscordSettings>(() => z.strictObject({ url: url(HOSTS), fields: fieldTable() }))

/**
 * Posts an embed to a Discord channel through a webhook. Nobody is mentioned, and Markdown in values stays text.
 * `fields` are members of the message: `{ content: 'New: {{subject}}' }`.
 *
 * Source: https://docs.discord.com/developers/resources/webhook#execute-webhook
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * discord()
 * // settings: { url: 'https://discord.com/api/webhooks/123/abc' }
 */
export function discord(options: ChatOptions = {}): Preset<DiscordSettings> {
  checkPresetOptions('discord', options, CHAT_OPTIONS)
  return definePreset<DiscordSettings>({
    name: options.name ?? 'discord',
    documentationUrl: 'https://docs.discord.com/developers/resources/webhook#execute-webhook',
    secretSettings: ['url'],
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        // Without `wait` the answer is an empty 204, before the message is stored.
        url: settings.url + (settings.url.includes('?') ? '&wait=true' : '?wait=true'),
        secretUrl: true,
        body: message(input, settings, options),
      }),
    outcome: response =>
      judge(response, { id: body => valueAt(body, 'id'), retryAfter: body => valueAt(body, 'retry_after') }),
  })
}

/** Title, description and fields of an embed may have 6000 characters together. */
const LIMITS = { title: 256, description: 3500, name: 50, value: 130 }

function message(input: PresetInput, settings: DiscordSettings, options: ChatOptions): object {
  const serviceCase = toServiceCase(input.event)
  const embed = {
    title: clip(serviceCase.subject, LIMITS.title, markdown),
    ...(serviceCase.description !== undefined && {
      description: clip(serviceCase.description, LIMITS.description, markdown),
    }),
    fields: caseFacts(serviceCase, options.labels).map(({ label, value }) => ({
      name: clip(label, LIMITS.name),
      value: clip(value, LIMITS.value, markdown),
      inline: value.length < 40,
    })),
  }
  const own = { embeds: [embed], allowed_mentions: { parse: [] } }
  return withFields(own, input, {
    tables: [options.fields, settings.fields],
    escaping: () => markdown,
    limits: { content: 2000 },
  })
}
