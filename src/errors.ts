/**
 * Everything that can be wrong with how the library is *used*. Hostile or broken input from outside never
 * throws: it comes back as a coded result. Codes are stable; messages are not.
 */
export type WebhookErrorCode =
  | 'invalid_option'
  | 'invalid_secret'
  | 'invalid_pattern'
  | 'invalid_provider'
  | 'invalid_preset'
  | 'invalid_template'
  | 'body_already_parsed'
  | 'invalid_endpoint'
  | 'invalid_event'
  | 'not_found'
  | 'conflict'
  | 'unsupported'
  /** The database did not answer, or not in time. Trying again later may help. */
  | 'store_unavailable'
  /**
   * The database was asked to write and did not say whether it did: the connection was lost, or the time was over.
   * Publish again with the same `idempotencyKey`: then it is stored once.
   */
  | 'store_outcome_unknown'
  /** The database refused a value: trying again does not help. */
  | 'store_refused'
  /** The database takes no writes. */
  | 'store_read_only'
  /** The database has no room. */
  | 'store_full'
  /** The tables are missing, or a newer release has made them. */
  | 'store_schema'
  /** What is stored encrypted cannot be read: changed, moved, or of an unknown key. */
  | 'store_encryption'

/** What was being configured or called when a {@link WebhookError} was thrown. Never contains a secret. */
export interface WebhookErrorDetails {
  /** The option or argument at fault, as a path: `basicAuth.password`. */
  readonly argument?: string
  readonly cause?: unknown
}

/**
 * Thrown for misuse: a wrong option, an empty secret, a pattern that can match nothing.
 *
 * Tell errors apart by `code`, not by `instanceof`: an application that loads both the ESM and the CommonJS
 * build has two copies of this class.
 *
 * @example
 * try { pipedrive({ basicAuth: { username: 'crm', password: '' } }) }
 * catch (error) { if (error instanceof WebhookError && error.code === 'invalid_secret') … }
 */
export class WebhookError extends Error {
  override readonly name = 'WebhookError'
  readonly code: WebhookErrorCode
  readonly argument: string | undefined

  constructor(code: WebhookErrorCode, message: string, details: WebhookErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.argument = details.argument
  }
}
