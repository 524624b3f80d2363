import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver, createSender } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import Database from 'libsql'
import { afterAll, describe, expect, it } from 'vitest'
import { newEvent } from '../../src/testing/store-contract/support.ts'
import { guard } from '../outbound/support.ts'
import { acme, acmeRequest, dealUpdated, recordingLogger } from '../support/acme.ts'

const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-sqlite-faults-'))
let files = 0
const newFile = (): string => join(folder, `${files++}.db`)
afterAll(() => rmSync(folder, { recursive: true }))

describe('a SQLite file in trouble', () => {
  it('is made anew when it was deleted, which is said', async () => {
    const file = newFile()
    const logger = recordingLogger()
    const store = sqliteStore(file, { logger })
    await store.deliveries.enqueue([newEvent()])
    for (const end of ['', '-wal', '-shm']) rmSync(file + end)
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_unavailable' })
    await store.deliveries.enqueue([newEvent()])
    await store.close()
    const again = sqliteStore(file)
    expect((await again.deliveries.list({})).items.length).toBe(1)
    await again.close()
    expect(logger.lines[0]).toMatchObject({ level: 'error' })
    expect(logger.lines[0]?.message).toContain('deleted or replaced')
  })

  it('gets its tables anew when they were dropped, which is said', async () => {
    const file = newFile()
    const logger = recordingLogger()
    const store = sqliteStore(file, { logger })
    await store.deliveries.enqueue([newEvent()])
    const other = new Database(file)
    const rows = other.prepare("select name from sqlite_master where name like 'webhook_%' and type = 'table'").all()
    for (const row of rows) other.exec(`drop table ${(row as { readonly name: string }).name}`)
    other.close()
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_schema' })
    await store.deliveries.enqueue([newEvent()])
    expect((await store.deliveries.list({})).items.length).toBe(1)
    expect(logger.lines.map(({ message }) => message)).toEqual([expect.stringContaining('lost')])
    await store.close()
  })
})

describe('a store that never answers', () => {
  const never = new Promise<never>(() => undefined)

  it('does not hold up a receiver for longer than its sender waits, nor what it says later', async () => {
    const released: string[] = []
    let answer = (): void => {}
    const dedupe = {
      claim: () =>
        new Promise<{ readonly state: 'claimed'; readonly token: string }>(resolve => {
          answer = () => resolve({ state: 'claimed', token: 't' })
        }),
      complete: async () => undefined,
      release: async (_: string, token: string) => void released.push(token),
    }
    const store = { ...memoryStore(), dedupe }
    const receiver = createReceiver({ provider: acme(), store, handlerTimeoutSeconds: 0.1 })
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(503)
    answer()
    await expect.poll(() => released).toEqual(['t'])
  })

  it('does not hold up a durable receiver either', async () => {
    const whole = memoryStore()
    whole.deliveries.enqueue = () => never
    const receiver = createReceiver({
      provider: acme(),
      store: whole,
      acknowledge: 'on-receipt',
      handlerTimeoutSeconds: 0.1,
    })
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(503)
  })

  it('does not hold up publish, which says that nothing was stored', async () => {
    const store = memoryStore()
    store.endpoints.version = () => never
    const transport = { send: () => Promise.reject(new Error('nothing is sent here')) }
    const sender = createSender({ guard, transport, store, storeTimeoutSeconds: 0.1 })
    await expect(sender.publish('a.b', {})).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
