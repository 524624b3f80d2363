import type * as z from 'zod'
import * as schemas from './schemas.ts'

/** A request as a target sees it. */
export interface TargetRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: unknown
}

/** An answer of a target. */
export interface TargetAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Answers a request as the target does, or says what is wrong with it. */
export type Target = (request: TargetRequest) => TargetAnswer

type Reject = (problem: string) => TargetAnswer

function target(
  path: string,
  schema: z.ZodType,
  accepted: (request: TargetRequest) => TargetAnswer,
  reject: Reject,
): Target {
  return request => {
    if (request.method !== 'POST' || request.path !== path)
      return { status: 404, body: `no ${request.method} ${request.path}` }
    if (request.headers['content-type'] !== 'application/json') return { status: 415, body: 'not JSON' }
    const result = schema.safeParse(request.body)
    return result.success ? accepted(request) : reject(JSON.stringify(result.error.issues))
  }
}

function loggedIn(credential: (request: TargetRequest) => boolean, refusal: TargetAnswer, then: Target): Target {
  return request => (credential(request) ? then(request) : refusal)
}

const authorization = (expected: string) => (request: TargetRequest) => request.headers.authorization === expected
const basic = (user: string) => `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(user)))}`
const PASSWORD = 'pa55-Wörd-secret'
const TOKEN = 'tok-en-0123456789'
const KEY = 'key-0123456789abcdef'
const BOT = 'bot@acme.example'
const bad = (problem: string): TargetAnswer => ({ status: 400, body: { message: problem } })

const jiraError: Reject = problem => ({ status: 400, body: { errorMessages: [], errors: { description: problem } } })
const jiraAuth = { status: 401, body: { errorMessages: ['You are not authenticated.'], errors: {} } }
const jiraCreated = { id: '10000', key: 'SUPPORT-24', self: 'https://acme.atlassian.net/rest/api/3/issue/10000' }

const jiraIssue = (path: string, schema: z.ZodType): Target =>
  loggedIn(
    authorization(basic(`${BOT}:${PASSWORD}`)),
    jiraAuth,
    target(path, schema, () => ({ status: 201, body: jiraCreated }), jiraError),
  )

/** One per preset, by its name. */
export const TARGETS: Readonly<Record<string, Target>> = {
  jira: request =>
    request.path.startsWith('/rest/api/2/')
      ? jiraIssue('/rest/api/2/issue', schemas.jiraV2)(request)
      : jiraIssue('/rest/api/3/issue', schemas.jiraV3)(request),
  'jira-service-request': loggedIn(
    authorization(basic(`${BOT}:${PASSWORD}`)),
    { status: 401, body: { errorMessage: 'Unauthorized', i18nErrorMessage: {} } },
    target(
      '/rest/servicedeskapi/request',
      schemas.serviceRequest,
      () => ({
        status: 201,
        body: {
          issueId: '107001',
          issueKey: 'HELPDESK-1',
          _links: { web: 'https://acme.atlassian.net/servicedesk/1' },
        },
      }),
      problem => ({ status: 400, body: { errorMessage: problem, i18nErrorMessage: {} } }),
    ),
  ),
  servicenow: loggedIn(
    request => request.headers['x-sn-apikey'] === KEY,
    {
      status: 401,
      body: {
        error: { message: 'User Not Authenticated', detail: 'Required to provide Auth information' },
        status: 'failure',
      },
    },
    target(
      '/api/now/table/incident?sysparm_fields=sys_id,number',
      schemas.incident,
      () => ({ status: 201, body: { result: { sys_id: '0123456789abcdef0123456789abcdef', number: 'INC0010002' } } }),
      problem => ({ status: 400, body: { error: { message: problem, detail: null }, status: 'failure' } }),
    ),
  ),
  otrs: target(
    '/znuny/nph-genericinterface.pl/Webservice/Tickets/Ticket',
    schemas.otrsTicket,
    ({ body }) =>
      (body as { Password: string }).Password === PASSWORD
        ? { status: 200, body: { TicketID: '123', TicketNumber: '2025010410000001', ArticleID: '456' } }
        : {
            status: 200,
            body: { Error: { ErrorCode: 'TicketCreate.AuthFail', ErrorMessage: 'User could not be authenticated!' } },
          },
    problem => ({
      status: 200,
      body: { Error: { ErrorCode: 'TicketCreate.MissingParameter', ErrorMessage: problem } },
    }),
  ),
  zendesk: loggedIn(
    authorization(basic(`${BOT}/token:${PASSWORD}`)),
    { status: 401, body: { error: "Couldn't authenticate you" } },
    target(
      '/api/v2/tickets.json',
      schemas.zendeskTicket,
      ({ headers }) => ({
        status: 201,
        headers: { 'x-idempotency-lookup': headers['idempotency-key'] === undefined ? 'none' : 'miss' },
        body: { ticket: { id: 12345, url: 'https://acme.zendesk.com/api/v2/tickets/12345.json' } },
      }),
      problem => ({
        status: 422,
        body: {
          error: 'RecordInvalid',
          description: 'Record validation errors',
          details: { base: [{ description: problem }] },
        },
      }),
    ),
  ),
  freshdesk: loggedIn(
    authorization(basic(`${KEY}:X`)),
    { status: 401, body: { code: 'invalid_credentials', message: 'You have to be logged in to perform this action.' } },
    target(
      '/api/v2/tickets',
      schemas.freshdeskTicket,
      () => ({ status: 201, body: { id: 77, status: 2 } }),
      problem => ({
        status: 400,
        body: {
          description: 'Validation failed',
          errors: [{ field: 'priority', message: problem, code: 'datatype_mismatch' }],
        },
      }),
    ),
  ),
  slack: target(
    '/services/T000/B000/abcdefghijkl',
    schemas.slackWebhook,
    () => ({ status: 200, body: 'ok' }),
    () => ({ status: 400, body: 'invalid_blocks' }),
  ),
  'slack-api': request => {
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return { status: 200, body: { ok: false, error: 'invalid_auth' } }
    return target(
      '/api/chat.postMessage',
      schemas.slackPost,
      () => ({ status: 200, body: { ok: true, channel: 'C1', ts: '1736000000.000100' } }),
      () => ({ status: 200, body: { ok: false, error: 'invalid_blocks' } }),
    )(request)
  },
  teams: target(
    '/powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=Ab-c_dEfGhIjK%2B',
    schemas.teamsMessage,
    () => ({ status: 202 }),
    problem => ({ status: 400, body: { error: { code: 'InvalidRequestContent', message: problem } } }),
  ),
  generic: loggedIn(
    authorization(`Bearer ${TOKEN}`),
    { status: 401, body: { error: 'unauthorized' } },
    target(
      '/tickets?v=1',
      schemas.genericCase,
      () => ({ status: 201, body: { success: true, ticket_id: 'VD-1' } }),
      bad,
    ),
  ),
  discord: target(
    '/api/webhooks/123456/abcdefghijkl-TOKEN?wait=true',
    schemas.discordMessage,
    () => ({ status: 200, body: { id: '998877', type: 0 } }),
    problem => ({ status: 400, body: { code: 50035, message: 'Invalid Form Body', errors: { embeds: problem } } }),
  ),
  mattermost: target('/hooks/abcdefghijkl', schemas.mattermostMessage, () => ({ status: 200, body: 'ok' }), bad),
  pagerduty: target(
    '/v2/enqueue',
    schemas.pagerdutyEvent,
    ({ body }) => ({
      status: 202,
      body: { status: 'success', message: 'Event processed', dedup_key: (body as { dedup_key: string }).dedup_key },
    }),
    problem => ({
      status: 400,
      body: { status: 'invalid event', message: 'Event object is invalid', errors: [problem] },
    }),
  ),
  'hubspot-ticket': loggedIn(
    authorization(`Bearer ${TOKEN}`),
    {
      status: 401,
      body: { status: 'error', message: 'Authentication credentials not found.', category: 'INVALID_AUTHENTICATION' },
    },
    target('/crm/v3/objects/tickets', schemas.hubspotTicket, () => ({ status: 201, body: { id: '5512' } }), bad),
  ),
  telegram: target(
    '/bot123456:ABCdef-ghi_JKL/sendMessage',
    schemas.telegramMessage,
    () => ({ status: 200, body: { ok: true, result: { message_id: 42 } } }),
    problem => ({ status: 400, body: { ok: false, error_code: 400, description: problem } }),
  ),
  'google-chat': target(
    '/v1/spaces/AAAA/messages?key=abcdef&token=ghijkl-mnop&requestId=dlv_0123456789abcdef',
    schemas.googleChatMessage,
    () => ({ status: 200, body: { name: 'spaces/AAAA/messages/BBB' } }),
    problem => ({ status: 400, body: { error: { code: 400, message: problem, status: 'INVALID_ARGUMENT' } } }),
  ),
}
