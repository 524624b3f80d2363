import * as dns from 'node:dns'
import * as http from 'node:http'
import * as https from 'node:https'
import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../clock.ts'
import { checkOptions } from '../model/known-fields.ts'
import { type AddressGuard, type AddressLookup, createAddressGuard } from './address-guard.ts'
import { CappedBody } from './exchange/capped-body.ts'
import { checkGuard, checkTransportOptions } from './exchange/check-options.ts'
import { Exchanges, type Target } from './exchange/exchanges.ts'
import { interimCounter } from './exchange/interim-answers.ts'
import { type PinnedLookup, pinnedLookup } from './exchange/pinned-lookup.ts'
import type { Settlement } from './exchange/settle.ts'
import { DEFAULT_MAX_RESPONSE_BYTES, type Transport, type TransportRequest, type TransportTls } from './transport.ts'

/** Options of {@link nodeTransport}. */
export interface NodeTransportOptions {
  /** Where requests may go. Default: the public internet, by `createAddressGuard({ lookup: nodeLookup() })`. */
  readonly guard?: AddressGuard
  /**
   * How long an unused connection is kept, in milliseconds. Default 4,000: many servers close after 5 seconds, and a
   * request that meets the closing fails. A shorter time in the server's `Keep-Alive` header is obeyed.
   */
  readonly idleTimeoutMs?: number
  /** How many unused connections are kept in all; the longest unused is closed first. Default 500. */
  readonly maxIdleConnections?: number
  /** Default: the system clock. */
  readonly clock?: Clock
}

/**
 * The transport for Node.js, over `node:http` and `node:https`.
 *
 * The connection goes to an address that the guard has checked, with the server name and the certificate judged by the
 * URL's host. Each connection belongs to one owner. Redirects are not followed, bodies not decompressed, and proxy
 * variables of the environment ignored. An answer that comes before the request was sent, or is followed by bytes that
 * nobody asked for, costs the connection. Runs on Bun and Deno too, whose `node:http` may pool connections by their own
 * rules.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * const transport = nodeTransport({ guard: createAddressGuard({ lookup: nodeLookup(), allow: ['127.0.0.0/8'] }) })
 * const result = await transport.send({ url, method: 'POST', headers, body, timeoutMs: 30_000, owner: endpoint.id })
 */
export function nodeTransport(options: NodeTransportOptions = {}): Transport {
  checkTransportOptions('nodeTransport', options, ['guard', 'idleTimeoutMs', 'maxIdleConnections', 'clock'])
  const { guard = createAddressGuard({ lookup: nodeLookup() }) } = options
  checkGuard('nodeTransport', guard)
  const idle = new IdleSockets(options.maxIdleConnections ?? 500)
  const agentOptions = { keepAlive: true, scheduling: 'lifo', timeout: options.idleTimeoutMs ?? 4000 } as const
  const client: Client = {
    lookup: pinnedLookup(guard),
    kept: {
      http: poolByOwner(new http.Agent(agentOptions), idle),
      https: poolByOwner(new https.Agent(agentOptions), idle),
    },
    single: { http: new http.Agent(), https: new https.Agent() },
  }
  const exchanges = new Exchanges(guard, options.clock ?? systemClock)
  return {
    send: request => exchanges.start(request, (settlement, target) => exchange(client, request, target, settlement)),
    async close() {
      exchanges.close()
      for (const agents of [client.kept, client.single]) {
        agents.http.destroy()
        agents.https.destroy()
      }
    },
  }
}

/** Options of {@link nodeLookup}. */
export interface NodeLookupOptions {
  /** For one query, in milliseconds; each is tried twice. Default 3,000. */
  readonly timeoutMs?: number
  /** Name servers as `address` or `address:port`. Default: those of the system. */
  readonly servers?: readonly string[]
}

/**
 * Looks names up over DNS without blocking anything else: A and AAAA. Does not read `/etc/hosts` and knows no search
 * domains; see {@link systemLookup} for that.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example createAddressGuard({ lookup: nodeLookup() })
 */
export function nodeLookup(options: NodeLookupOptions = {}): AddressLookup {
  checkOptions(options, ['timeoutMs', 'servers'], 'nodeLookup')
  const resolver = new dns.promises.Resolver({ timeout: options.timeoutMs ?? 3000, tries: 2 })
  if (options.servers !== undefined) resolver.setServers(options.servers)
  return async hostname => {
    const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
    const addresses = [
      ...(ipv4.status === 'fulfilled' ? ipv4.value : []),
      ...(ipv6.status === 'fulfilled' ? ipv6.value : []),
    ]
    if (addresses.length === 0 && ipv4.status === 'rejected') throw ipv4.reason
    return addresses
  }
}

/**
 * Looks names up as the operating system does (`getaddrinfo`), with `/etc/hosts` and search domains. Node runs only two
 * such look-ups at a time: a few names whose servers hang delay every other new connection.
 */
export function systemLookup(): AddressLookup {
  return async hostname => (await dns.promises.lookup(hostname, { all: true })).map(({ address }) => address)
}

interface Agents {
  readonly http: http.Agent
  readonly https: http.Agent
}

interface Client {
  readonly lookup: PinnedLookup
  readonly kept: Agents
  readonly single: Agents
}

interface PoolOptions extends https.RequestOptions {
  readonly poolKey: string
}

function exchange(client: Client, request: TransportRequest, target: Target, settlement: Settlement): void {
  const options = requestOptions(client, request, target)
  const clientRequest = target.url.protocol === 'https:' ? https.request(options) : http.request(options)
  settlement.onFailure(() => clientRequest.destroy())
  listen(clientRequest, settlement, request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES)
  clientRequest.end(request.body)
}

function requestOptions(client: Client, request: TransportRequest, { url, literal }: Target): PoolOptions {
  const { owner, tls } = request
  const secure = url.protocol === 'https:'
  const agents = owner === undefined ? client.single : client.kept
  const host = literal ?? url.hostname
  return {
    host,
    port: url.port === '' ? (secure ? 443 : 80) : url.port,
    path: url.pathname + url.search,
    method: request.method,
    headers: flatHeaders(request, url.host),
    lookup: client.lookup,
    agent: secure ? agents.https : agents.http,
    poolKey: `${url.host} ${tls === undefined ? 0 : tlsId(tls)} ${owner ?? ''}`,
    ...(secure && tlsOptions(tls, literal === undefined ? host.replace(/\.$/, '') : '')),
  }
}

/** Names and values in turn, which Node writes as they are: half the work of an object. */
function flatHeaders({ headers, body }: TransportRequest, host: string): readonly string[] {
  const flat = ['host', host]
  for (const name of Object.keys(headers)) flat.push(name, headers[name] ?? '')
  flat.push('content-length', String(body.length))
  return flat
}

/** Set in full, so that the environment (NODE_TLS_REJECT_UNAUTHORIZED) decides nothing. */
function tlsOptions(tls: TransportTls | undefined, servername: string): https.RequestOptions {
  return {
    servername,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(tls?.cert !== undefined && { cert: tls.cert }),
    ...(tls?.key !== undefined && { key: tls.key }),
    ...(tls?.ca !== undefined && { ca: tls.ca }),
  }
}

function listen(request: http.ClientRequest, settlement: Settlement, maxBytes: number): void {
  let answer: http.IncomingMessage | undefined
  const countInterim = interimCounter(settlement)
  request.on('continue', countInterim)
  request.on('information', countInterim)
  request.on('upgrade', (_response, socket) => {
    socket.destroy()
    settlement.fail({ code: 'malformed_response', message: 'the server switched protocols' })
  })
  // Bytes after a complete answer are an error of the connection, not of the answer, which is about to end.
  request.on('error', error => {
    if (answer?.complete !== true) settlement.failWith(error)
  })
  request.on('response', response => {
    answer = response
    const body = new CappedBody(maxBytes)
    const finish = (): void => {
      // What is still being sent or received would meet the next request on this connection.
      if (body.truncated || !request.writableFinished) request.destroy()
      settlement.succeed({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: body.bytes(),
        truncated: body.truncated,
      })
    }
    response.on('data', (chunk: Uint8Array) => {
      if (!body.add(chunk)) finish()
    })
    response.on('end', finish)
    response.on('error', settlement.failWith)
  })
}

/** Numbers for TLS identities, so that no key material becomes part of a pool's name. */
const tlsIds = new WeakMap<TransportTls, number>()
let lastTlsId = 0

function tlsId(tls: TransportTls): number {
  const id = tlsIds.get(tls) ?? ++lastTlsId
  tlsIds.set(tls, id)
  return id
}

/** The unused connections of all owners, oldest first. */
class IdleSockets {
  readonly #max: number
  readonly #unused = new Set<Socket>()
  /** Listeners are put on a connection once: taking them off and on costs more than asking whether it is unused. */
  readonly #watched = new WeakSet<Socket>()

  constructor(max: number) {
    this.#max = max
  }

  keep(socket: Socket): void {
    this.#watch(socket)
    const unused = this.#unused
    unused.add(socket)
    for (const oldest of unused) {
      if (unused.size <= this.#max) break
      unused.delete(oldest)
      oldest.destroy()
    }
  }

  take(socket: Socket): void {
    this.#unused.delete(socket)
  }

  #watch(socket: Socket): void {
    if (this.#watched.has(socket)) return
    this.#watched.add(socket)
    // Nobody asked an unused connection for anything: what comes must not become the next request's answer.
    socket.on('data', () => {
      if (this.#unused.has(socket)) socket.destroy()
    })
    socket.on('close', () => this.#unused.delete(socket))
  }
}

/** The documented methods of an agent that its type declaration leaves out. */
interface PoolingAgent extends http.Agent {
  getName(options?: http.RequestOptions): string
  keepSocketAlive(socket: Socket): boolean
  reuseSocket(socket: Socket, request: http.ClientRequest): void
}

/** Makes an agent keep connections apart by owner: nothing is shared that does not have the same `poolKey`. */
function poolByOwner<A extends http.Agent>(agent: A, idle: IdleSockets): A {
  const pooling = agent as unknown as PoolingAgent
  const keepSocketAlive = pooling.keepSocketAlive.bind(agent)
  const reuseSocket = pooling.reuseSocket.bind(agent)
  pooling.getName = options => (options as PoolOptions).poolKey
  pooling.keepSocketAlive = socket => {
    if (!keepSocketAlive(socket)) return false
    idle.keep(socket)
    return true
  }
  pooling.reuseSocket = (socket, request) => {
    idle.take(socket)
    reuseSocket(socket, request)
  }
  return agent
}
