import { createAddressGuard, createSender, type Transport, type TransportRequest } from 'crm-webhooks'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { spoilClock, type WrongClock } from '../harness/clocks.ts'
import { openStore, type StorePlace } from '../harness/open-store.ts'

/** A sender in a process of its own, to be killed. */
export interface WorkerSettings {
  readonly place: StorePlace
  /** Tells its requests from those of others. */
  readonly name: string
  readonly slots: number
  readonly leaseSeconds: number
  readonly graceSeconds: number
  readonly clock?: WrongClock
  /** What is wrong with it: answers success before it posts, or dies of events whose data says so. */
  readonly fault?: 'records-before-posting' | 'dies-of-poison'
}

const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings
if (settings.clock !== undefined) spoilClock(settings.clock)
const store = openStore(settings.place)
const guard = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
const transport = withFault(nodeTransport({ guard }))
const { name: userAgent, slots, leaseSeconds } = settings
const worker = { slots, maxOpen: slots, leaseSeconds, slowAfterMilliseconds: 5_000, pollSeconds: 0.5 }
const sender = createSender({ store, guard, transport, userAgent, worker })
process.once('SIGTERM', () => void stop())
await store.start()
sender.start()
process.stdout.write('started\n')

async function stop(): Promise<void> {
  await sender.stop({ graceSeconds: settings.graceSeconds })
  await transport.close?.()
  await store.close()
  process.exit(0)
}

function withFault(right: Transport): Transport {
  if (settings.fault === undefined) return right
  const send = settings.fault === 'records-before-posting' ? postLater : dieOfPoison
  return { ...right, send: request => send(request, right) }
}

/** What a correct worker never does: success is on record while the request is still to be made. */
async function postLater(request: TransportRequest, right: Transport) {
  setTimeout(() => void right.send({ ...request, signal: undefined }), 100)
  return { ok: true, status: 200, headers: {}, body: new Uint8Array(), truncated: false, durationMs: 0 } as const
}

function dieOfPoison(request: TransportRequest, right: Transport) {
  if (new TextDecoder().decode(request.body).includes('"poison":true')) process.kill(process.pid, 'SIGKILL')
  return right.send(request)
}
