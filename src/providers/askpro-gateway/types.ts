type Maybe<T> = T | null | undefined

/**
 * A service case in AskPro's default body. The ticket's texts are checked on receipt; the rest is typed as documented.
 */
export interface AskproServiceCase {
  readonly ticket: {
    /** `TKT-2026-00001`. */
    readonly reference: string
    readonly summary?: Maybe<string>
    readonly description?: Maybe<string>
    /** `incident`, `request`, … */
    readonly type?: Maybe<string>
    readonly priority?: Maybe<string>
    readonly category?: Maybe<string>
    /** ISO 8601. */
    readonly created_at?: Maybe<string>
  }
  readonly context?: Maybe<{
    readonly urgency?: Maybe<string>
    readonly impact?: Maybe<string>
    readonly problem_since?: Maybe<string>
    readonly others_affected?: Maybe<boolean>
    readonly use_case_detail?: Maybe<string>
    readonly use_case_category?: Maybe<string>
  }>
  /** A recording, for a limited time. */
  readonly audio?: Maybe<{ readonly url?: Maybe<string>; readonly expires_at?: Maybe<string> }>
  readonly customer?: Maybe<{
    readonly name?: Maybe<string>
    readonly company?: Maybe<string>
    readonly phone?: Maybe<string>
    readonly email?: Maybe<string>
    readonly location?: Maybe<string>
  }>
  readonly transcript?: Maybe<{
    readonly format?: Maybe<string>
    readonly segment_count?: Maybe<number>
    readonly segments?: Maybe<
      readonly { readonly role?: Maybe<string>; readonly content?: Maybe<string>; readonly timestamp?: unknown }[]
    >
  }>
}

/** Everything that the Service Gateway sends. */
export type AskproGatewayEvents = { readonly 'service_case.created': AskproServiceCase }

/** The events of an output with a preset or a template of its own, which decides the shape of the data. */
export type AskproGatewayCustomEvents = { readonly 'service_case.created': unknown }
