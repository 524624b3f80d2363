import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput, type PresetResponse } from './preset.ts'
import { authorization, type BearerAuth, bearerAuth } from './shared/auth.ts'
import { caseFacts } from './shared/case-text.ts'
import { withFields } from './shared/fields.ts'
import { type Failure, judge } from './shared/judge.ts'
import { type CommonSettings, checkPresetOptions, type PresetOptions, TICKET_OPTIONS } from './shared/preset-options.ts'
import { priorityValue } from './shared/priority.ts'
import { jsonRequest } from './shared/request.ts'
import { bodyErrorText } from './shared/response-body.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, text, textTable, url } from './shared/settings.ts'
import { clip, mrkdwn } from './shared/text.ts'
import { isRecord, valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that posts to Slack: either `url`, or `channel` with `auth`. */
export interface SlackSettings extends CommonSettings {
  /** Incoming webhook: `https://hooks.slack.com/services/…`. The URL is the credential. */
  readonly url?: string | undefined
  /** Id or name of a channel, for `chat.postMessage`, whose answer gives an id that later edits and threads need. */
  readonly channel?: string | undefined
  /** Bot token (`xoxb-…`) for `channel`. */
  readonly auth?: BearerAuth | undefined
}

const HOSTS = ['hooks.slack.com', 'hooks.slack-gov.com']
const LIMITS = { text: 4000, header: 150, section: 3000, field: 2000, fields: 10 }
const SAME = { critical: 'critical', high: 'high', normal: 'normal', low: 'low', lowest: 'lowest' }

const checkSettings = settingsCheck<SlackSettings>(
  () =>
    z.strictObject({
      url: z.optional(url(HOSTS)),
      channel: z.optional(text(80)),
      auth: z.optional(bearerAuth()),
      priorities: textTable(),
      fields: fieldTable(),
    }),
  ({ url: webhook, channel, auth }) => {
    if (webhook !== undefined)
      return channel !== undefined || auth !== undefined ? 'url excludes channel and auth' : undefined
    if (channel === undefined) return 'url is missing (or channel, with a bot token)'
    return auth === undefined ? 'auth is missing: channel needs a bot token' : undefined
  },
)

/**
 * Posts a message to Slack, through an incoming webhook or `chat.postMessage`. Values cannot open links or mention
 * anybody. `priorities` are the words shown for a priority; `fields` are members of the message, their placeholders
 * escaped.
 *
 * Sources: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
 * https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/reference/block-kit/blocks
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * slack({ priorities: { critical: ':rotating_light: critical' } })
 * // settings: { url: 'https://hooks.slack.com/services/T0/B0/x' }
 */
export function slack(options: PresetOptions = {}): Preset<SlackSettings> {
  checkPresetOptions('slack', options, TICKET_OPTIONS)
  return definePreset<SlackSettings>({
    name: options.name ?? 'slack',
    documentationUrl: 'https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks',
    secretSettings: ['url', 'auth.token'],
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: settings.url ?? 'https://slack.com/api/chat.postMessage',
        secretUrl: settings.url !== undefined,
        secretHeaders: settings.auth === undefined ? {} : { authorization: authorization(settings.auth) },
        body: message(input, settings, options),
      }),
    outcome: (response, settings) =>
      judge(response, {
        failure: settings.url === undefined ? apiFailure : webhookFailure,
        id: body => valueAt(body, 'ts'),
        error: body => valueAt(body, 'error'),
      }),
  })
}

/** Codes of the API that another try can overcome; all others say that the request or the set-up is wrong. */
const TRANSIENT = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
])

function apiFailure(body: unknown, response: PresetResponse): Failure | undefined {
  if (valueAt(body, 'ok') === true) return undefined
  const code = valueAt(body, 'error')
  if (typeof code === 'string') return { message: `Slack: ${code}`, retry: TRANSIENT.has(code) }
  return { message: `HTTP ${response.status} without ok: ${bodyErrorText(response.body)}`, retry: false }
}

/** The text `ok`; webhooks of Slack workflows answer `{"ok":true}`. */
function webhookFailure(body: unknown, response: PresetResponse): Failure | undefined {
  if (response.body.trim() === 'ok' || (isRecord(body) && body.ok === true)) return undefined
  return { message: `HTTP ${response.status} without ok: ${bodyErrorText(response.body)}`, retry: false }
}

function message(input: PresetInput, settings: SlackSettings, options: PresetOptions): object {
  const given = toServiceCase(input.event)
  const priority = priorityValue(given.priority, SAME, [settings.priorities, options.priorities]) ?? given.priority
  const serviceCase = { ...given, ...(priority !== undefined && { priority }) }
  const facts = caseFacts(serviceCase, options.labels).slice(0, LIMITS.fields)
  const blocks: object[] = [
    { type: 'header', text: { type: 'plain_text', text: clip(serviceCase.subject, LIMITS.header), emoji: false } },
  ]
  if (serviceCase.description !== undefined) blocks.push({ type: 'section', text: section(serviceCase.description) })
  if (facts.length > 0) {
    const fields = facts.map(({ label, value }) => factField(label, value))
    blocks.push({ type: 'section', fields })
  }
  const own = { channel: settings.channel, text: clip(serviceCase.subject, LIMITS.text, mrkdwn), blocks }
  return withFields(own, input, { tables: [options.fields, settings.fields], escaping: () => mrkdwn })
}

function section(value: string): object {
  return { type: 'mrkdwn', text: clip(value, LIMITS.section, mrkdwn), verbatim: true }
}

function factField(label: string, value: string): object {
  const head = `*${clip(label, 100, mrkdwn)}:*\n`
  return { type: 'mrkdwn', text: head + clip(value, LIMITS.field - head.length, mrkdwn), verbatim: true }
}
