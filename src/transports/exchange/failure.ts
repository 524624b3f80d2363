import type { TransportErrorCode } from '../transport.ts'

/** Why an exchange failed, before its duration is known. */
export interface Failure {
  readonly code: TransportErrorCode
  readonly message: string
}

/** An error that already knows its code: thrown by our own hooks inside an HTTP client. */
export class TransportFailure extends Error {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.message)
    this.failure = failure
  }
}

const CODES: Readonly<Record<string, TransportErrorCode>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  EPIPE: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  ERR_STREAM_PREMATURE_CLOSE: 'connection_reset',
  UND_ERR_SOCKET: 'connection_reset',
  UND_ERR_CLOSED: 'aborted',
  UND_ERR_DESTROYED: 'aborted',
  UND_ERR_ABORTED: 'aborted',
  ETIMEDOUT: 'connection_failed',
  EHOSTUNREACH: 'connection_failed',
  ENETUNREACH: 'connection_failed',
  EADDRNOTAVAIL: 'connection_failed',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  ENOTFOUND: 'dns_failed',
  EAI_AGAIN: 'dns_failed',
  EPROTO: 'tls_failed',
  HOSTNAME_MISMATCH: 'tls_failed',
  UND_ERR_HEADERS_OVERFLOW: 'malformed_response',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'malformed_response',
  UND_ERR_INVALID_ARG: 'invalid_request',
  UND_ERR_NOT_SUPPORTED: 'invalid_request',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'invalid_request',
  ERR_INVALID_CHAR: 'invalid_request',
  ERR_INVALID_HTTP_TOKEN: 'invalid_request',
  ERR_HTTP_INVALID_HEADER_VALUE: 'invalid_request',
  ERR_UNESCAPED_CHARACTERS: 'invalid_request',
}

/** OpenSSL's and Node's names for a certificate or handshake that failed. */
const TLS_CODE =
  /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|ERROR_IN_CERT_)/
const PARSER_CODE = /^HPE_/

/** What an error of an HTTP client means. Looks through the wrappers that clients put around the cause. */
export function classifyError(error: unknown): Failure {
  for (const candidate of causes(error)) {
    if (candidate instanceof TransportFailure) return candidate.failure
    if (isMalformed(candidate)) return { code: 'malformed_response', message: clean(messageOf(candidate)) }
    const code = codeOf(candidate)
    const known = code === undefined ? undefined : knownCode(code)
    if (known !== undefined) return { code: known, message: clean(`${code}: ${messageOf(candidate)}`) }
  }
  return { code: 'connection_failed', message: clean(messageOf(error)) }
}

/** undici's ways to say it, beside its codes: parser errors without one, failed assertions, a refused upgrade. */
function isMalformed(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.name === 'HTTPParserError' || error.name === 'AssertionError' || error.message === 'bad upgrade'
}

function knownCode(code: string): TransportErrorCode | undefined {
  if (Object.hasOwn(CODES, code)) return CODES[code]
  if (TLS_CODE.test(code)) return 'tls_failed'
  return PARSER_CODE.test(code) ? 'malformed_response' : undefined
}

/** The error, what it wraps, and the first of several that were tried at once. */
function causes(error: unknown): readonly unknown[] {
  const found: unknown[] = []
  let next = error
  while (typeof next === 'object' && next !== null && found.length < 5) {
    found.push(next)
    const { cause, errors } = next as { readonly cause?: unknown; readonly errors?: unknown }
    next = cause ?? (Array.isArray(errors) ? (errors as readonly unknown[])[0] : undefined)
  }
  return found
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'the connection failed'
}

/** The other side chooses parts of these texts (names in certificates), and logs are read in terminals. */
function clean(text: string): string {
  return text.slice(0, 300).replace(/[^\x20-\x7e]+/g, ' ')
}
