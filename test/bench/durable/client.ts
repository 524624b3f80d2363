import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { Pool } from 'undici'
import type { Job } from './queue.ts'

/** What the peers deliver with: undici, connections kept, and a signature by Standard Webhooks. */
export function signingClient(port: number, concurrency: number) {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: concurrency })
  const key = createSecretKey(randomBytes(32))
  return async function post({ number, endpoint, body }: Job): Promise<void> {
    const id = `evt_${number}`
    const timestamp = Math.floor(Date.now() / 1000)
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'bench',
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${signature}`,
    }
    const answer = await pool.request({ method: 'POST', path: `/ok${endpoint}`, headers, body })
    await answer.body.dump()
    if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`)
  }
}
