import { createSender } from 'crm-webhooks'
import { type SqlStore, sqliteStore } from 'crm-webhooks/storage/sqlite'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { createSealer } from '../../src/storage/encryption/sealer.ts'
import { claim, endpoint, newEvent, settlement } from '../../src/testing/store-contract/support.ts'
import { guard, endpoint as input } from '../outbound/support.ts'
import { recordingLogger } from '../support/acme.ts'

const KEY = '11'.repeat(32)
const OTHER = '22'.repeat(32)
const bytes = new TextEncoder().encode('a secret')

describe('sealing', () => {
  it('gives back what it was given, at the same place only', async () => {
    const sealer = createSealer({ keys: [KEY] })
    const sealed = await sealer.seal(bytes, 'endpoint:a')
    expect(await sealer.open(sealed, 'endpoint:a')).toEqual(bytes)
    await expect(sealer.open(sealed, 'endpoint:b')).rejects.toMatchObject({ code: 'store_encryption' })
  })

  it('never gives the same twice', async () => {
    const sealer = createSealer({ keys: [KEY] })
    expect(await sealer.seal(bytes, 'p')).not.toEqual(await sealer.seal(bytes, 'p'))
  })

  it('refuses every flipped bit', async () => {
    const sealer = createSealer({ keys: [KEY] })
    const sealed = await sealer.seal(bytes, 'p')
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = sealed.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      await expect(sealer.open(flipped, 'p')).rejects.toMatchObject({ code: 'store_encryption' })
    }
    await expect(sealer.open(sealed.subarray(0, 5), 'p')).rejects.toMatchObject({ code: 'store_encryption' })
  })

  it('opens what older keys sealed, and nothing of unknown ones', async () => {
    const sealed = await createSealer({ keys: [KEY] }).seal(bytes, 'p')
    const rotated = createSealer({ keys: [OTHER, KEY] })
    expect(await rotated.open(sealed, 'p')).toEqual(bytes)
    const renewed = await rotated.seal(bytes, 'p')
    await expect(createSealer({ keys: [KEY] }).open(renewed, 'p')).rejects.toMatchObject({ code: 'store_encryption' })
  })

  it.each([[[]], [['short']], [['x'.repeat(64)]], [[new Uint8Array(16)]], [[KEY, '']]])(
    'cannot be built with the keys %j',
    keys => {
      expect(() => createSealer({ keys })).toThrow(expect.objectContaining({ code: 'invalid_secret' }))
    },
  )

  it('takes a key as bytes, hex or Base64', async () => {
    const raw = new Uint8Array(32).fill(0x11)
    const sealed = await createSealer({ keys: [raw] }).seal(bytes, 'p')
    for (const key of [KEY, btoa(String.fromCharCode(...raw))]) {
      expect(await createSealer({ keys: [key] }).open(sealed, 'p')).toEqual(bytes)
    }
  })
})

describe('a store that encrypts', () => {
  const secretive = endpoint({
    url: 'https://hooks.example.com/services/canary-url',
    headers: { 'X-Key': 'canary-header' },
    auth: { type: 'bearer', token: 'canary-token' },
    secrets: [{ value: 'whsec_canary-secret' }],
    preset: { name: 'pagerduty', settings: { routingKey: 'canary-setting' } },
  })

  async function dump(database: InstanceType<typeof Database>): Promise<string> {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all([]) as { name: string }[]
    const rows = tables.flatMap(({ name }) => database.prepare(`select * from ${name}`).all([]) as object[])
    return rows
      .flatMap((row): unknown[] => Object.values(row))
      .map(value =>
        value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? new TextDecoder().decode(value) : String(value),
      )
      .join('\n')
  }

  it('leaves no secret readable in the database', async () => {
    const database = new Database(':memory:')
    const store = sqliteStore(database, { encryption: { keys: [KEY] } })
    await store.endpoints.insert(secretive)
    await store.deliveries.enqueue([newEvent()])
    const [claimed] = await claim(store, 1)
    if (claimed === undefined) throw new Error('nothing was claimed')
    const body = { bytes: new TextEncoder().encode('{"key":"canary-body"}'), contentType: 'application/json' }
    await store.deliveries.settle([
      settlement(claimed, { next: { status: 'pending', dueAtMs: 2, triesUsed: 1, body } }),
    ])
    const [again] = await claim(store, 3)
    expect(again?.delivery.body).toEqual(body)
    expect(await dump(database)).not.toContain('canary')
    expect(await store.endpoints.get(secretive.id)).toEqual(secretive)
  })

  it('would be caught by this look into the database', async () => {
    const database = new Database(':memory:')
    await sqliteStore(database).endpoints.insert(secretive)
    expect(await dump(database)).toContain('canary-token')
  })

  it('takes over what was stored before, and replaces keys', async () => {
    const database = new Database(':memory:')
    await sqliteStore(database).endpoints.insert(secretive)
    const first = sqliteStore(database, { encryption: { keys: [KEY] } })
    expect(await first.endpoints.get(secretive.id)).toEqual(secretive)
    expect(await first.reencrypt()).toEqual({ endpoints: 1, bodies: 0, unreadable: 0 })
    await expect(sqliteStore(database).reencrypt()).rejects.toMatchObject({ code: 'invalid_option' })
    expect(await dump(database)).not.toContain('canary')
    await sqliteStore(database, { encryption: { keys: [OTHER, KEY] } }).reencrypt()
    const second = sqliteStore(database, { encryption: { keys: [OTHER] } })
    expect(await second.endpoints.get(secretive.id)).toEqual(secretive)
    await expect(first.endpoints.get(secretive.id)).rejects.toMatchObject({ code: 'store_encryption' })
    await expect(sqliteStore(database).endpoints.get(secretive.id)).rejects.toMatchObject({ code: 'store_encryption' })
  })

  it('refuses a document that was put into another row', async () => {
    const database = new Database(':memory:')
    const store = sqliteStore(database, { encryption: { keys: [KEY] } })
    const victim = endpoint()
    await store.endpoints.insert(secretive)
    await store.endpoints.insert(victim)
    database.exec(
      'update webhook_endpoints set document = (select document from webhook_endpoints order by no limit 1)',
    )
    await expect(store.endpoints.get(victim.id)).rejects.toMatchObject({ code: 'store_encryption' })
  })
})

describe('a key that is missing', () => {
  const body = { bytes: new TextEncoder().encode('{"key":"canary-body"}'), contentType: 'application/json' }

  /** A delivery in a lane that waits for its retry, with a body that was sealed with a key. */
  async function waiting(store: SqlStore, lane: string, ordered = false): Promise<string> {
    const event = newEvent([{ lane, ordered }], { subject: 's' })
    await store.deliveries.enqueue([event])
    const [claimed] = await claim(store, 1, { lanes: new Set([lane]) })
    if (claimed === undefined) throw new Error('nothing was claimed')
    const next = { status: 'pending', dueAtMs: 2, triesUsed: 1, body } as const
    await store.deliveries.settle([settlement(claimed, { next })])
    return claimed.delivery.id
  }

  it('ends the deliveries whose bodies it sealed, and no others', async () => {
    const database = new Database(':memory:')
    const id = await waiting(sqliteStore(database, { encryption: { keys: [KEY] } }), 'a')
    const store = sqliteStore(database, { encryption: { keys: [OTHER] } })
    const innocent = newEvent([{ lane: 'innocent' }])
    await store.deliveries.enqueue([innocent])
    const claimed = await claim(store, 2)
    expect(claimed.map(({ delivery }) => [delivery.lane, delivery.crashes])).toEqual([['innocent', 0]])
    const lost = await store.deliveries.get(id)
    expect(lost?.delivery).toMatchObject({ status: 'failed', cause: 'body_unreadable', body: undefined, crashes: 0 })
    expect(lost?.delivery.lastError).toContain('key')
    const { items } = await store.deliveries.list({})
    expect(items.map(({ lane, body: shown }) => [lane, shown])).toEqual([
      ['innocent', undefined],
      ['a', undefined],
    ])
    expect(await store.deliveries.failures({})).toMatchObject([{ cause: 'body_unreadable', count: 1 }])
    // With its key it can be sent again as it was.
    const both = sqliteStore(database, { encryption: { keys: [OTHER, KEY] } })
    expect(await both.deliveries.retry({ ids: [id] }, 3)).toBe(1)
    expect((await claim(both, 3)).map(({ delivery }) => delivery.body)).toEqual([body])
  })

  it('does not end a claim that finds nothing else', async () => {
    const database = new Database(':memory:')
    await waiting(sqliteStore(database, { encryption: { keys: [KEY] } }), 'a', true)
    const store = sqliteStore(database)
    const behind = newEvent([{ lane: 'a', ordered: true }], { subject: 's' })
    await store.deliveries.enqueue([behind])
    const claimed = await claim(store, 2, { limit: 1 })
    expect(claimed.map(({ event }) => event.id)).toEqual([behind.event.id])
  })

  it('is not needed for bodies once all was encrypted anew', async () => {
    const database = new Database(':memory:')
    const plain = sqliteStore(database)
    await waiting(plain, 'plain')
    const first = sqliteStore(database, { encryption: { keys: [KEY] } })
    for (let i = 0; i < 250; i++) await waiting(first, `lane ${i}`)
    const both = sqliteStore(database, { encryption: { keys: [OTHER, KEY] } })
    expect(await both.reencrypt()).toEqual({ endpoints: 0, bodies: 251, unreadable: 0 })
    expect(await both.reencrypt()).toEqual({ endpoints: 0, bodies: 0, unreadable: 0 })
    expect(await first.reencrypt()).toEqual({ endpoints: 0, bodies: 0, unreadable: 251 })
    const second = sqliteStore(database, { encryption: { keys: [OTHER] } })
    const claimed = await claim(second, 2)
    expect(claimed.length).toBe(251)
    for (const { delivery } of claimed) expect(delivery.body).toEqual(body)
  })

  it('hides its endpoints, and no others', async () => {
    const database = new Database(':memory:')
    await sqliteStore(database, { encryption: { keys: [OTHER] } }).endpoints.insert(endpoint({ id: 'ep_other' }))
    const store = sqliteStore(database, { encryption: { keys: [KEY] } })
    const [logger, clock] = [recordingLogger(), manualClock()]
    const options = { guard, store, clock, transport: scriptedTransport([], clock) }
    const { endpoint: own } = await createSender(options).endpoints.create(input())
    const fresh = createSender({ ...options, logger })
    expect(await fresh.publish('lead.created', {})).toMatchObject({ deliveries: 1 })
    await store.endpoints.insert(endpoint({ id: 'ep_more', events: ['lead.*'], when: undefined }))
    await clock.advance(60_000)
    expect(await fresh.publish('lead.created', {})).toMatchObject({ deliveries: 2 })
    expect(logger.lines.map(({ level, fields }) => [level, fields])).toEqual([['error', { endpointId: 'ep_other' }]])
    await store.endpoints.delete('ep_more')
    const page = await fresh.endpoints.list()
    expect([page.items.map(({ id }) => id), page.unreadable]).toEqual([[own.id], ['ep_other']])
    await expect(fresh.endpoints.get('ep_other')).rejects.toMatchObject({ code: 'store_encryption' })
    expect(await fresh.endpoints.list({ limit: 1 })).not.toHaveProperty('unreadable')
  })
})
