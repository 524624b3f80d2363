import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createAddressGuard,
  createSender,
  type EndpointInput,
  type EventCatalogue,
  type Sender,
  type SenderOptions,
} from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { type ManualClock, manualClock } from 'crm-webhooks/testing'
import { nodeTransport } from 'crm-webhooks/transports/node'

/** A request as it came over the socket. */
export interface Captured {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as written. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

export interface WireAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface WireRig {
  readonly sender: Sender
  /** Starts at the real time, so that other people's verifiers find the signatures fresh. */
  readonly clock: ManualClock
  readonly captured: readonly Captured[]
  readonly url: string
  /** The answer to the next requests; the last one repeats. */
  answers: readonly WireAnswer[]
  /** Publishes and sends what is due, to the end of the attempts. */
  send(data?: unknown, type?: string): Promise<Captured>
  close(): Promise<void>
}

export const loopbackGuard = createAddressGuard({ lookup: async () => ['127.0.0.1'], allow: ['127.0.0.0/8'] })

type WireOptions = Partial<Pick<SenderOptions<EventCatalogue>, 'presets' | 'signatures' | 'userAgent' | 'logger'>>

/** A sender that sends over real sockets to a server on loopback. */
export async function startWireRig(options: WireOptions = {}): Promise<WireRig> {
  const captured: Captured[] = []
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => void chunks.push(chunk))
    incoming.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = incoming
      captured.push({ method, path: url, headers, rawHeaders, body: Buffer.concat(chunks) })
      const [answer = { status: 200 }] = rig.answers
      if (rig.answers.length > 1) rig.answers = rig.answers.slice(1)
      outgoing.writeHead(answer.status, answer.headers).end(answer.body)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const clock = manualClock(Date.now())
  const transport = nodeTransport({ guard: loopbackGuard })
  const sender: Sender = createSender<EventCatalogue>({
    transport,
    guard: loopbackGuard,
    store: memoryStore({ clock }),
    clock,
    random: () => 0,
    ...options,
  })
  const rig: WireRig = {
    sender,
    clock,
    captured,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers: [{ status: 200 }],
    async send(data = { id: 1 }, type = 'lead.created') {
      await sender.publish(type, data)
      await sender.drain()
      return last(captured)
    },
    async close() {
      await transport.close?.()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return rig
}

/** An endpoint at the rig's server. */
export function at(rig: WireRig, more: Partial<EndpointInput> = {}): EndpointInput {
  return { name: 'Wire', url: `${rig.url}/hooks?tenant=7`, events: ['*'], ...more }
}

export function last(captured: readonly Captured[]): Captured {
  const found = captured.at(-1)
  if (found === undefined) throw new Error('nothing was sent')
  return found
}

/** The headers as a verifier of other people takes them. */
export function plainHeaders({ headers }: Captured): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
