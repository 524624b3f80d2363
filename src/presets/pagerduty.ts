import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput, type PresetResponse } from './preset.ts'
import { type ApiKeyAuth, AUTH_SECRETS, apiKeyAuth } from './shared/auth.ts'
import { caseFacts } from './shared/case-text.ts'
import { withFields } from './shared/fields.ts'
import { type Failure, judge } from './shared/judge.ts'
import { type CommonSettings, checkPresetOptions, type PresetOptions, TICKET_OPTIONS } from './shared/preset-options.ts'
import { priorityValue } from './shared/priority.ts'
import { jsonRequest } from './shared/request.ts'
import { bodyErrorText, errorText } from './shared/response-body.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, text } from './shared/settings.ts'
import { clip } from './shared/text.ts'
import { dropAbsent, isRecord, valueAt } from './shared/value-at.ts'

/** PagerDuty's closed list. */
export type PagerDutySeverity = 'critical' | 'error' | 'warning' | 'info'

/** Settings of an endpoint that raises PagerDuty alerts. */
export interface PagerDutySettings extends CommonSettings<PagerDutySeverity> {
  /** The integration key of a service (Events API v2). */
  readonly auth: ApiKeyAuth
  /** Service region. Default `us`. */
  readonly region?: 'us' | 'eu' | undefined
  /** What raised the alert. Default `crm`. */
  readonly source?: string | undefined
}

const SEVERITIES = { critical: 'critical', high: 'error', normal: 'warning', low: 'info', lowest: 'info' } as const

const checkSettings = settingsCheck<PagerDutySettings>(() =>
  z.strictObject({
    auth: apiKeyAuth(),
    region: z.optional(z.enum(['us', 'eu'])),
    source: z.optional(text(255)),
    priorities: z.optional(z.record(z.string(), z.enum(['critical', 'error', 'warning', 'info']))),
    fields: fieldTable(),
  }),
)

/**
 * Triggers a PagerDuty alert through the Events API v2. `dedup_key` is the case's reference, or else the delivery
 * id, so a retry makes no second alert. The integration key travels in the body, as the interface wants it; the
 * request says so in `confidential`. A priority that nobody knows becomes `warning`. `fields` go into the payload.
 *
 * Source: https://developer.pagerduty.com/docs/send-alert-event
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * pagerduty({ fields: { component: '{{category}}' } })
 * // settings: { auth: { type: 'apiKey', key: integrationKey } }
 */
export function pagerduty(options: PresetOptions<PagerDutySeverity> = {}): Preset<PagerDutySettings> {
  checkPresetOptions('pagerduty', options, TICKET_OPTIONS)
  return definePreset<PagerDutySettings>({
    name: options.name ?? 'pagerduty',
    documentationUrl: 'https://developer.pagerduty.com/docs/send-alert-event',
    secretSettings: AUTH_SECRETS,
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: `https://events.${settings.region === 'eu' ? 'eu.' : ''}pagerduty.com/v2/enqueue`,
        body: alert(input, settings, options),
        secretBodyPaths: ['routing_key'],
      }),
    outcome: response =>
      judge(response, { failure: refused, id: body => valueAt(body, 'dedup_key'), error: pagerdutyError }),
  })
}

function refused(body: unknown, response: PresetResponse): Failure | undefined {
  if (valueAt(body, 'status') === 'success') return undefined
  return { message: `HTTP ${response.status} without success: ${bodyErrorText(response.body)}`, retry: false }
}

function pagerdutyError(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined
  const errors: readonly unknown[] = Array.isArray(body.errors) ? body.errors : []
  return [body.message, ...errors]
    .filter(part => part !== undefined)
    .map(errorText)
    .join('; ')
}

function alert(input: PresetInput, settings: PagerDutySettings, options: PresetOptions<PagerDutySeverity>): object {
  const serviceCase = toServiceCase(input.event)
  const details = caseFacts(serviceCase, options.labels).map(({ label, value }) => [label, value] as const)
  const description = serviceCase.description === undefined ? undefined : clip(serviceCase.description, 64_000)
  const severity = priorityValue(serviceCase.priority, SEVERITIES, [settings.priorities, options.priorities])
  const payload = {
    summary: serviceCase.subject,
    source: settings.source ?? 'crm',
    severity: severity ?? 'warning',
    timestamp: input.event.timestamp,
    class: serviceCase.category,
    custom_details: { description, ...Object.fromEntries(details) },
  }
  const tables = [options.fields, settings.fields]
  return dropAbsent({
    routing_key: settings.auth.key,
    event_action: 'trigger',
    dedup_key: clip(serviceCase.reference ?? input.deliveryId, 255),
    payload: withFields(payload, input, { tables, limits: { summary: 1024, class: 255 } }),
    links:
      serviceCase.recordingUrl === undefined
        ? undefined
        : [{ href: serviceCase.recordingUrl, text: options.labels?.recording ?? 'Recording' }],
  })
}
