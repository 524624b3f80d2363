import { newId } from '../../ids.ts'
import type { Claim, DedupeStore } from '../dedupe-store.ts'
import type { Database } from './database.ts'
import { raw, type Steps, sql } from './statement.ts'
import { indexable, passedMs, readNumber, readTextOrUndefined, wholeMs } from './values.ts'

/** A claim that is given back while somebody looks at it can be tried for again. */
const MAX_LOOKS = 5

type Times = Parameters<DedupeStore['claim']>[1]

/** Remembers handled events for all processes that share the database. */
export function sqlDedupeStore(database: Database): DedupeStore {
  const table = raw(database.tables.dedupe)
  return {
    claim: (key, times) => database.write(() => claim(indexable(key), newId('clm'), whole(times))),
    async complete(key, token, { keepUntilMs }) {
      await database.write(function* (): Steps<void> {
        yield sql`update ${table} set token = null, until_ms = ${wholeMs(keepUntilMs)}
          where key = ${indexable(key)} and token = ${token}`
      })
    },
    async release(key, token) {
      await database.write(function* (): Steps<void> {
        yield sql`delete from ${table} where key = ${indexable(key)} and token = ${token}`
      })
    },
  }

  function* claim(key: string, token: string, { nowMs, claimUntilMs }: Times): Steps<Claim> {
    for (let look = 0; look < MAX_LOOKS; look++) {
      const taken =
        yield sql`insert into ${table} as held (key, token, until_ms) values (${key}, ${token}, ${claimUntilMs})
        on conflict (key) do update set token = excluded.token, until_ms = excluded.until_ms
        where held.until_ms <= ${nowMs} returning key`
      if (taken.length > 0) return { state: 'claimed', token }
      const [row] = yield sql`select token, until_ms from ${table} where key = ${key}`
      if (row === undefined) continue
      if (readTextOrUndefined(row, 'token') === undefined) return { state: 'done' }
      return { state: 'in_progress', untilMs: readNumber(row, 'until_ms') }
    }
    return { state: 'in_progress', untilMs: claimUntilMs }
  }
}

function whole({ nowMs, claimUntilMs }: Times): Times {
  return { nowMs: passedMs(nowMs), claimUntilMs: wholeMs(claimUntilMs) }
}
