import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import { caseFacts } from './shared/case-text.ts'
import type { ChatOptions, ChatSettings } from './shared/chat-options.ts'
import { withFields } from './shared/fields.ts'
import { judge } from './shared/judge.ts'
import { CHAT_OPTIONS, checkPresetOptions } from './shared/preset-options.ts'
import { jsonRequest } from './shared/request.ts'
import { semanticError } from './shared/response-body.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, url } from './shared/settings.ts'
import { clip, type Escape, jsonBytes, markdown } from './shared/text.ts'
import { valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that posts to Microsoft Teams. */
export interface TeamsSettings extends ChatSettings {
  /** URL of a workflow with the trigger "When a Teams webhook request is received". Its `sig` is the credential. */
  readonly url: string
}

const checkSettings = settingsCheck<TeamsSettings>(
  () => z.strictObject({ url: url(), fields: fieldTable() }),
  ({ url: webhook }) => {
    if (!webhook.startsWith('https://')) return 'url must begin with https://'
    const retired = new URL(webhook).hostname.endsWith('.webhook.office.com')
    return retired
      ? 'url is an Office 365 connector; those were switched off in 2026: create a workflow instead'
      : undefined
  },
)

/** Of a message; about 28 KB are allowed, and the rest of the card takes its share. */
const MAX_DESCRIPTION_BYTES = 16_000
const MAX_FACT_BYTES = 600

/**
 * Posts an Adaptive Card to a Microsoft Teams channel or chat through a Power Automate workflow. Markdown in values
 * stays text. A 202 says that the flow took the message; whether it was posted shows only in the flow's run history.
 * `fields` are members of the card: `{ fallbackText: '{{subject}}' }`.
 *
 * Sources: https://support.microsoft.com/en-us/office/create-incoming-webhooks-with-workflows-for-microsoft-teams-8ae491c7-0394-4861-ba59-055e33f75498,
 * https://adaptivecards.io/explorer/AdaptiveCard.html
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * teams({ labels: { customer: 'Kunde' } })
 * // settings: { url: 'https://….environment.api.powerplatform.com/powerautomate/automations/direct/workflows/…' }
 */
export function teams(options: ChatOptions = {}): Preset<TeamsSettings> {
  checkPresetOptions('teams', options, CHAT_OPTIONS)
  return definePreset<TeamsSettings>({
    name: options.name ?? 'teams',
    documentationUrl:
      'https://support.microsoft.com/en-us/office/create-incoming-webhooks-with-workflows-for-microsoft-teams-8ae491c7-0394-4861-ba59-055e33f75498',
    secretSettings: ['url'],
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({ url: settings.url, secretUrl: true, body: message(input, settings, options) }),
    outcome: response =>
      judge(response, {
        failure: body => {
          const error = semanticError(body)
          return error && { message: `HTTP ${response.status} with an error: ${error.message}`, retry: false }
        },
        error: body => [valueAt(body, 'error.code'), valueAt(body, 'error.message')].filter(Boolean).join(': '),
      }),
  })
}

/** A single line break does not show. */
const cardText: Escape = character => (character === '\n' ? '\n\n' : markdown(character))

function message(input: PresetInput, settings: TeamsSettings, options: ChatOptions): object {
  const serviceCase = toServiceCase(input.event)
  const body: object[] = [
    { type: 'TextBlock', text: cut(serviceCase.subject, 1500), weight: 'Bolder', size: 'Medium', wrap: true },
  ]
  if (serviceCase.description !== undefined) {
    body.push({ type: 'TextBlock', text: cut(serviceCase.description, MAX_DESCRIPTION_BYTES), wrap: true })
  }
  const facts = caseFacts(serviceCase, options.labels).map(({ label, value }) => ({
    title: clip(label, 100),
    value: cut(value, MAX_FACT_BYTES),
  }))
  if (facts.length > 0) body.push({ type: 'FactSet', facts })
  const card = { type: 'AdaptiveCard', version: '1.4', body, msteams: { width: 'Full' } }
  const content = withFields(card, input, { tables: [options.fields, settings.fields], escaping: () => cardText })
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: { $schema: 'http://adaptivecards.io/schemas/adaptive-card.json', ...content },
      },
    ],
  }
}

function cut(text: string, maxBytes: number): string {
  return clip(text, maxBytes, cardText, jsonBytes)
}
