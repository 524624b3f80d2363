/** Event types of a provider with the data each carries: `{ 'deal.updated': RecordChange<Deal> }`. */
export type EventMap = Readonly<Record<string, unknown>>

/** What an event's `id` is made of, which decides for how long a repetition counts as a duplicate. */
export type IdSource =
  /** The sender's own id, the same on every retry. */
  | 'sender'
  /** Fields that together name the event once; see the provider's documentation. */
  | 'composite'
  /** SHA-256 of the raw body: the sender gives nothing better. Two equal bodies may be two events. */
  | 'digest'

/** The business fact that a request carried, the same shape for every provider. */
export interface ReceivedEvent<Type extends string = string, Data = unknown> {
  /** Stable over the sender's retries. Never the signature. Empty where there is none: then it has no repetitions. */
  readonly id: string
  readonly idSource: IdSource
  /** Canonical `entity.action`: `deal.updated`. */
  readonly type: Type
  /** The sender's own name: `updated.deal`, `change.deal`, `BOOKING_CREATED`. */
  readonly nativeType: string
  /** Whether the provider's description lists this type. Unknown ones reach only `*` handlers. */
  readonly known: boolean
  readonly provider: string
  /** When it happened, as the sender says; `undefined` when it does not say. */
  readonly time: Date | undefined
  /** First part of the type: `deal`. */
  readonly entity: string
  /** Second part of the type: `updated`. */
  readonly action: string
  /** Id of the record that the event is about, as text. */
  readonly recordId: string | undefined
  /** Which try of the sender this is, from 1; `undefined` when it does not say. */
  readonly attempt: number | undefined
  readonly data: Data
  /** The decoded body, as sent. */
  readonly raw: unknown
  /** The sender uses the answer's body, so a repetition is handled again instead of answered as a duplicate. */
  readonly expectsReply?: boolean
}

/** An event that the provider does not list. */
export type UnknownEvent = ReceivedEvent<string, unknown> & { readonly known: false }

/** What `parse` makes of a verified request. Senders that batch put several events into one request. */
export type ParseResult<Event extends ReceivedEvent = ReceivedEvent> =
  | { readonly ok: true; readonly events: readonly Event[] }
  | {
      readonly ok: false
      /** `malformed_body`: not readable at all. `invalid_data`: readable, but not of the documented shape. */
      readonly code: 'malformed_body' | 'invalid_data'
      readonly message: string
    }

/** The events of a map as one union, told apart by `type`. */
export type EventOf<Events extends EventMap> = {
  [Type in keyof Events & string]: ReceivedEvent<Type, Events[Type]>
}[keyof Events & string]
