import { type Clock, systemClock } from '../clock.ts'
import type { AddressGuard } from './address-guard.ts'
import { CappedBody } from './exchange/capped-body.ts'
import { checkGuard, checkTransportOptions } from './exchange/check-options.ts'
import { Exchanges } from './exchange/exchanges.ts'
import type { Failure } from './exchange/failure.ts'
import { refusalFailure } from './exchange/pinned-lookup.ts'
import type { Settlement } from './exchange/settle.ts'
import { DEFAULT_MAX_RESPONSE_BYTES, type Transport, type TransportRequest } from './transport.ts'

/** Options of {@link fetchTransport}. */
export interface FetchTransportOptions {
  /** Where requests may go. On runtimes without look-ups: `createAddressGuard({ lookup: false })`. */
  readonly guard: AddressGuard
  /** Default: the runtime's. */
  readonly fetch?: typeof fetch
  /** Default: the system clock. */
  readonly clock?: Clock
}

/**
 * The transport over `fetch`, for runtimes that have nothing else (Cloudflare Workers, Vercel Edge). Time limit, size
 * limit and the refusal of redirects hold as with `nodeTransport`. What `fetch` cannot promise:
 *
 * - **the address**: it looks the name up again by itself, so a name that changes its answer in between gets past the
 *   guard. Use it only where the network has no private side;
 * - **connections**: they belong to the runtime, not to an owner;
 * - **client certificates**: a request with `tls` fails as `invalid_request`;
 * - **bytes**: a compressed body is decompressed; the size limit counts decompressed bytes;
 * - **causes**: some runtimes do not tell why a connection failed; it is then `connection_failed`. A redirect that the
 *   runtime hides comes back as status 302 without headers.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * const transport = fetchTransport({ guard: createAddressGuard({ lookup: false, httpsOnly: true }) })
 */
export function fetchTransport(options: FetchTransportOptions): Transport {
  checkTransportOptions('fetchTransport', options, ['guard', 'fetch', 'clock'])
  const { guard, clock = systemClock } = options
  checkGuard('fetchTransport', guard)
  // Called without a receiver: workerd refuses a fetch that is called as a method of something else.
  const doFetch: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init))
  const exchanges = new Exchanges(guard, clock)
  return {
    send: request =>
      exchanges.start(request, settlement => {
        if (request.tls !== undefined) settlement.fail(NO_CLIENT_CERTIFICATES)
        else exchange(doFetch, guard, request, settlement).catch(settlement.failWith)
      }),
    async close() {
      exchanges.close()
    },
  }
}

const NO_CLIENT_CERTIFICATES: Failure = {
  code: 'invalid_request',
  message: 'fetch cannot present a client certificate or trust other authorities',
}

async function exchange(
  doFetch: typeof fetch,
  guard: AddressGuard,
  request: TransportRequest,
  settlement: Settlement,
): Promise<void> {
  const checked = await guard.check(request.url)
  if (!checked.ok) settlement.fail(refusalFailure(checked))
  if (!checked.ok || settlement.settled) return
  const controller = new AbortController()
  settlement.onFailure(() => controller.abort())
  const response = await doFetch(checked.url.href, {
    method: request.method,
    headers: { ...request.headers },
    redirect: 'manual',
    signal: controller.signal,
    ...(request.body.length > 0 && { body: request.body as Uint8Array<ArrayBuffer> }),
  })
  const body = await readCapped(response, request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES)
  settlement.succeed({
    status: response.type === 'opaqueredirect' ? 302 : response.status,
    headers: plainHeaders(response.headers),
    body: body.bytes(),
    truncated: body.truncated,
  })
  if (body.truncated) controller.abort()
}

async function readCapped(response: Response, maxBytes: number): Promise<CappedBody> {
  const body = new CappedBody(maxBytes)
  const reader = response.body?.getReader()
  if (reader === undefined) return body
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (!body.add(part.value)) break
  }
  return body
}

function plainHeaders(headers: Headers): Readonly<Record<string, string | readonly string[]>> {
  const record: Record<string, string | readonly string[]> = Object.create(null) as Record<string, string>
  headers.forEach((value, name) => {
    record[name] = value
  })
  const cookies = headers.getSetCookie?.() ?? []
  if (cookies.length > 0) record['set-cookie'] = cookies
  return record
}
