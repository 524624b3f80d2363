import { bare } from './bare.ts'
import { bullMq } from './bullmq.ts'
import { graphile } from './graphile.ts'
import { own } from './own.ts'
import { pgBoss } from './pg-boss.ts'
import type { Queue, QueueHost } from './queue.ts'

/** Every contestant by its name. `endpoints` is how many of ours there have to be. */
export const CONTESTANTS = {
  'crm-webhooks, PostgreSQL': (host, endpoints) => own('postgres', 'full', endpoints, host),
  'crm-webhooks, PostgreSQL, successes in brief': (host, endpoints) => own('postgres', 'brief', endpoints, host),
  'crm-webhooks, SQLite, flushed': (host, endpoints) => own('sqlite', 'full', endpoints, host),
  'crm-webhooks, SQLite, flushed, successes in brief': (host, endpoints) => own('sqlite', 'brief', endpoints, host),
  'BullMQ 6, Redis': bullMq,
  'pg-boss 12 (Node 24)': pgBoss,
  'graphile-worker': graphile,
  'no queue, nothing stored': bare,
} as const satisfies Readonly<Record<string, (host: QueueHost, endpoints: number) => Promise<Queue>>>

/** A contestant. */
export type ContestantName = keyof typeof CONTESTANTS

/** Whether it is a queue of others, to be compared with. */
export function isPeer(name: ContestantName): boolean {
  return !name.startsWith('crm-webhooks') && name !== 'no queue, nothing stored'
}
