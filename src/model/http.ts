/**
 * Headers in whatever shape the host has them: Web `Headers`, Node's `headers` or `headersDistinct`, or
 * ordered pairs. Names are compared without regard to case.
 */
export type HeadersInput =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | ReadonlyArray<readonly [name: string, value: string]>

/** A request as it came in: the exact bytes, nothing decoded. */
export interface WebhookRequest {
  /** `POST`, `GET`, … in upper case. */
  readonly method: string
  /**
   * The URL as the sender addressed it. A path is enough for senders that do not sign the URL; for those that
   * do (Twilio, HubSpot, Square, Trello), give the public URL as it is configured at the sender.
   */
  readonly url: string
  readonly headers: HeadersInput
  /** The raw body. Never re-serialise a parsed one: the signature covers these bytes. */
  readonly body: Uint8Array
  /** Address of the socket's peer, for allow-lists. Not a forwarded header. */
  readonly remoteAddress?: string | undefined
}

/** What reading a body came to. */
export type BodyResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | {
      readonly ok: false
      /**
       * `too_large`: more than the limit, reading stopped there. `aborted`: the sender went away.
       * `already_parsed`: a framework consumed the stream; `message` names the fix.
       */
      readonly reason: 'too_large' | 'aborted' | 'already_parsed'
      readonly message?: string
    }

/**
 * Reads the exact bytes of a body, at most `maxBytes` of them, counting while reading. Never rejects. Hands over what
 * stops the reading: it is called when the body takes too long, and then nothing more is read or kept.
 */
export type BodyReader = (maxBytes: number, stoppable?: (stop: () => void) => void) => Promise<BodyResult>

/** A request whose body has not been read yet; what framework adapters hand to a receiver. */
export interface IncomingRequest extends Omit<WebhookRequest, 'body'> {
  readonly body: Uint8Array | BodyReader
}

/** An answer, ready for any framework to send. */
export interface WebhookResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Every value of a header, in order; empty when it is absent. */
export function headerValues(headers: HeadersInput, name: string): readonly string[] {
  if (isWebHeaders(headers)) {
    const value = headers.get(name)
    return value === null ? [] : [value]
  }
  if (isPairs(headers)) return headers.filter(([key]) => equalsIgnoringCase(key, name)).map(([, value]) => value)
  const direct = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (direct !== undefined) return typeof direct === 'string' ? [direct] : direct
  const found: string[] = []
  for (const key of Object.keys(headers)) {
    if (!equalsIgnoringCase(key, name)) continue
    const value = headers[key]
    if (typeof value === 'string') found.push(value)
    else if (value !== undefined) found.push(...value)
  }
  return found
}

/** The value of a header that must not be repeated: `undefined` when it is absent or came more than once. */
export function singleHeader(headers: HeadersInput, name: string): string | undefined {
  const values = headerValues(headers, name)
  return values.length === 1 ? values[0] : undefined
}

/** All headers with their values, a repeated name of a record with all of them. */
export function headerEntries(headers: HeadersInput): ReadonlyArray<readonly [string, string | readonly string[]]> {
  if (isPairs(headers)) return headers
  if (isWebHeaders(headers)) {
    const entries: Array<readonly [string, string]> = []
    headers.forEach((value, name) => {
      entries.push([name, value])
    })
    return entries
  }
  return Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

/** The path of a URL that may be absolute or a bare path, without query and fragment. Never throws. */
export function urlPath(url: string): string {
  const start = url.startsWith('/') ? 0 : url.indexOf('/', url.indexOf('://') + 3)
  if (start === -1) return '/'
  const end = url.slice(start).search(/[?#]/)
  return end === -1 ? url.slice(start) : url.slice(start, start + end)
}

/** Query parameters of a URL that may be absolute or a bare path. Never throws. */
export function urlQuery(url: string): URLSearchParams {
  const start = url.indexOf('?')
  if (start === -1) return new URLSearchParams()
  const end = url.indexOf('#', start)
  return new URLSearchParams(end === -1 ? url.slice(start + 1) : url.slice(start + 1, end))
}

function isWebHeaders(headers: HeadersInput): headers is Headers {
  return typeof (headers as Headers).get === 'function'
}

function isPairs(headers: HeadersInput): headers is ReadonlyArray<readonly [string, string]> {
  return Array.isArray(headers)
}

function equalsIgnoringCase(a: string, b: string): boolean {
  return a.length === b.length && a.toLowerCase() === b.toLowerCase()
}
