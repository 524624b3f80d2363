import { createHash, createHmac } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { seeded } from '../../../src/testing/simulation/seeded.ts'

/** How the endpoint answers. */
export interface EndpointSettings {
  /** What came, a line for each request, written before it is answered. */
  readonly log: string
  /** The signing key, in base64. */
  readonly key: string
  readonly seed: number
  /** The part of the requests that fail, 0 to 1; half of them by a reset. */
  readonly failing: number
  /** The first requests of each delivery that fail. Default 0. */
  readonly failFirst?: number
  /** How long an answer takes, in milliseconds. */
  readonly answersAfterMs: readonly [from: number, to: number]
}

/** A line of the log. */
export interface Arrival {
  readonly atMs: number
  /** When it was planned to be answered. */
  readonly answerAtMs: number
  readonly path: string
  readonly worker: string
  readonly webhookId: string
  readonly deliveryId: string
  /** The number in the data of the event. */
  readonly number: number
  /** What it was planned to be answered: a status, or 0 for a reset. */
  readonly status: number
  readonly digest: string
  readonly timestamp: number
  readonly signed: boolean
}

const settings = JSON.parse(process.argv[2] ?? '{}') as EndpointSettings
const log = openSync(settings.log, 'a')
const key = Buffer.from(settings.key, 'base64')
const random = seeded(settings.seed)
const requests = new Map<string, number>()

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('error', () => {})
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const arrival = toArrival(request, Buffer.concat(chunks))
    writeSync(log, `${JSON.stringify(arrival)}\n`)
    setTimeout(() => {
      if (arrival.status === 0) request.socket.destroy()
      else response.writeHead(arrival.status).end()
    }, arrival.answerAtMs - arrival.atMs)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', 4_096, () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))

function toArrival(request: IncomingMessage, body: Buffer): Arrival {
  const header = (name: string): string => String(request.headers[name] ?? '')
  const [webhookId, timestamp] = [header('webhook-id'), header('webhook-timestamp')]
  const [fromMs, toMs] = settings.answersAfterMs
  const atMs = Date.now()
  // Reckoned here, with nothing of ours: the Standard Webhooks specification.
  const signature = createHmac('sha256', key).update(`${webhookId}.${timestamp}.`).update(body).digest('base64')
  return {
    atMs,
    answerAtMs: atMs + fromMs + Math.floor(random() * (toMs - fromMs)),
    path: request.url ?? '',
    worker: header('user-agent'),
    webhookId,
    deliveryId: header('x-webhook-delivery-id'),
    number: numberIn(body),
    status: planned(header('x-webhook-delivery-id')),
    digest: createHash('sha256').update(body).digest('hex'),
    timestamp: Number(timestamp),
    signed: header('webhook-signature').split(' ').includes(`v1,${signature}`),
  }
}

function planned(deliveryId: string): number {
  const before = requests.get(deliveryId) ?? 0
  requests.set(deliveryId, before + 1)
  if (before < (settings.failFirst ?? 0)) return 500
  const draw = random()
  if (draw >= settings.failing) return 200
  return draw < settings.failing / 2 ? 0 : 500
}

function numberIn(body: Buffer): number {
  try {
    return (JSON.parse(body.toString()) as { readonly data: { readonly number: number } }).data.number
  } catch {
    return -1
  }
}
