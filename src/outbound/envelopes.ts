import { utf8 } from '../bytes/encoding.ts'
import type { RenderedBody, StoredEvent } from '../model/delivery.ts'
import type { EnvelopeName } from '../model/endpoint.ts'
import { Recent } from '../model/recent.ts'

/** How each envelope writes an event. The data is JSON text already, so it is not parsed and written again. */
const ENVELOPES: Readonly<Record<EnvelopeName, (event: StoredEvent) => string>> = {
  standard: ({ type, timestampMs, data }) => `{"type":${text(type)},"timestamp":${time(timestampMs)},"data":${data}}`,
  whatscrm: ({ type, timestampMs, data }) => `{"event":${text(type)},"timestamp":${time(timestampMs)},"data":${data}}`,
  devlink: ({ type, timestampMs, data }) =>
    `{"event_type":${text(type)},"payload":${data},"timestamp":${time(timestampMs)}}`,
  bare: ({ data }) => data,
}

/** The names of the envelopes. */
export const ENVELOPE_NAMES = Object.keys(ENVELOPES) as readonly EnvelopeName[]

/** A thousand endpoints of one event mostly get the same bytes. */
const written = new Recent<StoredEvent, Partial<Record<EnvelopeName, WrittenBody>>>()

/** A body with the text that it was written from. */
export interface WrittenBody extends RenderedBody {
  readonly text: string
}

/** An event in an envelope. */
export function writeEnvelope(event: StoredEvent, name: EnvelopeName): WrittenBody {
  const bodies = written.get(event, startBodies)
  const known = bodies[name]
  if (known !== undefined) return known
  const text = ENVELOPES[name](event)
  const body = { bytes: utf8(text), contentType: 'application/json', text }
  bodies[name] = body
  return body
}

function startBodies(): Partial<Record<EnvelopeName, WrittenBody>> {
  return {}
}

function text(value: string): string {
  return JSON.stringify(value)
}

function time(milliseconds: number): string {
  return `"${new Date(milliseconds).toISOString()}"`
}
