import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import { type ApiKeyAuth, AUTH_SECRETS, apiKeyAuth, authorization } from './shared/auth.ts'
import { caseText } from './shared/case-text.ts'
import { withFields } from './shared/fields.ts'
import { judge, requireId } from './shared/judge.ts'
import { type CommonSettings, checkPresetOptions, type PresetOptions, TICKET_OPTIONS } from './shared/preset-options.ts'
import { priorityValue, tableValue } from './shared/priority.ts'
import { jsonRequest } from './shared/request.ts'
import { errorText, idText } from './shared/response-body.ts'
import { type ServiceCase, toServiceCase } from './shared/service-case.ts'
import { baseUrl, fieldTable, settingsCheck, site } from './shared/settings.ts'
import { clip, html } from './shared/text.ts'
import { isRecord, valueAt } from './shared/value-at.ts'

/** 1 low, 2 medium, 3 high, 4 urgent. */
export type FreshdeskPriority = 1 | 2 | 3 | 4

/** Settings of an endpoint that creates Freshdesk tickets. */
export interface FreshdeskSettings extends CommonSettings<FreshdeskPriority> {
  /** `acme`, `acme.freshdesk.com`, or the base URL of a domain of your own. */
  readonly domain: string
  readonly auth: ApiKeyAuth
  /** Requester of cases that name neither an e-mail address nor a phone number; Freshdesk insists on one. */
  readonly requesterEmail: string
  /** 2 open, 3 pending, 4 resolved, 5 closed, or one of your own. Default 2. */
  readonly status?: number | undefined
  /** 1 e-mail, 2 portal, 3 phone, 7 chat, 9 feedback widget, 10 outbound e-mail. Default: by contact type, else 3. */
  readonly source?: number | undefined
}

const PRIORITIES = { critical: 4, high: 3, normal: 2, low: 1, lowest: 1 } as const
const SOURCES = { email: 1, web: 2, portal: 2, api: 2, voice: 3, phone: 3, callback: 3, chat: 7 }

const checkSettings = settingsCheck<FreshdeskSettings>(() =>
  z.strictObject({
    domain: site('.freshdesk.com', true),
    auth: apiKeyAuth(),
    requesterEmail: z.string().check(z.regex(/^[^\s@]{1,64}@[^\s@]{1,255}$/, 'must be an e-mail address')),
    status: z.optional(z.number().check(z.int(), z.minimum(2), z.maximum(9999))),
    source: z.optional(z.number().check(z.int(), z.minimum(1), z.maximum(9999))),
    priorities: z.optional(z.record(z.string(), z.literal([1, 2, 3, 4]))),
    fields: fieldTable(),
  }),
)

/**
 * Creates a Freshdesk ticket. The description is HTML, so everything in it is escaped; priority, status and source
 * are whole numbers. A priority that nobody knows becomes 2. No idempotency key: after a time-out the ticket may
 * exist.
 *
 * Source: https://developers.freshdesk.com/api/#create_ticket
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * freshdesk({ fields: { tags: ['phone'], custom_fields: { cf_reference: '{{case_id}}' } } })
 * // settings: { domain: 'acme', auth: { type: 'apiKey', key }, requesterEmail: 'unknown@example.com' }
 */
export function freshdesk(options: PresetOptions<FreshdeskPriority> = {}): Preset<FreshdeskSettings> {
  checkPresetOptions('freshdesk', options, TICKET_OPTIONS)
  return definePreset<FreshdeskSettings>({
    name: options.name ?? 'freshdesk',
    documentationUrl: 'https://developers.freshdesk.com/api/#create_ticket',
    secretSettings: AUTH_SECRETS,
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: `${baseUrl(settings.domain, '.freshdesk.com')}/api/v2/tickets`,
        secretHeaders: { authorization: authorization({ type: 'basic', username: settings.auth.key, password: 'X' }) },
        body: ticketFields(input, settings, options),
      }),
    outcome: (response, settings) =>
      judge(response, {
        failure: requireId(ticketId, 'an id'),
        id: ticketId,
        url: body => {
          const id = idText(ticketId(body))
          return id && `${baseUrl(settings.domain, '.freshdesk.com')}/a/tickets/${encodeURIComponent(id)}`
        },
        error: freshdeskError,
      }),
  })
}

/** Freshservice wraps the ticket. */
function ticketId(body: unknown): unknown {
  return valueAt(body, 'id') ?? valueAt(body, 'ticket.id')
}

function freshdeskError(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined
  const errors: readonly unknown[] = Array.isArray(body.errors) ? body.errors : []
  const told = errors.map(error => [valueAt(error, 'field'), valueAt(error, 'message')].map(errorText).join(': '))
  return [errorText(body.description ?? body.message), ...told].filter(part => part !== '').join('; ')
}

function ticketFields(
  input: PresetInput,
  settings: FreshdeskSettings,
  options: PresetOptions<FreshdeskPriority>,
): object {
  const serviceCase = toServiceCase(input.event)
  const description = caseText(serviceCase, { labels: options.labels, limit: 64_000, escaping: html, newline: '<br>' })
  const own = {
    ...requester(serviceCase, settings),
    subject: serviceCase.subject,
    description: description === '' ? clip(serviceCase.subject, 1000, html) : description,
    status: settings.status ?? 2,
    priority: priorityValue(serviceCase.priority, PRIORITIES, [settings.priorities, options.priorities]) ?? 2,
    source: settings.source ?? tableValue(SOURCES, serviceCase.contactType) ?? 3,
  }
  return withFields(own, input, {
    tables: [options.fields, settings.fields],
    escaping: field => (field === 'description' ? html : undefined),
    limits: { subject: 255 },
  })
}

/** A phone number alone is enough only with a name. */
function requester({ customer }: ServiceCase, { requesterEmail }: FreshdeskSettings): object {
  const { email, phone } = customer
  const name = customer.name === undefined ? undefined : clip(customer.name, 255)
  if (email !== undefined) return { email, name }
  return phone === undefined
    ? { email: requesterEmail, name }
    : { phone: clip(phone, 64), name: name ?? clip(phone, 64) }
}
