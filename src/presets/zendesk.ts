import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import { AUTH_SECRETS, authorization, type BasicAuth, type BearerAuth, basicAuth, bearerAuth } from './shared/auth.ts'
import { caseText } from './shared/case-text.ts'
import { withFields } from './shared/fields.ts'
import { judge, requireId } from './shared/judge.ts'
import { type CommonSettings, checkPresetOptions, type PresetOptions, TICKET_OPTIONS } from './shared/preset-options.ts'
import { priorityValue, tableValue } from './shared/priority.ts'
import { jsonRequest } from './shared/request.ts'
import { errorText, idText } from './shared/response-body.ts'
import { toServiceCase } from './shared/service-case.ts'
import { baseUrl, fieldTable, settingsCheck, site } from './shared/settings.ts'
import { isRecord, valueAt } from './shared/value-at.ts'

/** Zendesk's closed list. */
export type ZendeskPriority = 'urgent' | 'high' | 'normal' | 'low'

/** Settings of an endpoint that creates Zendesk tickets. */
export interface ZendeskSettings extends CommonSettings<ZendeskPriority> {
  /** `acme` or `acme.zendesk.com`. */
  readonly subdomain: string
  /** Basic: the agent's e-mail address (with or without `/token` behind it) and an API token. Bearer: an OAuth token. */
  readonly auth: BasicAuth | BearerAuth
  /** Whether the customer sees the description. Default true, as at Zendesk. */
  readonly publicComment?: boolean | undefined
}

const PRIORITIES = { critical: 'urgent', high: 'high', normal: 'normal', low: 'low', lowest: 'low' } as const
const TYPES = {
  incident: 'incident',
  problem: 'problem',
  request: 'task',
  task: 'task',
  inquiry: 'question',
  question: 'question',
}

const checkSettings = settingsCheck<ZendeskSettings>(() =>
  z.strictObject({
    subdomain: site('.zendesk.com', false),
    auth: z.discriminatedUnion('type', [basicAuth(), bearerAuth()]),
    publicComment: z.optional(z.boolean()),
    priorities: z.optional(z.record(z.string(), z.enum(['urgent', 'high', 'normal', 'low']))),
    fields: fieldTable(),
  }),
)

/**
 * Creates a Zendesk ticket. The delivery id is its `Idempotency-Key`, so a retry within two hours makes no second
 * ticket; `external_id` holds the case's reference. Without an e-mail address the ticket has no requester of its
 * own, and the customer stands in the text. `fields` go into the ticket.
 *
 * Source: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#create-ticket
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * zendesk({ fields: { tags: ['phone', '{{category}}'] } })
 * // settings: { subdomain: 'acme', auth: { type: 'basic', username: 'bot@acme.com', password: apiToken } }
 */
export function zendesk(options: PresetOptions<ZendeskPriority> = {}): Preset<ZendeskSettings> {
  checkPresetOptions('zendesk', options, TICKET_OPTIONS)
  return definePreset<ZendeskSettings>({
    name: options.name ?? 'zendesk',
    documentationUrl: 'https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/',
    secretSettings: AUTH_SECRETS,
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: `${baseUrl(settings.subdomain, '.zendesk.com')}/api/v2/tickets.json`,
        headers: { 'idempotency-key': input.deliveryId.slice(0, 255) },
        secretHeaders: { authorization: authorization(withTokenMark(settings.auth)) },
        body: { ticket: ticketFields(input, settings, options) },
      }),
    outcome: (response, settings) =>
      judge(response, {
        failure: requireId(ticketId, 'ticket.id'),
        id: ticketId,
        url: body => {
          const id = idText(ticketId(body))
          return id && `${baseUrl(settings.subdomain, '.zendesk.com')}/agent/tickets/${encodeURIComponent(id)}`
        },
        error: zendeskError,
        // A conflict is a lock on a row that somebody else is writing.
        retry: status => (status === 409 ? true : undefined),
      }),
  })
}

function ticketId(body: unknown): unknown {
  return valueAt(body, 'ticket.id')
}

/** An API token is told from a password by `/token` behind the address; passwords are no longer taken. */
function withTokenMark(auth: BasicAuth | BearerAuth): BasicAuth | BearerAuth {
  if (auth.type === 'bearer' || auth.username.endsWith('/token')) return auth
  return { ...auth, username: `${auth.username}/token` }
}

function zendeskError(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined
  const details = isRecord(body.details) ? Object.entries(body.details) : []
  const told = details.map(([field, list]) => `${field}: ${errorText(Array.isArray(list) ? list[0] : list)}`)
  const main = [body.error, body.description].filter(part => part !== undefined).map(errorText)
  return [...main, ...told].join('; ')
}

function ticketFields(input: PresetInput, settings: ZendeskSettings, options: PresetOptions<ZendeskPriority>): object {
  const serviceCase = toServiceCase(input.event)
  const { customer } = serviceCase
  const text = caseText(serviceCase, { labels: options.labels, limit: 64_000 })
  const own = {
    subject: serviceCase.subject,
    comment: { body: text === '' ? serviceCase.subject : text, public: settings.publicComment },
    priority: priorityValue(serviceCase.priority, PRIORITIES, [settings.priorities, options.priorities]),
    type: tableValue(TYPES, serviceCase.type),
    requester:
      customer.email === undefined ? undefined : { name: customer.name ?? customer.email, email: customer.email },
    external_id: serviceCase.reference,
  }
  return withFields(own, input, {
    tables: [options.fields, settings.fields],
    limits: { subject: 255, external_id: 255 },
  })
}
