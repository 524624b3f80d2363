import {
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  utf8,
} from '../bytes/encoding.ts'
import { systemNow } from '../clock.ts'
import type { WebhookRequest } from '../model/http.ts'
import { type Refusal, refuse, type VerifyContext } from '../model/verification.ts'
import { invalidOption } from './invalid-option.ts'
import {
  fillMessage,
  type MessageSource,
  type MessageTemplate,
  parseMessageTemplate,
  usesPart,
} from './message-template.ts'
import { BodyReader, isRefusal, requireHeader } from './request-parts.ts'
import type { SignableMessage, SignatureHeaders } from './scheme.ts'
import type { SignatureEncoding, SignatureShape, TimestampRule } from './shape.ts'
import { checkLocation, locateSignature, placeSignature } from './signature-location.ts'
import { checkFreshness, formatTimestamp, parseTimestamp, requireTolerance } from './timestamp.ts'

/** The pieces of the signed text. */
export type MessagePieces = ReadonlyArray<string | Uint8Array>

/** What a request claims: signatures, and the text that they should cover. */
export interface SignedRequest {
  readonly ok: true
  /** All of the length that the scheme's signatures have, where that is fixed. */
  readonly signatures: readonly Uint8Array[]
  readonly timestampMs: number | undefined
  readonly source: MessageSource
}

/** A shape that was checked and taken apart once. */
export interface PreparedShape {
  read(request: WebhookRequest, context: VerifyContext | undefined): SignedRequest | Refusal
  /** The text that a request should have signed. `secret` fills that part of it, where there is one. */
  message(read: SignedRequest, secret?: Uint8Array): MessagePieces | Refusal
  write(message: SignableMessage): {
    readonly message: (secret?: Uint8Array) => MessagePieces
    readonly headers: (signatures: readonly Uint8Array[]) => SignatureHeaders
  }
}

/**
 * @param signatureBytes the length of a signature, where the algorithm fixes it.
 * @throws {WebhookError} `invalid_option`, naming the part of the shape that is wrong.
 */
export function prepareShape(shape: SignatureShape, signatureBytes?: number): PreparedShape {
  const { signature: location, timestamp: rule, encoding = 'hex' } = shape
  checkLocation(location)
  const decode = DECODERS[encoding]
  if (decode === undefined) throw invalidOption('encoding', "must be 'hex', 'base64' or 'base64url'")
  const template = parseMessageTemplate(shape.message ?? '{body}')
  checkTimestampRule(shape, template)
  const unit = rule?.unit ?? 's'
  const toleranceSeconds = requireTolerance('timestamp.toleranceSeconds', rule?.toleranceSeconds)
  if (rule !== undefined && !isSigned(rule, template)) throw invalidOption('timestamp', UNSIGNED)
  const digits = signatureBytes === undefined ? '' : ` of ${signatureBytes} bytes`
  const malformed = `the signature is not ${encoding} text${digits}`
  const timestampTag =
    rule !== undefined && typeof rule.from === 'object' && 'tag' in rule.from ? rule.from.tag : undefined

  return {
    read(request, context) {
      const body = new BodyReader(request.body)
      const located = locateSignature(location, request, body, timestampTag)
      if (isRefusal(located)) return located
      const signatures: Uint8Array[] = []
      for (const candidate of located.candidates) {
        const signature = decode(candidate)
        if (signature !== undefined && (signatureBytes ?? signature.length) === signature.length)
          signatures.push(signature)
      }
      if (signatures.length === 0) return refuse('malformed_signature', malformed)
      let timestamp: string | undefined
      let timestampMs: number | undefined
      if (rule !== undefined) {
        const text = readTimestamp(rule, request, body, located.timestamp)
        if (typeof text !== 'string') return text
        timestamp = text
        timestampMs = parseTimestamp(text, unit)
        if (timestampMs === undefined)
          return refuse('malformed_timestamp', 'the signed time is not of the expected form')
        const stale = checkFreshness(timestampMs, readNow(context), unit, toleranceSeconds)
        if (stale !== undefined) return stale
      }
      return { ok: true, signatures, timestampMs, source: { request, body, timestamp, url: shape.url } }
    },
    message: ({ source }, secret) => fillMessage(template, secret ? { ...source, secret } : source),
    write(message) {
      const timestamp = rule && formatTimestamp(message.timestampMs ?? systemNow(), unit)
      const request = toRequest(message)
      const source = { request, body: new BodyReader(request.body), timestamp, url: shape.url ?? message.url }
      return {
        message(secret) {
          const pieces = fillMessage(template, secret ? { ...source, secret } : source)
          if (isRefusal(pieces)) throw invalidOption('message', `cannot be signed: ${pieces.message}`)
          return pieces
        },
        headers(signatures) {
          const encoded = signatures.map(ENCODERS[encoding])
          const placed = placeSignature(location, encoded, { tag: timestampTag, text: timestamp })
          const from = rule?.from
          return typeof from === 'object' && 'header' in from ? { ...placed, [from.header]: timestamp ?? '' } : placed
        },
      }
    },
  }
}

/** The time of a verification. */
export function readNow(context: VerifyContext | undefined): number {
  const now = context?.now ?? systemNow()
  if (typeof now !== 'number' || !Number.isFinite(now))
    throw invalidOption('now', 'must be milliseconds since the epoch')
  return now
}

/** Text counts as UTF-8. */
export function toBytes(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? utf8(body) : body
}

const DECODERS: Readonly<Record<SignatureEncoding, (text: string) => Uint8Array | undefined>> = {
  hex: decodeHex,
  base64: decodeBase64,
  base64url: decodeBase64Url,
}

const ENCODERS: Readonly<Record<SignatureEncoding, (bytes: Uint8Array) => string>> = {
  hex: encodeHex,
  base64: encodeBase64,
  base64url: encodeBase64Url,
}

function checkTimestampRule({ timestamp: rule, signature }: SignatureShape, template: MessageTemplate): void {
  if (rule === undefined) {
    if (usesPart(template, 'timestamp')) throw invalidOption('timestamp', 'is missing, but the message has {timestamp}')
    return
  }
  const { header, tag, bodyPath }: Readonly<Record<string, unknown>> = { ...(rule.from as object) }
  if (rule.from !== 'field' && typeof (header ?? tag ?? bodyPath) !== 'string') {
    throw invalidOption('timestamp.from', 'needs header, tag or bodyPath')
  }
  if (rule.from === 'field' ? !('fields' in signature) : 'tag' in rule.from && !('list' in signature)) {
    throw invalidOption('timestamp.from', 'does not go with this kind of signature location')
  }
  if (rule.from === 'field' && 'fields' in signature && !signature.fields.includes('timestamp')) {
    throw invalidOption('timestamp.from', "needs a field named 'timestamp'")
  }
  if (rule.unit !== undefined && !['s', 'ms', 'iso'].includes(rule.unit)) {
    throw invalidOption('timestamp.unit', "must be 's', 'ms' or 'iso'")
  }
}

const UNSIGNED =
  'is not part of the message, so whoever sends a request again could change it: write {timestamp} where it was signed'

/** Whether the signed text has the time in it, by whatever name. */
function isSigned({ from }: TimestampRule, template: MessageTemplate): boolean {
  return template.some(part => {
    if (part.kind === 'timestamp') return true
    if (typeof from !== 'object') return false
    if ('header' in from) return part.kind === 'header' && part.name === from.header.toLowerCase()
    if (!('bodyPath' in from)) return false
    return part.kind === 'body' || part.kind === 'form' || (part.kind === 'bodyPath' && part.name === from.bodyPath)
  })
}

function readTimestamp(
  { from }: TimestampRule,
  request: WebhookRequest,
  body: BodyReader,
  located: string | undefined,
): string | Refusal {
  if (typeof from === 'object' && 'header' in from) return requireHeader(request, from.header)
  if (typeof from === 'object' && 'bodyPath' in from) return body.textAt(from.bodyPath)
  return located ?? refuse('malformed_signature', 'the signature header has no time in it')
}

function toRequest(message: SignableMessage): WebhookRequest {
  return {
    method: message.method ?? 'POST',
    url: message.url ?? '',
    headers: message.headers ?? {},
    body: toBytes(message.body),
  }
}
