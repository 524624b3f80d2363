import type { MaybePromise, Verifier } from '../model/verification.ts'

/** What a scheme signs. */
export interface SignableMessage {
  /** The exact bytes that are sent. Text is encoded as UTF-8. */
  readonly body: Uint8Array | string
  /** Message id, for schemes that sign one. Must not contain a full stop. */
  readonly id?: string
  /** When it is sent, in milliseconds since the epoch. Default: now. */
  readonly timestampMs?: number
  /** For schemes that sign the method. Default `POST`. */
  readonly method?: string
  /** For schemes that sign the URL. */
  readonly url?: string
  /** Values of other headers that the scheme signs, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The headers that prove a message. */
export type SignatureHeaders = Readonly<Record<string, string>>

/** A scheme that proves the bytes: signs and verifies. */
export interface SignatureScheme extends Verifier {
  /** The headers to send with a message. */
  sign(message: SignableMessage): MaybePromise<SignatureHeaders>
}
