import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { freePort } from '../../support/free-port.ts'

/** What may be wrong with the network between an application and its database. */
export const NETWORK_FAULTS = [
  'refuse',
  'reset',
  'reset mid-query',
  'half-close',
  'stall',
  'slow, 1 kB/s',
  'answers dropped',
  'questions dropped',
  'garbage',
] as const
export type NetworkFault = (typeof NETWORK_FAULTS)[number]

/** A TCP proxy in front of a server. */
export interface TcpProxy {
  readonly port: number
  /** Begins a fault. */
  fail(fault: NetworkFault): Promise<void>
  /** Ends it. Connections that lost bytes stay broken, as they would be; new ones are fine. */
  heal(): Promise<void>
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
  /** Bytes of it were lost: nothing that follows makes sense. */
  lost: 'answers' | 'questions' | undefined
}

const SLOW_BYTES = 100
const SLOW_MS = 100

/** Starts a proxy on loopback, on a free port; one that is `absent` refuses connections until it is healed. */
export async function startProxy(target: URL, { absent = false } = {}): Promise<TcpProxy> {
  const pairs = new Set<Pair>()
  let fault: NetworkFault | undefined
  const server = createServer({ allowHalfOpen: true }, client => {
    const upstream = dial({ host: target.hostname, port: Number(target.port), allowHalfOpen: true })
    const pair: Pair = { client, upstream, lost: undefined }
    pairs.add(pair)
    pipe(client, upstream, bytes => onQuestion(pair, bytes))
    pipe(upstream, client, bytes => onAnswer(pair, bytes))
    const end = (): void => {
      pairs.delete(pair)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
  })
  function onQuestion(pair: Pair, bytes: Buffer): Buffer | undefined {
    if (fault === 'questions dropped') pair.lost = 'questions'
    if (fault === 'reset mid-query') setImmediate(() => pair.client.resetAndDestroy())
    return pair.lost === 'questions' ? undefined : bytes
  }
  function onAnswer(pair: Pair, bytes: Buffer): Buffer | undefined {
    if (fault === 'answers dropped') pair.lost = 'answers'
    if (fault === 'garbage') return Buffer.from(bytes.map((byte, i) => (byte * 31 + i * 17 + 7) & 0xff))
    return pair.lost === 'answers' ? undefined : bytes
  }
  function pipe(from: Socket, to: Socket, through: (bytes: Buffer) => Buffer | undefined): void {
    from.on('data', (bytes: Buffer) => {
      const passed = through(bytes)
      if (passed === undefined || to.destroyed) return
      if (fault !== 'slow, 1 kB/s') to.write(passed)
      else void trickle(from, to, passed, () => fault === 'slow, 1 kB/s')
    })
    from.on('end', () => to.end())
  }
  const port = await freePort()
  if (!absent) await listen(server, port)
  return {
    port,
    async fail(kind) {
      fault = kind
      if (kind === 'refuse') await close(server)
      for (const { client, upstream } of pairs) {
        if (kind === 'refuse' || kind === 'reset') client.resetAndDestroy()
        if (kind === 'half-close') client.end()
        if (kind === 'stall') for (const socket of [client, upstream]) socket.pause()
      }
    },
    async heal() {
      const before = fault
      fault = undefined
      if (!server.listening) await listen(server, port)
      if (before === 'stall')
        for (const { client, upstream } of pairs) for (const socket of [client, upstream]) socket.resume()
    },
    async close() {
      for (const { client } of pairs) client.destroy()
      if (server.listening) await close(server)
    },
  }
}

/** Passes bytes on a few at a time, and the rest at once when the fault is over. */
async function trickle(from: Socket, to: Socket, bytes: Buffer, isSlow: () => boolean): Promise<void> {
  from.pause()
  let sent = 0
  for (; sent < bytes.length && isSlow(); sent += SLOW_BYTES) {
    if (!to.destroyed) to.write(bytes.subarray(sent, sent + SLOW_BYTES))
    await new Promise(resolve => setTimeout(resolve, SLOW_MS))
  }
  if (sent < bytes.length && !to.destroyed) to.write(bytes.subarray(sent))
  from.resume()
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server): Promise<void> {
  // It refuses at once; that it is closed is told only when its last connection has ended.
  server.close()
  return new Promise(resolve => setImmediate(resolve))
}
