import type { EventMap, EventOf, ParseResult, ReceivedEvent } from '../model/event.ts'
import type { WebhookRequest, WebhookResponse } from '../model/http.ts'
import { checkOptions, type FieldTable } from '../model/known-fields.ts'
import type { ReceiveResult } from '../model/receive-result.ts'
import type { ConfidentialParts, MaybePromise, Verifier } from '../model/verification.ts'
import { buildProvider, invalidProvider } from './shared/build-provider.ts'

/** A {@link Provider} without the types of its events. */
export interface AnyProvider {
  /** Lower-case name: `pipedrive`. */
  readonly name: string
  /** Canonical types that it sends; `undefined` when any type is possible. */
  readonly eventTypes: readonly string[] | undefined
  /** The sender's own names of those types, for error messages: `{ call_close: 'call.closed' }`. */
  readonly nativeTypes: Readonly<Record<string, string>>
  /** Methods that carry events. */
  readonly methods: readonly string[]
  /** How long the sender waits for an answer, less a margin, in seconds; `undefined` when it does not say. */
  readonly timeoutSeconds: number | undefined
  /**
   * `false`, for all events or by a function for some, where two may look the same: then none is taken for a repetition
   * of another. Default `true`.
   */
  readonly deduplicate?: boolean | ((event: ReceivedEvent) => boolean)
  /** Where requests carry the secret that proves them, as the verifier tells: the exchange log masks it. */
  readonly confidential?: ConfidentialParts
  readonly verify: Verifier['verify']
  readonly authenticate?: Verifier['authenticate']
  /** Reads a verified request. Never throws on hostile input. */
  parse(request: WebhookRequest): ParseResult
  /** Answers a set-up request of the sender. Asked only after the request was verified. */
  challenge?(request: WebhookRequest): MaybePromise<WebhookResponse | undefined>
  /**
   * Answers a set-up request that the sender does not sign. Asked before verification, for every request, so it
   * must recognise its case exactly and must not sign or reveal anything for a stranger.
   */
  unsignedChallenge?(request: WebhookRequest): MaybePromise<WebhookResponse | undefined>
  /** The answer that this sender wants where it differs from the usual one; `undefined` for the usual one. */
  respond?(result: ReceiveResult): WebhookResponse | undefined
}

/**
 * A service that sends webhooks to us: pure functions from a raw request to a verdict and to events. Each can be
 * used alone, without a receiver.
 */
export interface Provider<Events extends EventMap = EventMap> extends AnyProvider {
  readonly eventTypes: readonly (keyof Events & string)[] | undefined
  parse(request: WebhookRequest): ParseResult<EventOf<Events>>
}

/** What {@link createProvider} takes: a {@link Provider} with everything optional that has a default. */
export interface ProviderOptions<Events extends EventMap> {
  readonly name: string
  readonly verifier: Verifier
  readonly parse: (request: WebhookRequest) => ParseResult<EventOf<Events>>
  /** Default: any type. */
  readonly eventTypes?: readonly (keyof Events & string)[] | undefined
  readonly nativeTypes?: Readonly<Record<string, string>>
  /** Default: `['POST']`. */
  readonly methods?: readonly string[]
  readonly timeoutSeconds?: number
  /**
   * `false`, for all events or by a function for some, where two may look the same: then none is taken for a repetition
   * of another. Default `true`.
   */
  readonly deduplicate?: AnyProvider['deduplicate']
  readonly challenge?: Provider['challenge']
  readonly unsignedChallenge?: Provider['unsignedChallenge']
  readonly respond?: Provider['respond']
}

const OPTIONS: FieldTable<ProviderOptions<EventMap>> = {
  name: true,
  verifier: true,
  parse: true,
  eventTypes: true,
  nativeTypes: true,
  methods: true,
  timeoutSeconds: true,
  deduplicate: true,
  challenge: true,
  unsignedChallenge: true,
  respond: true,
}

/** What another provider has beside its options, for those who build one on it: `{ ...provider, verifier }`. */
const MADE = ['verify', 'authenticate', 'confidential']

/**
 * Builds a provider from data and pure functions.
 *
 * @throws {WebhookError} `invalid_provider` when the name, the verifier or `parse` is missing; `invalid_option` for an
 * option that is not known.
 * @example
 * const acme = createProvider<{ 'order.created': Order }>({
 *   name: 'acme',
 *   verifier: hmacSignature({ secret, signature: { header: 'x-acme-signature' } }),
 *   parse: request => …,
 * })
 */
export function createProvider<Events extends EventMap = EventMap>(options: ProviderOptions<Events>): Provider<Events> {
  if (typeof options !== 'object' || options === null) {
    throw invalidProvider('options', 'must be { name, verifier, parse, … }')
  }
  checkOptions(options, [...Object.keys(OPTIONS), ...MADE], 'createProvider')
  return buildProvider(options)
}
