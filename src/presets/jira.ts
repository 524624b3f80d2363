import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput } from './preset.ts'
import { adfDocument } from './shared/adf.ts'
import {
  ATLASSIAN_SECRETS,
  type AtlassianSettings,
  atlassianBase,
  atlassianError,
  atlassianHeaders,
  atlassianPages,
  atlassianShape,
  checkAtlassian,
} from './shared/atlassian.ts'
import { caseFacts, caseText } from './shared/case-text.ts'
import { withFields } from './shared/fields.ts'
import { judge, requireId } from './shared/judge.ts'
import { type CommonSettings, checkPresetOptions, type PresetOptions, TICKET_OPTIONS } from './shared/preset-options.ts'
import { priorityValue, tableValue } from './shared/priority.ts'
import { jsonRequest } from './shared/request.ts'
import { type ServiceCase, toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, text, textTable } from './shared/settings.ts'
import { clip, wiki } from './shared/text.ts'
import { valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that creates Jira issues. */
export interface JiraSettings extends AtlassianSettings, CommonSettings {
  /** `SUPPORT`. */
  readonly projectKey: string
  /** Name of the issue type. Default `Task`. */
  readonly issueType?: string | undefined
  /** Names of issue types by the case's type: `{ incident: 'Bug' }`. */
  readonly issueTypes?: Readonly<Record<string, string>> | undefined
  /** `3` sends the description as an Atlassian document, `2` as wiki text; Data Center knows only 2. Default `3`. */
  readonly apiVersion?: '2' | '3' | undefined
}

const PRIORITIES = { critical: 'Highest', high: 'High', normal: 'Medium', low: 'Low', lowest: 'Lowest' }
const MAX_SUMMARY = 255
const MAX_DESCRIPTION = 32_767

const checkSettings = settingsCheck<JiraSettings>(
  () =>
    z.strictObject({
      ...atlassianShape(),
      projectKey: z
        .string()
        .check(z.regex(/^[A-Z][A-Z0-9_]{0,254}$/, 'must be a project key in capitals, like SUPPORT')),
      issueType: z.optional(text(255)),
      issueTypes: textTable(),
      apiVersion: z.optional(z.enum(['2', '3'])),
      priorities: textTable(),
      fields: fieldTable(),
    }),
  checkAtlassian,
)

/**
 * Creates an issue in Jira Cloud or Data Center.
 *
 * Jira has no idempotency key: after a time-out the issue may exist. To find it again, put the reference into a
 * label or a field with `fields: { labels: ['{{case_id}}'] }`. When the priority is not on the project's create
 * screen, Jira refuses it: leave it out with `fields: { priority: null }`.
 *
 * Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * jira({ priorities: { P0: 'Blocker' } })
 * // settings: { site: 'acme', projectKey: 'SUPPORT', auth: { type: 'basic', username: 'bot@acme.com', password: apiToken } }
 */
export function jira(options: PresetOptions = {}): Preset<JiraSettings> {
  checkPresetOptions('jira', options, TICKET_OPTIONS)
  return definePreset<JiraSettings>({
    name: options.name ?? 'jira',
    documentationUrl: 'https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/',
    secretSettings: ATLASSIAN_SECRETS,
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: `${atlassianBase(settings)}/rest/api/${settings.apiVersion ?? '3'}/issue`,
        secretHeaders: atlassianHeaders(settings),
        body: { fields: issueFields(input, settings, options) },
      }),
    outcome: (response, settings) =>
      judge(response, {
        failure: requireId(issueKey, 'an issue key'),
        id: issueKey,
        url: body => {
          const pages = atlassianPages(settings)
          const key = issueKey(body)
          return pages !== undefined && typeof key === 'string'
            ? `${pages}/browse/${encodeURIComponent(key)}`
            : undefined
        },
        error: atlassianError,
      }),
  })
}

function issueKey(body: unknown): unknown {
  return valueAt(body, 'key')
}

function issueFields(input: PresetInput, settings: JiraSettings, options: PresetOptions): object {
  const serviceCase = toServiceCase(input.event)
  const priority = priorityValue(serviceCase.priority, PRIORITIES, [settings.priorities, options.priorities])
  const issueType = tableValue(settings.issueTypes, serviceCase.type) ?? settings.issueType ?? 'Task'
  const own = {
    project: { key: settings.projectKey },
    issuetype: { name: issueType },
    summary: serviceCase.subject,
    description: settings.apiVersion === '2' ? wikiText(serviceCase, options) : document(serviceCase, options),
    priority: { name: priority },
  }
  const fields = withFields(own, input, {
    tables: [options.fields, settings.fields],
    escaping: field => (field === 'description' && settings.apiVersion === '2' ? wiki : undefined),
    limits: { summary: MAX_SUMMARY },
  })
  if (typeof fields.description !== 'string' || settings.apiVersion === '2') return fields
  return { ...fields, description: adfDocument(clip(fields.description, MAX_DESCRIPTION)) }
}

function wikiText(serviceCase: ServiceCase, { labels }: PresetOptions): string {
  return caseText(serviceCase, { labels, limit: MAX_DESCRIPTION, escaping: wiki })
}

/** The facts are counted as if they were lines, so the whole stays below the limit. */
function document(serviceCase: ServiceCase, { labels }: PresetOptions): object {
  const facts = caseFacts(serviceCase, labels).map(({ label, value }) => ({ label, value: clip(value, 1000) }))
  const used = facts.reduce((sum, { label, value }) => sum + label.length + value.length + 3, 0)
  return adfDocument(clip(serviceCase.description ?? '', MAX_DESCRIPTION - used), facts)
}
