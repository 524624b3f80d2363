/** How requests to an endpoint are authorised, beside their signature. */
export type EndpointAuth =
  | { readonly type: 'none' }
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'apiKey'; readonly header: string; readonly key: string }

/** A signing secret; one that is being replaced goes on signing until it expires. */
export interface EndpointSecret {
  readonly value: string
  /** Milliseconds since the epoch; absent for the current one. */
  readonly expiresAtMs?: number
}

/** Why an endpoint gets nothing. `failing` and `gone` were decided by the sender. */
export type DisabledReason = 'manual' | 'failing' | 'gone'

/** The shape of the body: see the `envelopes` of the sender. */
export type EnvelopeName = 'standard' | 'whatscrm' | 'devlink' | 'bare'

/** A URL that we send to. Everything in it is data: presets, transforms and signature schemes are named. */
export interface Endpoint {
  readonly id: string
  readonly tenant: string | undefined
  readonly name: string
  readonly url: string
  readonly description: string | undefined
  /** Patterns of event types. */
  readonly events: readonly string[]
  /** Only events whose data tells of a change of one of these fields. */
  readonly when: { readonly changed: readonly string[] } | undefined
  readonly status: 'active' | 'disabled'
  readonly disabledReason: DisabledReason | undefined
  readonly disabledAtMs: number | undefined
  /** Since when every attempt has failed. Not written while attempts succeed. */
  readonly failingSinceMs: number | undefined
  /** When a failing endpoint is tried again with one delivery. */
  readonly probeAtMs: number | undefined
  readonly method: 'POST' | 'PUT' | 'PATCH'
  readonly headers: Readonly<Record<string, string>>
  readonly auth: EndpointAuth
  /** A scheme by its name, and the header that it uses instead of its usual one. */
  readonly signature: { readonly scheme: string; readonly header?: string }
  readonly secrets: readonly EndpointSecret[]
  readonly envelope: EnvelopeName
  readonly preset: { readonly name: string; readonly settings: Readonly<Record<string, unknown>> } | undefined
  /** A JSON document with placeholders, as text. */
  readonly template: string | undefined
  /** When a failed delivery is tried again: data that `resolveRetryPolicy` understands. */
  readonly retry: unknown
  /** Covers look-up, connection, headers and body. */
  readonly timeoutSeconds: number
  readonly rateLimit: { readonly limit: number; readonly perSeconds: number } | undefined
  /** Requests at the same time. */
  readonly maxInFlight: number
  /** `subject`: events of one subject one at a time, in order. */
  readonly ordering: 'none' | 'subject'
  readonly metadata: Readonly<Record<string, string>>
  readonly createdAtMs: number
  readonly updatedAtMs: number
}
