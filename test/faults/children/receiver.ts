import { openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver, systemClock, type WebhookRequest } from 'crm-webhooks'
import { nodeHandler } from 'crm-webhooks/frameworks/node-http'
import { acme } from '../../support/acme.ts'
import { openStore, type StorePlace } from '../harness/open-store.ts'

/** Where a receiver kills itself. */
export type DeathPoint =
  | 'before-accepting'
  | 'after-accepting'
  | 'handler-start'
  | 'handler-end'
  | 'before-mark-done'
  | 'before-response'

/** A receiver in a process of its own, to be killed. Events whose id begins with `fails` fail when they run first. */
export interface ReceiverSettings {
  readonly place: StorePlace
  readonly acknowledge: 'on-receipt' | 'after-handling'
  /** A line for each handler that came to its end: the id of the event. */
  readonly log: string
  readonly aheadMs?: number
  readonly handlerMs: number
  /** How long a claim of a process that died lasts. */
  readonly claimSeconds: number
  readonly dieAt?: { readonly point: DeathPoint; readonly time: number }
}

const settings = JSON.parse(process.argv[2] ?? '{}') as ReceiverSettings
const { acknowledge, handlerMs, claimSeconds, dieAt } = settings
const clock = { ...systemClock, now: () => Date.now() + (settings.aheadMs ?? 0) }
const log = openSync(settings.log, 'a')
const opened = openStore(settings.place, clock)
const times = new Map<DeathPoint, number>()
function pass(point: DeathPoint): void {
  const time = (times.get(point) ?? 0) + 1
  times.set(point, time)
  if (dieAt?.point === point && dieAt.time === time) process.kill(process.pid, 'SIGKILL')
}

const store = {
  dedupe: withSteps(opened.dedupe, {
    complete: { before: 'before-mark-done' },
    // Where nothing is queued, an event is taken by its claim.
    ...(acknowledge === 'after-handling' && { claim: { before: 'before-accepting', after: 'after-accepting' } }),
  }),
  deliveries: withSteps(opened.deliveries, {
    enqueue: { before: 'before-accepting', after: 'after-accepting' },
    settle: { before: 'before-mark-done' },
  }),
}
const receiver = createReceiver({ provider: acme(), acknowledge, store, clock, dedupe: { claimSeconds } })
const failed = new Set<string>()
receiver.on('*', async ({ id }) => {
  pass('handler-start')
  await new Promise(resolve => setTimeout(resolve, handlerMs))
  if (id.startsWith('fails') && !failed.has(id)) {
    failed.add(id)
    throw new Error('the first run fails')
  }
  writeSync(log, `${id}\n`)
  pass('handler-end')
})
await opened.start()
receiver.start()
const receive = async (request: Parameters<typeof receiver.receive>[0] | WebhookRequest) => {
  const answer = await receiver.receive(request)
  pass('before-response')
  return answer
}
const handle = nodeHandler({ ...receiver, receive })
const server = createServer((request, response) => void handle(request, response))
server.listen(0, '127.0.0.1', 4_096, () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))

/** The same object, whose methods pass a point before they begin, or when what they did is done. */
function withSteps<Target extends object>(
  target: Target,
  steps: Partial<Record<keyof Target, { readonly before?: DeathPoint; readonly after?: DeathPoint }>>,
): Target {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name)
      if (typeof value !== 'function') return value
      const { before, after } = steps[name as keyof Target] ?? {}
      return async (...given: unknown[]): Promise<unknown> => {
        if (before !== undefined) pass(before)
        const result: unknown = await Reflect.apply(value, object, given)
        if (after !== undefined) pass(after)
        return result
      }
    },
  })
}
