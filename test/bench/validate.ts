/**
 * What checking a body costs on top of reading it: (bytes → text → JSON → checked) against (bytes → text → JSON),
 * with compiled schemas, and in a process where code generation is forbidden and only the envelope is checked.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { decodeUtf8, utf8 } from '../../src/bytes/encoding.ts'
import { parseJson } from '../../src/bytes/json.ts'
import type { WebhookRequest } from '../../src/model/http.ts'
import { checks as calcomChecks } from '../../src/providers/calcom/schemas.ts'
import { readBody } from '../../src/providers/daktela/parse.ts'
import { checkBody } from '../../src/providers/pipedrive/validate.ts'
import type { Validation } from '../../src/providers/schema.ts'

/** One measurement. */
export interface Row {
  readonly name: string
  /** Time of reading without a check, in microseconds. */
  readonly baselineMicroseconds: number
  /** Median over the rounds of our time to the baseline's. */
  readonly ratio: number
  /** `undefined` where there is none. */
  readonly goal: number | undefined
  readonly reached: boolean | undefined
}

/** With compiled schemas every field is checked within its goal; interpreted ones are held to the envelope's. */
const GOAL = { compiled: { full: 1.35, envelope: undefined }, interpreted: { full: undefined, envelope: 1.5 } } as const
type Mode = keyof typeof GOAL
const ROUNDS = 41
const SLICE_MS = 5

const ISO = '2025-11-20T14:03:11Z'
const KEYS = ['0c7f2d4e9b1a4c55b0e1aa01b2c3d4e5f6071829', '1d8f2d4e9b1a4c55b0e1aa01b2c3d4e5f6071830'] as const
const counts = Object.fromEntries(
  ['products', 'files', 'notes', 'followers', 'email_messages', 'activities', 'done_activities', 'participants'].map(
    (name, i) => [`${name}_count`, i],
  ),
)
const deal = {
  id: 4242,
  title: 'Rámcová smlouva – Müller GmbH',
  creator_user_id: 7701,
  person_id: 312,
  org_id: 55,
  stage_id: 3,
  pipeline_id: 1,
  value: 125_000,
  currency: 'EUR',
  status: 'open',
  probability: 60,
  lost_reason: null,
  visible_to: '3',
  origin: 'ManuallyCreated',
  origin_id: null,
  channel: 5,
  channel_id: null,
  acv: 125_000,
  arr: 125_000,
  mrr: 10_416.6,
  close_time: null,
  won_time: null,
  lost_time: null,
  expected_close_date: '2025-12-31',
  local_won_date: null,
  local_lost_date: null,
  local_close_date: null,
}
const dealV1 = {
  ...deal,
  ...counts,
  user_id: 7701,
  active: true,
  deleted: false,
  add_time: '2025-10-01 08:12:44',
  update_time: '2025-11-20 14:03:11',
  stage_change_time: '2025-11-20 14:03:11',
  next_activity_date: '2025-12-01',
  next_activity_time: '09:00:00',
  next_activity_id: 9001,
  last_activity_id: 8991,
  last_activity_date: '2025-11-18',
  label: '14',
  stage_order_nr: 3,
  person_name: 'Łukasz Żółty',
  org_name: 'Müller GmbH',
  owner_name: 'Jana Nováková',
  formatted_value: '€125,000',
  weighted_value: 75_000,
  formatted_weighted_value: '€75,000',
  cc_email: 'example+deal4242@pipedrivemail.example',
  org_hidden: false,
  person_hidden: false,
  [KEYS[0]]: 'web',
  [KEYS[1]]: 17,
}

/** Bodies as the senders write them, invented. */
const BODIES = {
  'pipedrive v1': {
    v: 1,
    matches_filters: { current: [], previous: [] },
    meta: {
      v: 1,
      action: 'updated',
      object: 'deal',
      id: 4242,
      company_id: 99,
      user_id: 7701,
      host: 'example.pipedrive.com',
      timestamp: 1_763_647_391,
      timestamp_micro: 1_763_647_391_123_456,
      permitted_user_ids: [7701, 7702, 7703],
      trans_pending: false,
      is_bulk_update: false,
      pipedrive_service_name: false,
      change_source: 'app',
      matches_filters: { current: [], previous: [] },
      webhook_id: '81234',
    },
    current: dealV1,
    previous: { ...dealV1, stage_id: 2, stage_order_nr: 2, probability: 40, update_time: '2025-11-18 10:00:00' },
    event: 'updated.deal',
    retry: 0,
  },
  'pipedrive v2': {
    meta: {
      action: 'change',
      company_id: '99',
      correlation_id: '0b6c1e2a-70fb-4d25-9e0d-3fb3f6f2a111',
      entity_id: '4242',
      entity: 'deal',
      id: '5f1c2b3a-86dd-4c0f-8f58-1d61aa2b3c4d',
      is_bulk_edit: false,
      timestamp: '2025-11-20T14:03:11.123Z',
      type: 'general',
      user_id: '7701',
      version: '2.0',
      webhook_id: '81234',
      webhook_owner_id: '7701',
      change_source: 'app',
      permitted_user_ids: ['7701', '7702', '7703'],
      attempt: 1,
      host: 'example.pipedrive.com',
    },
    data: {
      ...deal,
      owner_id: 7701,
      add_time: ISO,
      update_time: ISO,
      stage_change_time: ISO,
      label_ids: [14, 15],
      custom_fields: {
        [KEYS[0]]: { type: 'varchar', value: 'web' },
        [KEYS[1]]: { type: 'monetary', value: 1200, currency: 'EUR' },
      },
    },
    previous: { stage_id: 2, probability: 40, update_time: '2025-11-18T10:00:00Z', stage_change_time: ISO },
  },
  daktela: {
    event: 'call_close',
    name: 'activities_64f1a2b3c4d5e',
    data: {
      title: 'Call +15550100123',
      contact: {
        name: 'contact_64f1',
        title: 'Jana Nováková',
        firstname: 'Jana',
        lastname: 'Nováková',
        account: 'account_12',
        customFields: { email: ['jana@example.com'], number: ['+15550100123'], note: ['volat odpoledne'] },
      },
      ticket: { name: 88_213, title: 'Reklamace faktury 2025/118', stage: 'OPEN', priority: 'MEDIUM' },
      queue: { name: 1001, title: 'Support CZ', type: 'in' },
      user: { name: 'agent7', title: 'Petr Svoboda', extension: '107' },
      statuses: [{ name: 'status_ok', title: 'Vyřešeno' }],
      direction: 'in',
      duration: 312,
      time_start: '2025-11-20 14:03:11',
      time_close: '2025-11-20 14:08:32',
      item: { id_call: '1763647391.4242', clid: '+15550100123', did: '+15550100999', answered: true, hold_time: 0 },
    },
  },
  calcom: {
    triggerEvent: 'BOOKING_CREATED',
    createdAt: '2025-11-20T14:03:11.123Z',
    payload: {
      type: 'consulting',
      title: 'Consulting between Ada Example and John Doe',
      description: '',
      additionalNotes: '',
      customInputs: {},
      startTime: '2025-11-25T09:30:00Z',
      endTime: '2025-11-25T10:30:00Z',
      organizer: {
        id: 5,
        name: 'Ada Example',
        email: 'ada@example.com',
        username: 'ada',
        timeZone: 'Europe/Prague',
        language: { locale: 'en' },
        timeFormat: 'h:mma',
      },
      responses: {
        name: { label: 'your_name', value: 'John Doe' },
        email: { label: 'email_address', value: 'john@example.com' },
        notes: { label: 'additional_notes' },
      },
      userFieldsResponses: {},
      attendees: [
        { name: 'John Doe', email: 'john@example.com', timeZone: 'Europe/London', language: { locale: 'en' } },
      ],
      location: 'integrations:daily',
      destinationCalendar: [{ id: 10, integration: 'google_calendar', externalId: 'ada@example.com', userId: 5 }],
      hideCalendarNotes: false,
      requiresConfirmation: null,
      eventTypeId: 7,
      seatsShowAttendees: true,
      seatsPerTimeSlot: null,
      iCalUID: 'bFJeNb2uX8ANpT3JL5EfXw@cal.example',
      iCalSequence: 0,
      uid: 'bFJeNb2uX8ANpT3JL5EfXw',
      bookingId: 91,
      status: 'ACCEPTED',
      eventTitle: 'Consulting',
      eventDescription: '',
      price: 0,
      currency: 'usd',
      length: 60,
      metadata: {},
      appsStatus: [{ appName: 'Google Calendar', type: 'google_calendar', success: 1, failures: 0, errors: [] }],
    },
  },
} as const

type Sender = keyof typeof BODIES

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** Reads and checks a body as the provider does; whether it was accepted. */
function checked(sender: Sender, request: WebhookRequest, validation: Validation): boolean {
  if (sender === 'daktela') return readBody(request).ok
  const decoded = parseJson(request.body)
  if (!decoded.ok) return false
  if (sender !== 'calcom') return typeof checkBody(decoded.value, validation) !== 'string'
  return isObject(decoded.value) && calcomChecks['booking.created'](decoded.value.payload).ok
}

function measure(sender: Sender, mode: Mode, validation: Validation): Row {
  const body = utf8(JSON.stringify(BODIES[sender]))
  const request: WebhookRequest = { method: 'POST', url: '/', headers: { 'content-type': 'application/json' }, body }
  const baseline = (): boolean => isObject(JSON.parse(decodeUtf8(body) ?? ''))
  const ours = (): boolean => checked(sender, request, validation)
  if (!baseline() || !ours()) throw new Error(`${sender}: the sample was refused`)
  const repetitions = calibrate(baseline, ours)
  const ratios: number[] = []
  const baselines: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const first = round % 2 === 0
    const before = first ? time(baseline, repetitions) : 0
    const mine = time(ours, repetitions)
    const base = first ? before : time(baseline, repetitions)
    ratios.push(mine / base)
    baselines.push((base / repetitions) * 1000)
  }
  const ratio = median(ratios)
  const goal = GOAL[mode][validation]
  return {
    name: `${sender}, ${mode === 'compiled' ? 'compiled' : 'no code generation'}, ${validation}`,
    baselineMicroseconds: median(baselines),
    ratio,
    goal,
    reached: goal === undefined ? undefined : ratio <= goal,
  }
}

/** Warms both up, and finds how often a slice holds them. */
function calibrate(...functions: readonly (() => boolean)[]): number {
  for (const run of functions) time(run, 5000)
  const each = Math.max(...functions.map(run => time(run, 2000) / 2000))
  return Math.max(50, Math.round(SLICE_MS / each))
}

function time(run: () => boolean, repetitions: number): number {
  let accepted = 0
  const start = performance.now()
  for (let i = 0; i < repetitions; i++) if (run()) accepted++
  const elapsed = performance.now() - start
  if (accepted !== repetitions) throw new Error('a result was lost')
  return elapsed
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** Daktela's and Cal.com's checks have one layer: what they check is all that they document. */
const LAYERED: readonly Sender[] = ['pipedrive v1', 'pipedrive v2']

function rows(mode: Mode): readonly Row[] {
  return (Object.keys(BODIES) as Sender[]).flatMap(sender => {
    const layers: readonly Validation[] = LAYERED.includes(sender)
      ? ['full', 'envelope']
      : [mode === 'compiled' ? 'full' : 'envelope']
    return layers.map(validation => measure(sender, mode, validation))
  })
}

/** Measures here with compiled schemas, and in a process of its own without code generation. */
export function run(): readonly Row[] {
  const all = [...rows('compiled'), ...rowsWithoutCodeGeneration()]
  console.log('\n## Parse and validate, against decoding and JSON.parse\n')
  console.log('| body | read only, µs | read and checked | goal | reached |\n| --- | --- | --- | --- | --- |')
  for (const { name, baselineMicroseconds, ratio, goal, reached } of all) {
    const verdict = goal === undefined ? ['', ''] : [`≤ ${goal}×`, reached ? 'yes' : 'no']
    console.log(`| ${[name, baselineMicroseconds.toFixed(2), `${ratio.toFixed(2)}×`, ...verdict].join(' | ')} |`)
  }
  return all
}

function rowsWithoutCodeGeneration(): readonly Row[] {
  const flags = [...process.execArgv, '--disallow-code-generation-from-strings']
  const child = spawnSync(process.execPath, [...flags, fileURLToPath(import.meta.url), 'rows'], { encoding: 'utf8' })
  if (child.status !== 0) throw new Error(child.stderr)
  return JSON.parse(child.stdout) as readonly Row[]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'rows') process.stdout.write(JSON.stringify(rows('interpreted')))
  else run()
}
