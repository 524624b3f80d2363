/** One HTTP request, ready to go. */
export interface TransportRequest {
  readonly url: URL | string
  /** `POST`, `PUT`, `PATCH`, … */
  readonly method: string
  /** Beside `host` and `content-length`, which the transport sets itself. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Covers everything: look-up, connection, request, headers and body of the answer. Milliseconds, more than 0. */
  readonly timeoutMs: number
  /** How much of the answer's body is read and kept, in bytes. Default 65,536. */
  readonly maxResponseBytes?: number
  /**
   * Whose request it is, usually the endpoint's id. A connection is kept for its owner's next request and never used
   * for another owner's. Without one it is used once.
   */
  readonly owner?: string | undefined
  /** Gives up the attempt. */
  readonly signal?: AbortSignal | undefined
  /** Client certificate and trusted authorities, as PEM. Hand in the same object again to keep using a connection. */
  readonly tls?: TransportTls | undefined
}

/** Client certificate and trusted authorities, as PEM text. */
export interface TransportTls {
  readonly cert?: string
  readonly key?: string
  /** Trusted instead of the runtime's authorities. */
  readonly ca?: string
}

/** Why there is no answer. */
export type TransportErrorCode =
  /** Not done within `timeoutMs`. */
  | 'timeout'
  /** By `signal`, or because the transport was closed. */
  | 'aborted'
  | 'connection_refused'
  /** Closed or reset before the answer was complete. */
  | 'connection_reset'
  /** No route, no such network, and other failures to connect. */
  | 'connection_failed'
  | 'dns_failed'
  /** No TLS, a certificate that is not valid for the name, or a client certificate refused. */
  | 'tls_failed'
  /** The address guard refused the URL or the address behind it. */
  | 'address_refused'
  /** Not HTTP, or more headers than fit. */
  | 'malformed_response'
  /** The request itself cannot be sent: a bad header, method or option. */
  | 'invalid_request'

/** What came of a request. */
export type TransportResult =
  | {
      readonly ok: true
      /** Any status, as sent. */
      readonly status: number
      readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
      /** As it was sent, at most `maxResponseBytes`; never decompressed by the Node transports. */
      readonly body: Uint8Array
      /** Whether there was more of the body. */
      readonly truncated: boolean
      readonly durationMs: number
    }
  | {
      readonly ok: false
      readonly code: TransportErrorCode
      /** For logs: no secrets, no control characters. */
      readonly message: string
      readonly durationMs: number
    }

/**
 * Performs one HTTP exchange. Never follows a redirect, never sends twice, never rejects: whatever the other side does
 * comes back as a result, within the time limit.
 *
 * The package has `nodeTransport`, `undiciTransport` and `fetchTransport`; write one for another client, or for tests.
 */
export interface Transport {
  send(request: TransportRequest): Promise<TransportResult>
  /** Ends what is under way as `aborted` and closes the connections. */
  close?(): Promise<void>
}

/** Default of `maxResponseBytes`: 64 KiB. */
export const DEFAULT_MAX_RESPONSE_BYTES = 65_536
