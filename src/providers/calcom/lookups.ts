import { isJsonObject } from '../../bytes/json.ts'
import { type Lookup, type LookupInput, valueAt } from '../describe.ts'

/** The booking: under `payload`, or, for meetings and Zapier subscriptions, the body itself. */
export function payloadOf(body: unknown): unknown {
  const payload = valueAt(body, 'payload')
  return isJsonObject(payload) ? payload : body
}

/** Whether the booking's fields stand at the root, where `createdAt` is the booking's and not the event's. */
function isFlat(body: unknown): boolean {
  return payloadOf(body) === body
}

export const bookingUid: Lookup = ({ body }) => {
  const payload = payloadOf(body)
  return text(valueAt(payload, 'uid')) ?? text(valueAt(payload, 'bookingUid'))
}

/** When it happened. A meeting's body tells only when it was to start and to end. */
export const eventTime: Lookup = ({ body }) => {
  if (!isFlat(body)) return text(valueAt(body, 'createdAt'))
  const field = valueAt(body, 'triggerEvent') === 'MEETING_ENDED' ? 'endTime' : 'startTime'
  return text(valueAt(body, field)) ?? text(valueAt(body, 'createdAt'))
}

/** `trigger:uid:time`, the time as sent: the same on a retry, another when the booking changes once more. */
export const compositeId = (input: LookupInput): string | undefined => {
  const trigger = text(valueAt(input.body, 'triggerEvent'))
  const uid = bookingUid(input)
  const time = text(valueAt(input.body, isFlat(input.body) ? 'startTime' : 'createdAt'))
  return trigger === undefined || uid === undefined || time === undefined ? undefined : `${trigger}:${uid}:${time}`
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
