import type { MaybePromise } from '../model/verification.ts'

/** The answer to a claim. */
export type Claim =
  /** The caller handles the event now. The token goes with `complete` or `release`. */
  | { readonly state: 'claimed'; readonly token: string }
  /** Somebody else is handling it, at most until the claim runs out. */
  | { readonly state: 'in_progress'; readonly untilMs: number }
  /** It was handled. */
  | { readonly state: 'done' }

/**
 * Remembers which events were handled: claim, then complete or release. A claim runs out, so that one left by a
 * process that died does not swallow the sender's retry. All times are milliseconds since the epoch.
 */
export interface DedupeStore {
  /** Takes the event unless it is taken or done. Must be atomic over all processes that share the store. */
  claim(key: string, times: { readonly nowMs: number; readonly claimUntilMs: number }): MaybePromise<Claim>
  /** Marks it as handled until `keepUntilMs`. Changes nothing when the token is not the current claim's. */
  complete(key: string, token: string, times: { readonly keepUntilMs: number }): MaybePromise<void>
  /** Gives it back, so that the next delivery is handled. Changes nothing when the token is not the current claim's. */
  release(key: string, token: string): MaybePromise<void>
}
