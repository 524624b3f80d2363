import * as z from 'zod/mini'
import { definePreset, type Preset, type PresetInput, type PresetResponse } from './preset.ts'
import { AUTH_SECRETS, type BasicAuth, basicAuth } from './shared/auth.ts'
import { caseText } from './shared/case-text.ts'
import { withFields } from './shared/fields.ts'
import { type Failure, judge } from './shared/judge.ts'
import { type CommonSettings, checkPresetOptions, type PresetOptions, TICKET_OPTIONS } from './shared/preset-options.ts'
import { priorityValue, tableValue } from './shared/priority.ts'
import { jsonRequest } from './shared/request.ts'
import { bodyErrorText, errorText } from './shared/response-body.ts'
import { toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, text, textTable, url } from './shared/settings.ts'
import { clip } from './shared/text.ts'
import { dropAbsent, isRecord, valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that creates tickets in OTRS, Znuny or OTOBO. */
export interface OtrsSettings extends CommonSettings {
  /**
   * The route of the ticket operation of your web service, such as
   * `https://help.example.com/otrs/nph-genericinterface.pl/Webservice/GenericTicketConnectorREST/Ticket`
   * (`/znuny/` and `/otobo/` there).
   */
  readonly url: string
  readonly auth: BasicAuth
  /** Whose name and password they are. Default `agent`. */
  readonly login?: 'agent' | 'customer' | undefined
  /** Customer user of cases that name no e-mail address; OTRS insists on one. */
  readonly customerUser: string
  /** Default `Raw`. */
  readonly queue?: string | undefined
  /** Default `new`. */
  readonly state?: string | undefined
  /** Names of ticket types by the case's type: `{ incident: 'Incident' }`. Default: no type is sent. */
  readonly types?: Readonly<Record<string, string>> | undefined
  /** Values of dynamic fields by name, with placeholders. */
  readonly dynamicFields?: Readonly<Record<string, string>> | undefined
}

const PRIORITIES = {
  critical: '5 very high',
  high: '4 high',
  normal: '3 normal',
  low: '2 low',
  lowest: '1 very low',
}

const checkSettings = settingsCheck<OtrsSettings>(() =>
  z.strictObject({
    url: url(),
    auth: basicAuth(),
    login: z.optional(z.enum(['agent', 'customer'])),
    customerUser: text(200),
    queue: z.optional(text(200)),
    state: z.optional(text(200)),
    types: textTable(),
    dynamicFields: textTable(),
    priorities: textTable(),
    fields: fieldTable(),
  }),
)

/**
 * Creates a ticket with its first article through the generic interface of OTRS 6, Znuny or OTOBO.
 *
 * User name and password travel in the body, as the interface wants it; the request says so in `confidential`.
 * Errors come with status 200 and are told apart here. `fields` go into the ticket. No idempotency key: after a
 * time-out the ticket may exist.
 *
 * Source: https://doc.znuny.org/znuny/admin/genericinterface/ticketconnector/operations.html
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * otrs({ priorities: { urgent: '5 very high' } })
 * // settings: { url, auth: { type: 'basic', username: 'webhook', password }, customerUser: 'unknown@example.com' }
 */
export function otrs(options: PresetOptions = {}): Preset<OtrsSettings> {
  checkPresetOptions('otrs', options, TICKET_OPTIONS)
  return definePreset<OtrsSettings>({
    name: options.name ?? 'otrs',
    documentationUrl: 'https://doc.znuny.org/znuny/admin/genericinterface/ticketconnector/operations.html',
    secretSettings: AUTH_SECRETS,
    settings: checkSettings,
    request: (input, settings) =>
      jsonRequest({
        url: settings.url,
        body: ticketBody(input, settings, options),
        secretBodyPaths: [loginField(settings), 'Password'],
      }),
    outcome: response =>
      judge(response, {
        failure: applicationError,
        id: body => valueAt(body, 'TicketNumber') ?? valueAt(body, 'TicketID'),
        error: body => valueAt(body, 'faultstring') ?? valueAt(body, 'Error.ErrorMessage'),
      }),
  })
}

function loginField({ login }: OtrsSettings): string {
  return login === 'customer' ? 'CustomerUserLogin' : 'UserLogin'
}

/** The same request meets the same error again. */
const PERMANENT = /\.(?:MissingParameter|InvalidParameter|AuthFail|AccessDenied)$/

function applicationError(body: unknown, response: PresetResponse): Failure | undefined {
  const code = valueAt(body, 'Error.ErrorCode')
  if (code !== undefined || valueAt(body, 'Error') !== undefined) {
    const message = [code, valueAt(body, 'Error.ErrorMessage')]
      .map(errorText)
      .filter(part => part !== '')
      .join(': ')
    return { message, retry: typeof code !== 'string' || !PERMANENT.test(code) }
  }
  if (valueAt(body, 'TicketID') !== undefined) return undefined
  const told = isRecord(body) ? 'an answer' : bodyErrorText(response.body)
  return { message: `HTTP ${response.status}: ${told} without TicketID. Is the address right?`, retry: false }
}

function ticketBody(input: PresetInput, settings: OtrsSettings, options: PresetOptions): object {
  const serviceCase = toServiceCase(input.event)
  const subject = clip(serviceCase.subject, 200)
  const priority = priorityValue(serviceCase.priority, PRIORITIES, [settings.priorities, options.priorities])
  const ticket = {
    Title: subject,
    Queue: settings.queue ?? 'Raw',
    State: settings.state ?? 'new',
    Priority: priority ?? PRIORITIES.normal,
    Type: tableValue(settings.types, serviceCase.type),
    CustomerUser: serviceCase.customer.email ?? settings.customerUser,
  }
  const body = caseText(serviceCase, { labels: options.labels, limit: 200_000 })
  const dynamic = withFields({}, input, { tables: [settings.dynamicFields] })
  return dropAbsent({
    [loginField(settings)]: settings.auth.username,
    Password: settings.auth.password,
    Ticket: withFields(ticket, input, { tables: [options.fields, settings.fields], limits: { Title: 255 } }),
    Article: {
      CommunicationChannel: serviceCase.contactType === 'email' ? 'Email' : 'Phone',
      SenderType: 'customer',
      IsVisibleForCustomer: 1,
      Subject: subject,
      Body: body === '' ? subject : body,
      ContentType: 'text/plain; charset=utf8',
    },
    DynamicField: dynamicFields(dynamic),
  })
}

function dynamicFields(values: Readonly<Record<string, unknown>>): readonly object[] | undefined {
  const entries = Object.entries(values)
  return entries.length === 0 ? undefined : entries.map(([name, value]) => ({ Name: name, Value: value }))
}
