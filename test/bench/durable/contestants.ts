import { bare } from './bare.ts'
import { bullMq } from './bullmq.ts'
import { graphile } from './graphile.ts'
import { own } from './own.ts'
import { pgBoss } from './pg-boss.ts'
import type { Queue, QueueHost } from './queue.ts'

/** Every contestant by its name. `endpoints` is how many of ours there have to be. */
export const CONTESTANTS = {
  'crm-webhooks, PostgreSQL': (host, endpoints) => own('postgres', 'undici', endpoints, host),
  'crm-webhooks, PostgreSQL, node:http': (host, endpoints) => own('postgres', 'node', endpoints, host),
  'crm-webhooks, SQLite, flushed': (host, endpoints) => own('sqlite', 'undici', endpoints, host),
  'BullMQ 6, Redis': bullMq,
  'pg-boss 12 (Node 24)': pgBoss,
  'graphile-worker': graphile,
  'no queue, nothing stored': bare,
} as const satisfies Readonly<Record<string, (host: QueueHost, endpoints: number) => Promise<Queue>>>

/** A contestant. */
export type ContestantName = keyof typeof CONTESTANTS

/** Whether it is one of ours. */
export function isOurs(name: ContestantName): boolean {
  return name.startsWith('crm-webhooks')
}
