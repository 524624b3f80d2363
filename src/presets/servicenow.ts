import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput, type PresetResponse } from './preset.ts'
import {
  type ApiKeyAuth,
  AUTH_SECRETS,
  apiKeyAuth,
  authorization,
  type BasicAuth,
  type BearerAuth,
  basicAuth,
  bearerAuth,
} from './shared/auth.ts'
import { caseText } from './shared/case-text.ts'
import { withFields } from './shared/fields.ts'
import { judge } from './shared/judge.ts'
import { type CommonSettings, checkPresetOptions, type PresetOptions, TICKET_OPTIONS } from './shared/preset-options.ts'
import { priorityValue, tableValue } from './shared/priority.ts'
import { jsonRequest } from './shared/request.ts'
import { bodyErrorText, isHtml } from './shared/response-body.ts'
import { toServiceCase } from './shared/service-case.ts'
import { baseUrl, fieldTable, settingsCheck, site, text } from './shared/settings.ts'
import { valueAt } from './shared/value-at.ts'

/** ServiceNow computes the priority from these two: 1 is high, 3 low. */
export interface ImpactAndUrgency {
  readonly impact: '1' | '2' | '3'
  readonly urgency: '1' | '2' | '3'
}

/** Settings of an endpoint that creates ServiceNow records. */
export interface ServiceNowSettings extends CommonSettings<ImpactAndUrgency> {
  /** `acme`, `acme.service-now.com`, or a base URL. */
  readonly instance: string
  /** An integration user, an OAuth token, or an API key (`x-sn-apikey`). */
  readonly auth: BasicAuth | BearerAuth | ApiKeyAuth
  /** Default `incident`. */
  readonly table?: string | undefined
  /** `sys_id` or name of the group. */
  readonly assignmentGroup?: string | undefined
}

const PRIORITIES: Readonly<Record<'critical' | 'high' | 'normal' | 'low' | 'lowest', ImpactAndUrgency>> = {
  critical: { impact: '1', urgency: '1' },
  high: { impact: '1', urgency: '2' },
  normal: { impact: '2', urgency: '2' },
  low: { impact: '3', urgency: '2' },
  lowest: { impact: '3', urgency: '3' },
}

const CONTACT_TYPES = {
  voice: 'phone',
  phone: 'phone',
  callback: 'phone',
  email: 'email',
  web: 'self-service',
  api: 'self-service',
  manual: 'walk-in',
  chat: 'virtual_agent',
}

const checkSettings = settingsCheck<ServiceNowSettings>(() => {
  const degree = () => z.enum(['1', '2', '3'])
  return z.strictObject({
    instance: site('.service-now.com', true),
    auth: z.discriminatedUnion('type', [basicAuth(), bearerAuth(), apiKeyAuth()]),
    table: z.optional(z.string().check(z.regex(/^[a-z0-9_]{1,80}$/, 'must be the name of a table, like incident'))),
    assignmentGroup: z.optional(text(160)),
    priorities: z.optional(z.record(z.string(), z.strictObject({ impact: degree(), urgency: degree() }))),
    fields: fieldTable(),
  })
})

/**
 * Creates an incident, or a record of another table, through the Table API.
 *
 * The priority is sent as impact and urgency, of which ServiceNow computes it. `correlation_id` holds the case's
 * reference, or the delivery id, so that a record made by an attempt that timed out can be found again.
 *
 * Source: https://www.servicenow.com/docs/bundle/zurich-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * servicenow()
 * // settings: { instance: 'acme', auth: { type: 'basic', username: 'webhook', password }, assignmentGroup: 'Service Desk' }
 */
export function servicenow(options: PresetOptions<ImpactAndUrgency> = {}): Preset<ServiceNowSettings> {
  checkPresetOptions('servicenow', options, TICKET_OPTIONS)
  return definePreset<ServiceNowSettings>({
    name: options.name ?? 'servicenow',
    documentationUrl:
      'https://www.servicenow.com/docs/bundle/zurich-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html',
    secretSettings: AUTH_SECRETS,
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: `${baseUrl(settings.instance, '.service-now.com')}/api/now/table/${tableOf(settings)}?sysparm_fields=sys_id,number`,
        secretHeaders: authHeaders(settings),
        body: recordFields(input, settings, options),
      }),
    outcome: (response, settings) =>
      judge(response, {
        failure: missingRecord,
        id: body => valueAt(body, 'result.number') ?? valueAt(body, 'result.sys_id'),
        url: body => {
          const id = valueAt(body, 'result.sys_id')
          if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) return undefined
          return `${baseUrl(settings.instance, '.service-now.com')}/${tableOf(settings)}.do?sys_id=${id}`
        },
        error: body => {
          const detail = valueAt(body, 'error.detail')
          const message = valueAt(body, 'error.message')
          return [message, detail].filter(part => typeof part === 'string' && part !== '').join(': ')
        },
      }),
  })
}

function tableOf({ table }: ServiceNowSettings): string {
  return table ?? 'incident'
}

function authHeaders({ auth }: ServiceNowSettings): Readonly<Record<string, string>> {
  return auth.type === 'apiKey' ? { 'x-sn-apikey': auth.key } : { authorization: authorization(auth) }
}

/** A developer instance that sleeps answers 200 with a page; it wakes up, so another try can help. */
function missingRecord(body: unknown, response: PresetResponse): { message: string; retry: boolean } | undefined {
  if (valueAt(body, 'result.sys_id') !== undefined) return undefined
  if (isHtml(response.body)) {
    return { message: `HTTP ${response.status}: ${bodyErrorText(response.body)}. Is the instance asleep?`, retry: true }
  }
  return { message: `HTTP ${response.status}: an answer without result.sys_id. Is the address right?`, retry: false }
}

function recordFields(
  input: PresetInput,
  settings: ServiceNowSettings,
  options: PresetOptions<ImpactAndUrgency>,
): object {
  const serviceCase = toServiceCase(input.event)
  const own = {
    short_description: serviceCase.subject,
    description: caseText(serviceCase, { labels: options.labels, limit: 4000 }),
    ...priorityValue(serviceCase.priority, PRIORITIES, [settings.priorities, options.priorities]),
    contact_type: tableValue(CONTACT_TYPES, serviceCase.contactType),
    assignment_group: settings.assignmentGroup,
    correlation_id: serviceCase.reference ?? input.deliveryId,
  }
  return withFields(own, input, {
    tables: [options.fields, settings.fields],
    limits: { short_description: 160, description: 4000, correlation_id: 100 },
  })
}
