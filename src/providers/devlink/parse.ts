import * as z from 'zod/mini'
import { isJsonObject } from '../../bytes/json.ts'
import { header, type Lookup, type LookupInput, valueAt } from '../describe.ts'
import { lazySchema, type SchemaCheck } from '../schema.ts'
import type { DevlinkEvents, DevlinkLead, DevlinkRecord, DevlinkTest } from './types.ts'

/** The payload: the body itself, as DevLink sends it, or the `payload` of the envelope that its manual shows. */
export function payloadOf(body: unknown): unknown {
  return isEnvelope(body) ? body.payload : body
}

export const eventType: Lookup = input => {
  if (isTest(payloadOf(input.body))) return TEST
  const fromEnvelope = isEnvelope(input.body) ? input.body.event_type : undefined
  return typeof fromEnvelope === 'string' && fromEnvelope !== '' ? fromEnvelope : header('x-webhook-event')(input)
}

export const envelopeTime: Lookup = ({ body }) => {
  const time = isEnvelope(body) ? body.timestamp : undefined
  return typeof time === 'string' ? time : undefined
}

export const recordId = ({ body }: LookupInput): string | undefined => {
  const id = valueAt(payloadOf(body), 'id')
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
}

const TEST = 'test'

/** Native name to canonical type. */
export const types: Readonly<Record<string, keyof DevlinkEvents>> = {
  'lead.created': 'lead.created',
  'lead.updated': 'lead.updated',
  'lead.deleted': 'lead.deleted',
  'lead.status_changed': 'lead.status_changed',
  'appointment.created': 'appointment.created',
  'appointment.updated': 'appointment.updated',
  'appointment.cancelled': 'appointment.cancelled',
  'file.uploaded': 'file.uploaded',
  'file.deleted': 'file.deleted',
  [TEST]: 'test.received',
}

function isEnvelope(body: unknown): body is Readonly<Record<string, unknown>> {
  return isJsonObject(body) && typeof body.event_type === 'string' && Object.hasOwn(body, 'payload')
}

/** The body of the test button: nothing but `test: true`, a message and a time. A lead has more fields. */
function isTest(payload: unknown): boolean {
  return (
    isJsonObject(payload) &&
    payload.test === true &&
    Object.keys(payload).every(key => key === 'test' || key === 'message' || key === 'timestamp')
  )
}

const id = () => z.nullish(z.union([z.string(), z.number()]))
const lead: SchemaCheck<DevlinkLead> = lazySchema(() => z.object({ id: id() }))
const record: SchemaCheck<DevlinkRecord> = lazySchema(() => z.object({ id: id() }))
const test: SchemaCheck<DevlinkTest> = lazySchema(() =>
  z.object({ test: z.literal(true), message: z.nullish(z.string()), timestamp: z.nullish(z.string()) }),
)

/** The check of each type's data. */
export const checks: { readonly [Type in keyof DevlinkEvents]: SchemaCheck<DevlinkEvents[Type]> } = {
  'lead.created': lead,
  'lead.updated': lead,
  'lead.deleted': lead,
  'lead.status_changed': lead,
  'appointment.created': record,
  'appointment.updated': record,
  'appointment.cancelled': record,
  'file.uploaded': record,
  'file.deleted': record,
  'test.received': test,
}
