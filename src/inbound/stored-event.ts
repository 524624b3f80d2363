import type { ReceivedEvent } from '../model/event.ts'

/** Marks a text that stands for something else. A text that begins with it is written with two. */
const MARK = '~'
const DATE = `${MARK}date:`

/** An event as JSON text. Dates survive: JSON alone would make texts of them. */
export function encodeEvent(event: ReceivedEvent): string {
  return JSON.stringify(event, function (this: Readonly<Record<string, unknown>>, key, value: unknown) {
    // `value` is what `toJSON` made of it already.
    const original = this[key]
    if (original instanceof Date) return DATE + original.getTime()
    return typeof value === 'string' && value.startsWith(MARK) ? MARK + value : value
  })
}

/** The event that {@link encodeEvent} wrote. */
export function decodeEvent(text: string): ReceivedEvent {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(MARK)) return value
    return value.startsWith(DATE) ? new Date(Number(value.slice(DATE.length))) : value.slice(MARK.length)
  }) as ReceivedEvent
}
