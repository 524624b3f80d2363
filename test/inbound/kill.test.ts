import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { acmeRequest, dealUpdated } from '../support/acme.ts'

const SCRIPT = fileURLToPath(new URL('./durable-receiver.ts', import.meta.url))
const EVENTS = 400
const KILLS = 4
/** What a receiver handles at once. */
const SLOTS = 10

const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-kill-'))
const database = join(folder, 'webhooks.db')
const handledFile = join(folder, 'handled')
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function startReceiver(aheadMs: number): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const args = ['--import', 'tsx', SCRIPT, database, handledFile, String(aheadMs)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  if (child.stdout === null) throw new Error('the receiver has no output')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, url: `http://127.0.0.1:${Number(line.toString())}/acme` }
}

/** Whether it was acknowledged. A sender that gets no answer tries again. */
async function send(url: string, id: string): Promise<boolean> {
  const { method, headers, body } = acmeRequest(dealUpdated(id))
  try {
    const response = await fetch(url, { method, headers: headers as Record<string, string>, body: body as BodyInit })
    return response.status === 202 || response.status === 200
  } catch {
    return false
  }
}

const handledIds = (): readonly string[] =>
  existsSync(handledFile) ? readFileSync(handledFile, 'utf8').split('\n').filter(Boolean) : []

/** What the books say: which acknowledged events were lost, which came from nowhere, how many were handled twice. */
function check(acknowledged: ReadonlySet<string>, sent: ReadonlySet<string>, handled: readonly string[]) {
  const seen = new Set(handled)
  return {
    lost: [...acknowledged].filter(id => !seen.has(id)).length,
    unexpected: [...seen].filter(id => !sent.has(id)).length,
    duplicates: handled.length - seen.size,
  }
}

describe('a receiver that acknowledges on receipt', () => {
  it(`is killed ${KILLS} times and loses nothing that it acknowledged`, { timeout: 120_000 }, async () => {
    const open = Array.from({ length: EVENTS }, (_, i) => `e${i}`)
    const sent = new Set(open)
    const acknowledged = new Set<string>()
    for (let life = 0; life <= KILLS; life++) {
      const { child, url } = await startReceiver(life * 120_000)
      const until = life === KILLS ? EVENTS : Math.floor(((life + 1) * EVENTS) / (KILLS + 1))
      while (open.length > 0 && acknowledged.size < until) {
        const batch = open.splice(0, 8)
        const taken = batch.map(async id => {
          if (await send(url, id)) acknowledged.add(id)
          else open.push(id)
        })
        // In the middle of the last batch of this life.
        if (life < KILLS && acknowledged.size + batch.length >= until) child.kill('SIGKILL')
        await Promise.all(taken)
        if (child.killed) break
      }
      if (life < KILLS) child.kill('SIGKILL')
    }
    expect(acknowledged.size).toBe(EVENTS)
    const store = sqliteStore(database)
    await vi.waitFor(
      async () => {
        const waiting = await store.deliveries.list({ direction: 'inbound', status: 'pending', limit: 1 })
        expect(waiting.items).toEqual([])
      },
      { timeout: 60_000, interval: 50 },
    )
    await store.close()
    const books = check(acknowledged, sent, handledIds())
    expect(books).toMatchObject({ lost: 0, unexpected: 0 })
    expect(books.duplicates).toBeLessThanOrEqual(KILLS * SLOTS)
  })

  it('is watched by a check that sees what is missing, invented or repeated', () => {
    const ids = new Set(['a', 'b'])
    expect(check(ids, ids, ['a', 'a', 'c'])).toEqual({ lost: 1, unexpected: 1, duplicates: 1 })
  })
})
