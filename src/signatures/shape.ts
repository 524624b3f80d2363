import type { HashAlgorithm } from '../bytes/hash.ts'

/** How bytes are written in a header. Hex is read in either case. */
export type SignatureEncoding = 'hex' | 'base64' | 'base64url'

/** Where a signature stands in the request and how it is cut out of its surroundings. */
export type SignatureLocation =
  | {
      /** The header, or several that each may hold one (Box, DocuSign). */
      readonly header: string | readonly string[]
      /** Text before the signature that must be there: `sha256=`, `v0=`, `HMAC `. */
      readonly prefix?: string
    }
  | {
      readonly header: string
      /** `t=…,v1=…,v1=…`: separated items, each a tag and a value; all items with the tag are candidates. */
      readonly list: { readonly separator: string; readonly tagSeparator: string; readonly tag: string }
    }
  | {
      readonly header: string
      /**
       * `hmac;1;<time>;<signature>`: fields by position, named in order. `signature` and `timestamp` are read,
       * `*` is passed over, any other name must stand there literally. `repeat: true` lets the last field repeat
       * (Recurly); `lists` says what separates several such groups (`,` for Quo).
       */
      readonly fields: readonly string[]
      readonly separator: string
      readonly repeat?: boolean
      readonly lists?: string
    }
  /** A JSON body's value by dotted path. Cannot be used to sign. */
  | { readonly bodyPath: string }

/** Where the signed time stands, and how far it may be from now. */
export interface TimestampRule {
  /** A header; a tag of the signature list; the `timestamp` field of the signature fields; a path in the JSON body. */
  readonly from: { readonly header: string } | { readonly tag: string } | 'field' | { readonly bodyPath: string }
  /** `s` and `ms` are decimal digits since the epoch; `iso` is ISO 8601. Default `s`. */
  readonly unit?: 's' | 'ms' | 'iso'
  /** How far the time may lie from now, inclusive, in seconds; finite and positive. Default 300. */
  readonly toleranceSeconds?: number
}

/** How a regular sender proves its requests. */
export interface SignatureShape {
  readonly signature: SignatureLocation
  /** Default `hex`. */
  readonly encoding?: SignatureEncoding
  /**
   * The signed text, with the parts in braces: `{body}`, `{timestamp}` (as received), `{url}`, `{method}`,
   * `{secret}` (plain hashes only), `{header:webhook-id}`, `{bodyPath:signature.token}`, `{form}` (names and
   * values of a form body, sorted by name, joined without separators). Everything else is literal. Default `{body}`.
   *
   * @example '{header:webhook-id}.{timestamp}.{body}', 'v0:{timestamp}:{body}'
   */
  readonly message?: string
  /** Default: the scheme has no signed time. */
  readonly timestamp?: TimestampRule
  /** Overrides the request's URL where the scheme signs it: the public URL as configured at the sender. */
  readonly url?: string
}

/** How the text of a secret becomes key bytes. */
export interface KeyDecoding {
  /** Default `utf8`: the characters are the key. */
  readonly decode?: 'utf8' | 'base64' | 'hex'
  /** Text that is cut off before decoding where it is present: `whsec_`. */
  readonly stripPrefix?: string
}

/** Digest of a scheme. Default `sha256`. */
export type { HashAlgorithm }
