import { WebhookError } from '../../errors.ts'
import type { Dialect } from './statement.ts'

const PREFIX = /^(?:[a-z_][a-z0-9_]{0,39}\.)?[a-z_][a-z0-9_]{0,29}$/

/** The names of the tables. */
export interface Tables {
  readonly meta: string
  readonly endpoints: string
  readonly lanes: string
  readonly events: string
  readonly idempotency: string
  readonly deliveries: string
  readonly attempts: string
  readonly dedupe: string
  /** What a table's indexes begin with: an index is named without its schema. */
  readonly indexPrefix: string
}

/** Where the tables are unless something else is asked for. */
export const DEFAULT_PREFIX = 'webhook_'

/**
 * Names the tables.
 *
 * @throws {WebhookError} `invalid_option` when the prefix is more than lower-case letters, digits and underscores, with a
 * schema in PostgreSQL.
 */
export function nameTables(prefix: string, dialect: Dialect): Tables {
  if (dialect === 'sqlite' && prefix.includes('.')) {
    throw new WebhookError('invalid_option', 'prefix may not name a schema: tables are made in the file itself', {
      argument: 'prefix',
    })
  }
  if (!PREFIX.test(prefix)) {
    throw new WebhookError(
      'invalid_option',
      'prefix may have lower-case letters, digits and underscores, at most 30, and a schema before a full stop',
      { argument: 'prefix' },
    )
  }
  return {
    meta: `${prefix}meta`,
    endpoints: `${prefix}endpoints`,
    lanes: `${prefix}lanes`,
    events: `${prefix}events`,
    idempotency: `${prefix}idempotency_keys`,
    deliveries: `${prefix}deliveries`,
    attempts: `${prefix}attempts`,
    dedupe: `${prefix}dedupe`,
    indexPrefix: prefix.slice(prefix.indexOf('.') + 1),
  }
}
