import { fromWebRequest, toWebResponse } from '../inbound/web.ts'
import { type AdapterOptions, checkAdapter, type RequestReceiver } from './request/options.ts'

export type { AdapterOptions, RequestReceiver }

/** Hono's context, as far as the adapter needs it. */
export interface HonoContext {
  readonly req: { readonly raw: Request; readonly bodyCache?: { readonly arrayBuffer?: unknown } }
  readonly env?: unknown
}

/** Options of {@link honoHandler}. */
export interface HonoHandlerOptions<Context> extends AdapterOptions {
  /**
   * The address of the peer, for allow-lists: `c => getConnInfo(c).remote.address` with Hono's `conninfo` helper of
   * your runtime. Default: the socket's, where `@hono/node-server` gives it.
   */
  readonly remoteAddress?: (context: Context) => string | undefined
}

/**
 * Serves a receiver from Hono. It does what `receiver.handle(c.req.raw)` does, and knows the peer's address on Node,
 * takes bytes that a middleware read by `c.req.arrayBuffer()`, and names the fix when one read `json()` or `text()`.
 *
 * @throws {WebhookError} `invalid_option` for a receiver that is none, and for a wrong option.
 * @example
 * app.all('/webhooks/pipedrive/*', honoHandler(receiver))
 */
export function honoHandler<Context extends HonoContext = HonoContext>(
  receiver: RequestReceiver,
  options: HonoHandlerOptions<Context> = {},
): (context: Context) => Promise<Response> {
  const buildUrl = checkAdapter('honoHandler', receiver, options, ['remoteAddress'])
  const addressOf = options.remoteAddress ?? socketAddress
  return async context => {
    const request = context.req.raw
    const incoming = fromWebRequest(request, addressOf(context))
    const url = buildUrl(request.url)
    const cached: unknown = await context.req.bodyCache?.arrayBuffer
    if (cached instanceof ArrayBuffer) {
      return toWebResponse(await receiver.receive({ ...incoming, url, body: new Uint8Array(cached) }))
    }
    if (!request.bodyUsed) return toWebResponse(await receiver.receive({ ...incoming, url }))
    const body = async () => ({ ok: false, reason: 'already_parsed', message: FIX }) as const
    return toWebResponse(await receiver.receive({ ...incoming, url, body }))
  }
}

/** Of `@hono/node-server`: the Node request in the context's `env`. */
function socketAddress({ env }: HonoContext): string | undefined {
  const { incoming } = (env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress
}

const FIX =
  'A middleware called c.req.json() or c.req.text() before the webhook receiver. Register the webhook route before it, or let it call c.req.arrayBuffer(), which keeps the bytes.'
