// De-duplication that survives a restart and is shared by all processes, here in Redis: npx tsx examples/own-dedupe-store.ts
import { randomUUID } from 'node:crypto'
import { createReceiver, type DedupeStore } from 'crm-webhooks'
import { calcom } from 'crm-webhooks/providers/calcom'
import { signedRequest } from 'crm-webhooks/testing'
import { fakeRedis, type RedisLike } from './support/fake-redis.ts'

const COMPLETE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('SET', KEYS[1], 'done', 'PXAT', ARGV[2]) end`
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end`

/** Each step is one atomic command: two processes that get the same event at once cannot both claim it. */
function redisDedupeStore(redis: RedisLike): DedupeStore {
  return {
    async claim(key, { nowMs, claimUntilMs }) {
      const token = `${claimUntilMs}:${randomUUID()}`
      // The claim expires by itself, so an event whose process died is handled when the sender tries again.
      if ((await redis.set(key, token, { NX: true, PXAT: claimUntilMs })) !== null) return { state: 'claimed', token }
      const holder = await redis.get(key)
      if (holder === 'done') return { state: 'done' }
      return { state: 'in_progress', untilMs: Number(holder?.split(':')[0] ?? nowMs + 1_000) }
    },
    // Only the holder of the claim may end it: a process that was too slow changes nothing.
    async complete(key, token, { keepUntilMs }) {
      await redis.eval(COMPLETE, { keys: [key], arguments: [token, String(keepUntilMs)] })
    },
    async release(key, token) {
      await redis.eval(RELEASE, { keys: [key], arguments: [token] })
    },
  }
}

const provider = calcom({ secret: process.env.CALCOM_SECRET ?? 'change-me' })
const store = { dedupe: redisDedupeStore(fakeRedis()) }

// Two processes, or one before and after a restart.
const [first, second] = [createReceiver({ provider, store }), createReceiver({ provider, store })]
let broken = true
for (const receiver of [first, second]) {
  receiver.on('booking.created', ({ recordId }) => {
    if (broken) throw new Error('the calendar does not answer')
    console.log(`booking ${recordId} entered`)
  })
}

const request = await signedRequest(provider, 'booking.created')
console.log('failed:', (await first.receive(request)).status)
broken = false
console.log('retried:', (await second.receive(request)).status)
console.log('once more:', (await first.receive(request)).status)

// Prints:
// failed: 500
// booking bFJeNb2uX8ANpT3JL5EfXw entered
// retried: 200
// once more: 200
