import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import {
  ATLASSIAN_SECRETS,
  type AtlassianSettings,
  atlassianBase,
  atlassianError,
  atlassianHeaders,
  atlassianShape,
  checkAtlassian,
} from './shared/atlassian.ts'
import { caseText } from './shared/case-text.ts'
import { withFields } from './shared/fields.ts'
import { judge, requireId } from './shared/judge.ts'
import { type CommonSettings, checkPresetOptions, type PresetOptions, TICKET_OPTIONS } from './shared/preset-options.ts'
import { priorityValue } from './shared/priority.ts'
import { jsonRequest } from './shared/request.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, text, textTable } from './shared/settings.ts'
import { wiki } from './shared/text.ts'
import { dropAbsent, valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that raises customer requests in Jira Service Management. */
export interface JiraServiceRequestSettings extends AtlassianSettings, CommonSettings {
  /** Number of the service desk, as text: `10`. */
  readonly serviceDeskId: string
  /** Number of the request type, as text: `25`. */
  readonly requestTypeId: string
  /** Account id of the customer; the caller must be an agent. Default: the caller raises it. */
  readonly raiseOnBehalfOf?: string | undefined
  /** Sends the priority too, which must be on the request type's form. Default false. */
  readonly includePriority?: boolean | undefined
}

const PRIORITIES = { critical: 'Highest', high: 'High', normal: 'Medium', low: 'Low', lowest: 'Lowest' }

const checkSettings = settingsCheck<JiraServiceRequestSettings>(
  () =>
    z.strictObject({
      ...atlassianShape(),
      serviceDeskId: z.string().check(z.regex(/^\d{1,20}$/, 'must be the number of the service desk, as text')),
      requestTypeId: z.string().check(z.regex(/^\d{1,20}$/, 'must be the number of the request type, as text')),
      raiseOnBehalfOf: z.optional(text(255)),
      includePriority: z.optional(z.boolean()),
      priorities: textTable(),
      fields: fieldTable(),
    }),
  checkAtlassian,
)

/**
 * Raises a customer request in Jira Service Management, so that it has a request type and shows in the portal, which
 * an issue made through the platform API does not. `fields` go into `requestFieldValues`.
 *
 * No idempotency key: after a time-out the request may exist.
 *
 * Source: https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/#api-rest-servicedeskapi-request-post
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * jiraServiceRequest()
 * // settings: { site: 'acme', serviceDeskId: '10', requestTypeId: '25', auth: { type: 'basic', username, password: apiToken } }
 */
export function jiraServiceRequest(options: PresetOptions = {}): Preset<JiraServiceRequestSettings> {
  checkPresetOptions('jiraServiceRequest', options, TICKET_OPTIONS)
  return definePreset<JiraServiceRequestSettings>({
    name: options.name ?? 'jira-service-request',
    documentationUrl: 'https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/',
    secretSettings: ATLASSIAN_SECRETS,
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: `${atlassianBase(settings)}/rest/servicedeskapi/request`,
        secretHeaders: atlassianHeaders(settings),
        body: dropAbsent({
          serviceDeskId: settings.serviceDeskId,
          requestTypeId: settings.requestTypeId,
          requestFieldValues: requestFields(input, settings, options),
          raiseOnBehalfOf: settings.raiseOnBehalfOf,
        }),
      }),
    outcome: response =>
      judge(response, {
        failure: requireId(issueKey, 'an issue key'),
        id: issueKey,
        url: body => valueAt(body, '_links.web'),
        error: atlassianError,
      }),
  })
}

function issueKey(body: unknown): unknown {
  return valueAt(body, 'issueKey')
}

function requestFields(input: PresetInput, settings: JiraServiceRequestSettings, options: PresetOptions): object {
  const serviceCase = toServiceCase(input.event)
  const tables = [settings.priorities, options.priorities]
  const name = settings.includePriority === true ? priorityValue(serviceCase.priority, PRIORITIES, tables) : undefined
  const own = {
    summary: serviceCase.subject,
    description: caseText(serviceCase, { labels: options.labels, limit: 32_767, escaping: wiki }),
    priority: { name },
  }
  return withFields(own, input, {
    tables: [options.fields, settings.fields],
    escaping: field => (field === 'description' ? wiki : undefined),
    limits: { summary: 255 },
  })
}
