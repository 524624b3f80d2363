import type { PresetEvent } from '../preset.ts'
import { cleanLine, cleanText, clip } from './text.ts'
import { isRecord, valueAt } from './value-at.ts'

/** A case, ticket or request as every preset sees it, whatever names the event's data used. Texts are clean. */
export interface ServiceCase {
  /** Public reference: `TKT-2025-00001`. */
  readonly reference?: string
  /** One line. Falls back to the first line of the description, then to the event type. */
  readonly subject: string
  readonly description?: string
  readonly category?: string
  /** As given: `critical`, `high`, `normal`, `low`. */
  readonly priority?: string
  /** `incident`, `request`, `inquiry`. */
  readonly type?: string
  readonly status?: string
  /** How the customer came in: `voice`, `email`, `web`, `chat`. */
  readonly contactType?: string
  readonly createdAt?: string
  readonly customer: ServiceCustomer
  readonly problemSince?: string
  readonly othersAffected?: string
  /** http or https. */
  readonly recordingUrl?: string
}

/** Who the case is for. */
export interface ServiceCustomer {
  readonly name?: string
  readonly company?: string
  readonly phone?: string
  /** Only when it looks like an address. */
  readonly email?: string
  readonly location?: string
}

/** Where each part may stand in the data: flat names first, then the dotted ones. */
const SOURCES = {
  reference: ['case_id', 'ticket.reference', 'reference', 'case.external_reference', 'id'],
  subject: ['subject', 'case.subject', 'ticket.summary', 'ticket.subject', 'summary', 'title'],
  description: ['description', 'case.description', 'ticket.description'],
  category: ['category', 'case.category', 'ticket.category'],
  priority: ['priority', 'case.priority', 'ticket.priority'],
  type: ['case_type', 'case.case_type', 'ticket.type'],
  status: ['status', 'case.status', 'ticket.status'],
  contactType: ['contact_type', 'case.contact_type'],
  createdAt: ['created_at', 'case.created_at', 'ticket.created_at'],
  problemSince: ['problem_since', 'context.problem_since'],
  othersAffected: ['others_affected', 'context.others_affected'],
  recordingUrl: ['call_recording_url', 'enrichment.audio_url', 'audio.url'],
} as const satisfies Readonly<Record<string, readonly string[]>>

const CUSTOMER_SOURCES = {
  name: ['customer_name', 'customer.name'],
  company: ['customer_company', 'customer.company'],
  phone: ['customer_phone', 'customer.phone'],
  email: ['customer_email', 'customer.email'],
  location: ['customer_location', 'customer.location'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** Longer ones are no names, references or numbers. */
const MAX_LINE = 1000

/**
 * Reads a case out of an event's data. Both the flat names (`subject`, `customer_name`, `call_recording_url`) and the
 * dotted ones (`case.subject`, `customer.name`, `enrichment.audio_url`) are understood; what is absent stays absent.
 *
 * @example
 * toServiceCase({ id: 'evt_1', type: 'case.created', timestamp: '2025-01-04T10:00:00Z', data: { subject: 'Printer' } })
 */
export function toServiceCase(event: PresetEvent): ServiceCase {
  const { subject, description, recordingUrl, ...lines } = SOURCES
  const text = find(event.data, description, cleanText)
  const url = find(event.data, recordingUrl, cleanLine)
  const email = find(event.data, CUSTOMER_SOURCES.email, cleanLine)
  return {
    subject: find(event.data, subject, line) ?? firstLine(text) ?? line(event.type),
    ...(text !== undefined && { description: text }),
    ...readLines(event.data, lines),
    ...(url !== undefined && isWebUrl(url) && { recordingUrl: url }),
    customer: {
      ...readLines(event.data, { ...CUSTOMER_SOURCES, email: [] }),
      ...(email !== undefined && isEmail(email) && { email }),
    },
  }
}

/**
 * What templates may name: the data itself, and over it every variable of a case under its flat and its dotted
 * name, so that a template works with either kind of data.
 */
export function caseVariables(event: PresetEvent, deliveryId: string): Readonly<Record<string, unknown>> {
  const { customer, ...rest } = toServiceCase(event)
  const data = isRecord(event.data) ? event.data : {}
  const under = (key: string, values: object): object => ({ ...(isRecord(data[key]) ? data[key] : {}), ...values })
  const { reference, recordingUrl: audioUrl, problemSince, othersAffected } = rest
  return {
    ...data,
    case_id: reference,
    subject: rest.subject,
    description: rest.description,
    category: rest.category,
    priority: rest.priority,
    customer_name: customer.name,
    customer_phone: customer.phone,
    customer_email: customer.email,
    created_at: rest.createdAt,
    call_recording_url: audioUrl,
    ticket: under('ticket', { reference }),
    case: under('case', {
      subject: rest.subject,
      description: rest.description,
      category: rest.category,
      priority: rest.priority,
      case_type: rest.type,
      status: rest.status,
      contact_type: rest.contactType,
      created_at: rest.createdAt,
    }),
    customer: under('customer', customer),
    context: under('context', { problem_since: problemSince, others_affected: othersAffected }),
    enrichment: under('enrichment', { audio_url: audioUrl }),
    event: { id: event.id, type: event.type, timestamp: event.timestamp },
    delivery_id: deliveryId,
    timestamp: event.timestamp,
  }
}

/** The names that {@link caseVariables} always knows; for warnings when a template is saved. */
export const CASE_VARIABLES: readonly string[] = [
  'case_id',
  'subject',
  'description',
  'category',
  'priority',
  'customer_name',
  'customer_phone',
  'customer_email',
  'created_at',
  'call_recording_url',
  'ticket.reference',
  'case.subject',
  'case.description',
  'case.category',
  'case.priority',
  'case.case_type',
  'case.status',
  'case.contact_type',
  'case.created_at',
  'customer.name',
  'customer.company',
  'customer.phone',
  'customer.email',
  'customer.location',
  'context.problem_since',
  'context.others_affected',
  'enrichment.audio_url',
  'event.id',
  'event.type',
  'event.timestamp',
  'delivery_id',
  'timestamp',
]

type Found<Key extends string> = { readonly [K in Key]?: string }

function readLines<Key extends string>(data: unknown, sources: Readonly<Record<Key, readonly string[]>>): Found<Key> {
  const found: Found<Key> = {}
  for (const key in sources) {
    const value = find(data, sources[key], line)
    if (value !== undefined) Object.assign(found, { [key]: value })
  }
  return found
}

function find(data: unknown, paths: readonly string[], clean: (text: string) => string): string | undefined {
  for (const path of paths) {
    const value = valueAt(data, path)
    const text = typeof value === 'string' ? clean(value) : scalar(value)
    if (text !== undefined && text !== '') return text
  }
  return undefined
}

function scalar(value: unknown): string | undefined {
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)) ? String(value) : undefined
}

function line(text: string): string {
  return clip(cleanLine(text), MAX_LINE)
}

function firstLine(text: string | undefined): string | undefined {
  return text === undefined ? undefined : clip(cleanLine(text.split('\n', 1)[0] ?? ''), 120)
}

function isWebUrl(text: string): boolean {
  return text.length <= 2000 && /^https?:\/\/\S+$/i.test(text) && URL.canParse(text)
}

function isEmail(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>"',;:]+@[^\s@<>"',;:]+\.[^\s@<>"',;:.]+$/.test(text)
}
