import type { Clock } from '../../clock.ts'
import { WebhookError } from '../../errors.ts'
import type { Sealer } from '../encryption/sealer.ts'
import type { DeliveryStore, Store } from '../store.ts'
import { SqlAttempts } from './attempts.ts'
import type { Database } from './database.ts'
import { sqlDedupeStore } from './dedupe.ts'
import { SqlDeliveries } from './deliveries.ts'
import { SqlEndpoints } from './endpoints.ts'
import { Lanes } from './lanes.ts'
import { type Pruned, type PruneOptions, prune } from './prune.ts'
import type { QueueStatements } from './queue.ts'
import { type Reencrypted, reencryptBodies } from './reencrypt.ts'

/** A store in a database. */
export interface SqlStore extends Store {
  start(): Promise<void>
  close(): Promise<void>
  /**
   * Deletes what is older than it has to be kept. To be called now and then; nothing is deleted otherwise.
   *
   * @example setInterval(() => store.prune({ attemptsOlderThanSeconds: 30 * 86_400 }), 3_600_000)
   */
  prune(options: PruneOptions): Promise<Pruned>
  /**
   * Encrypts all endpoints and rendered bodies with the first of the keys: after one was replaced, or when encryption
   * was turned on for a store that was in use. Bit by bit, beside other work; one that was interrupted can be called
   * again. What is encrypted so already is left alone.
   *
   * @throws {WebhookError} `invalid_option` for a store without `encryption`.
   */
  reencrypt(): Promise<Reencrypted>
}

/** What a store is made of. */
export interface SqlStoreParts {
  readonly database: Database
  readonly sealer: Sealer | undefined
  readonly clock: Clock
  readonly statements: (lanes: Lanes) => QueueStatements
  readonly onEnqueued?: NonNullable<DeliveryStore['onEnqueued']>
  /** The time by which things are old. Default: the clock's. */
  readonly nowMs?: () => Promise<number>
}

/** Puts a store together. */
export function createSqlStore(parts: SqlStoreParts): SqlStore {
  const { database, sealer, clock, statements, onEnqueued, nowMs = async () => clock.now() } = parts
  const lanes = new Lanes(database)
  const endpoints = new SqlEndpoints(database, sealer)
  const deliveries = new SqlDeliveries({ database, lanes, queue: statements(lanes), sealer, clock })
  return {
    endpoints,
    deliveries: onEnqueued === undefined ? deliveries : Object.assign(deliveries, { onEnqueued }),
    attempts: new SqlAttempts(database),
    dedupe: sqlDedupeStore(database),
    start: () => database.start(),
    close: () => database.close(),
    prune: async options => prune(database, options, await nowMs()),
    async reencrypt() {
      if (sealer === undefined) {
        throw new WebhookError('invalid_option', 'reencrypt needs a store with encryption.keys', {
          argument: 'encryption',
        })
      }
      const own = await endpoints.reencrypt(sealer)
      const bodies = await reencryptBodies(database, sealer)
      const unreadable = own.unreadable + bodies.unreadable
      return { endpoints: own.resealed, bodies: bodies.resealed, unreadable }
    },
  }
}
