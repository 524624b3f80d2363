import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import { AUTH_SECRETS, authorization, type BearerAuth, bearerAuth } from './shared/auth.ts'
import { caseText } from './shared/case-text.ts'
import { withFields } from './shared/fields.ts'
import { judge, requireId } from './shared/judge.ts'
import { type CommonSettings, checkPresetOptions, type PresetOptions, TICKET_OPTIONS } from './shared/preset-options.ts'
import { priorityValue } from './shared/priority.ts'
import { jsonRequest } from './shared/request.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, text, textTable } from './shared/settings.ts'
import { valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that creates HubSpot tickets. */
export interface HubspotTicketSettings extends CommonSettings {
  /** Access token of a private app with the `tickets` scope. */
  readonly auth: BearerAuth
  /** Id of the pipeline. Default `0`. */
  readonly pipeline?: string | undefined
  /** Id of the stage. Default `1`. */
  readonly stage?: string | undefined
}

const PRIORITIES = { critical: 'HIGH', high: 'HIGH', normal: 'MEDIUM', low: 'LOW', lowest: 'LOW' }

const checkSettings = settingsCheck<HubspotTicketSettings>(() =>
  z.strictObject({
    auth: bearerAuth(),
    pipeline: z.optional(text(100)),
    stage: z.optional(text(100)),
    priorities: textTable(),
    fields: fieldTable(),
  }),
)

/**
 * Creates a HubSpot ticket. `fields` are properties of the ticket. Portals that have the priority `URGENT` can map
 * it: `{ priorities: { critical: 'URGENT' } }`. No idempotency key: after a time-out the ticket may exist.
 *
 * Source: https://developers.hubspot.com/docs/api-reference/crm-tickets-v3/guide
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * hubspotTicket({ fields: { source_type: 'PHONE' } })
 * // settings: { auth: { type: 'bearer', token } }
 */
export function hubspotTicket(options: PresetOptions = {}): Preset<HubspotTicketSettings> {
  checkPresetOptions('hubspotTicket', options, TICKET_OPTIONS)
  return definePreset<HubspotTicketSettings>({
    name: options.name ?? 'hubspot-ticket',
    documentationUrl: 'https://developers.hubspot.com/docs/api-reference/crm-tickets-v3/guide',
    secretSettings: AUTH_SECRETS,
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: 'https://api.hubapi.com/crm/v3/objects/tickets',
        secretHeaders: { authorization: authorization(settings.auth) },
        body: { properties: properties(input, settings, options) },
      }),
    outcome: response =>
      judge(response, {
        failure: requireId(ticketId, 'an id'),
        id: ticketId,
        error: body => valueAt(body, 'message'),
      }),
  })
}

function ticketId(body: unknown): unknown {
  return valueAt(body, 'id')
}

function properties(input: PresetInput, settings: HubspotTicketSettings, options: PresetOptions): object {
  const serviceCase = toServiceCase(input.event)
  const own = {
    subject: serviceCase.subject,
    content: caseText(serviceCase, { labels: options.labels, limit: 65_000 }),
    hs_pipeline: settings.pipeline ?? '0',
    hs_pipeline_stage: settings.stage ?? '1',
    hs_ticket_priority: priorityValue(serviceCase.priority, PRIORITIES, [settings.priorities, options.priorities]),
  }
  return withFields(own, input, { tables: [options.fields, settings.fields], limits: { subject: 1000 } })
}
