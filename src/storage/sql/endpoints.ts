import { WebhookError } from '../../errors.ts'
import type { Endpoint } from '../../model/endpoint.ts'
import { ifReadable, openText, resealText, sealText } from '../encryption/sealed-text.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { pageSize } from '../page-size.ts'
import type { EndpointPage, EndpointStore } from '../store.ts'
import type { Database } from './database.ts'
import { readCursor, toPage } from './paging.ts'
import type { Resealed } from './reencrypt.ts'
import { DIRECTION } from './rows.ts'
import { type Row, raw, type Sql, type Steps, sql } from './statement.ts'
import { readText, textOrNull, wholeMs } from './values.ts'

/**
 * Endpoints, each as one document. Not only its secrets are sealed but all of it: the address of a chat's incoming
 * hook is a secret as well, and so may be a header.
 */
export class SqlEndpoints implements EndpointStore {
  readonly #database: Database
  readonly #sealer: Sealer | undefined
  readonly #table: Sql
  readonly #lanes: Sql
  readonly #meta: Sql

  constructor(database: Database, sealer: Sealer | undefined) {
    this.#database = database
    this.#sealer = sealer
    this.#table = raw(database.tables.endpoints)
    this.#lanes = raw(database.tables.lanes)
    this.#meta = raw(database.tables.meta)
  }

  async insert(endpoint: Endpoint): Promise<void> {
    const { id, tenant, status, updatedAtMs } = endpoint
    const document = await this.#write(endpoint)
    const insert = sql`insert into ${this.#table} (id, tenant, status, updated_at_ms, document)
      values (${id}, ${textOrNull(tenant)}, ${status}, ${wholeMs(updatedAtMs)}, ${document})
      on conflict (id) do nothing returning no`
    // With its lane: one that a transaction of the host created would hold up all that publish to it until that ends.
    const lane = sql`insert into ${this.#lanes} (direction, name, endpoint_id) values (${DIRECTION.outbound}, ${id}, ${id})
      on conflict (direction, name, endpoint_id) do nothing`
    if (await this.#change(insert, lane)) return
    throw new WebhookError('conflict', 'endpoints.insert: there is an endpoint with this id', {
      argument: 'endpoint.id',
    })
  }

  async get(id: string, tenant?: string): Promise<Endpoint | undefined> {
    const rows = await this.#database.read(
      sql`select id, document from ${this.#table} where id = ${id} ${ofTenant(tenant)}`,
    )
    return rows[0] && this.#read(rows[0])
  }

  async replace(endpoint: Endpoint, expectedUpdatedAtMs: number): Promise<boolean> {
    const { id, tenant, status, updatedAtMs } = endpoint
    const document = await this.#write(endpoint)
    const same = tenant === undefined ? sql`tenant is null` : sql`tenant = ${tenant}`
    return this.#change(sql`update ${this.#table}
      set status = ${status}, updated_at_ms = ${wholeMs(updatedAtMs)}, document = ${document}
      where id = ${id} and updated_at_ms = ${wholeMs(expectedUpdatedAtMs)} and ${same} returning no`)
  }

  delete(id: string, tenant?: string): Promise<boolean> {
    return this.#change(sql`delete from ${this.#table} where id = ${id} ${ofTenant(tenant)} returning no`)
  }

  async list(filter: Parameters<EndpointStore['list']>[0]): Promise<EndpointPage> {
    const size = pageSize(filter)
    const before = readCursor(filter)
    const rows = await this.#database.read(sql`select no, id, document from ${this.#table} where true
      ${ofTenant(filter.tenant)}
      ${filter.status === undefined ? raw('') : sql`and status = ${filter.status}`}
      ${before === undefined ? raw('') : sql`and no < ${before[0]}`}
      order by no desc limit ${size + 1}`)
    const { items, ...page } = toPage(rows, size, ['no', 'none'], row => row)
    const read = await Promise.all(items.map(row => ifReadable(() => this.#read(row))))
    const unreadable = items.filter((_, index) => read[index] === null).map(row => readText(row, 'id'))
    const endpoints = read.filter(one => one !== null)
    return { items: endpoints, ...page, ...(unreadable.length > 0 && { unreadable }) }
  }

  async version(): Promise<string> {
    const rows = await this.#database.read(sql`select value from ${this.#meta} where name = 'endpoints_version'`)
    return rows[0] === undefined ? '' : readText(rows[0], 'value')
  }

  /** Seals every endpoint with the first of the keys. */
  async reencrypt(sealer: Sealer): Promise<Resealed> {
    const total = { resealed: 0, unreadable: 0 }
    for (const row of await this.#database.read(sql`select id, document from ${this.#table}`)) {
      const [id, before] = [readText(row, 'id'), readText(row, 'document')]
      const document = await ifReadable(() => resealText(before, placeOf(id), sealer))
      if (document === null) total.unreadable++
      if (typeof document !== 'string') continue
      total.resealed++
      // One that was changed meanwhile has been sealed anew by that.
      await this.#change(
        sql`update ${this.#table} set document = ${document} where id = ${id} and document = ${before} returning no`,
      )
    }
    return total
  }

  /** Writes, and changes the version if there was anything to write. What goes with it is written then, too. */
  #change(write: Sql, also?: Sql): Promise<boolean> {
    const meta = this.#meta
    return this.#database.transaction(function* (): Steps<boolean> {
      const rows = yield write
      if (rows.length === 0) return false
      if (also !== undefined) yield also
      yield sql`update ${meta} set value = value + 1 where name = 'endpoints_version'`
      return true
    })
  }

  #write(endpoint: Endpoint): Promise<string> {
    return sealText(JSON.stringify(endpoint), placeOf(endpoint.id), this.#sealer)
  }

  async #read(row: Row): Promise<Endpoint> {
    const document = await openText(readText(row, 'document'), placeOf(readText(row, 'id')), this.#sealer)
    return { ...ABSENT, ...(JSON.parse(document) as Endpoint) }
  }
}

/** JSON has no fields that are there and undefined. */
const ABSENT = {
  tenant: undefined,
  description: undefined,
  when: undefined,
  disabledReason: undefined,
  disabledAtMs: undefined,
  failingSinceMs: undefined,
  probeAtMs: undefined,
  preset: undefined,
  template: undefined,
  retry: undefined,
  rateLimit: undefined,
} as const

/** A condition on the tenant; none for all tenants. */
export function ofTenant(tenant: string | undefined): Sql {
  return tenant === undefined ? raw('') : sql`and tenant = ${tenant}`
}

function placeOf(id: string): string {
  return `endpoint:${id}`
}
