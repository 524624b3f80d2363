import { fromWebRequest, toWebResponse } from '../inbound/web.ts'
import { fromNodeRequest, type NodeRequest, nodeOrigin } from './request/node-request.ts'
import { type NodeResponse, writeAnswer } from './request/node-response.ts'
import { type AdapterOptions, checkAdapter, type RequestReceiver } from './request/options.ts'
import type { ParsedBody } from './request/parsed-body.ts'

export type { AdapterOptions, RequestReceiver }

/** Options of {@link routeHandlers}. */
export interface RouteHandlersOptions extends AdapterOptions {
  /**
   * The address of the peer, for allow-lists. A route handler does not see the socket, so it must come from a header
   * that your host sets and no stranger can. Default: unknown, which an allow-list refuses.
   */
  readonly remoteAddress?: (request: Request) => string | undefined
}

/** A route handler of Next's app router. */
export type RouteHandler = (request: Request) => Promise<Response>

/** Exports of a `route.ts`. Next answers 405 by itself for methods that are not exported. */
export interface RouteHandlers {
  readonly GET: RouteHandler
  readonly HEAD: RouteHandler
  readonly POST: RouteHandler
  readonly PUT: RouteHandler
  readonly PATCH: RouteHandler
}

/**
 * Serves a receiver from Next's app router. In a folder `[[...path]]` it answers `<path>/health` too.
 *
 * @throws {WebhookError} `invalid_option` for a receiver that is none, and for a wrong option.
 * @example
 * // app/webhooks/pipedrive/[[...path]]/route.ts
 * export const { GET, HEAD, POST } = routeHandlers(receiver)
 */
export function routeHandlers(receiver: RequestReceiver, options: RouteHandlersOptions = {}): RouteHandlers {
  const buildUrl = checkAdapter('routeHandlers', receiver, options, ['remoteAddress'])
  const handle: RouteHandler = async request => {
    const incoming = fromWebRequest(request, options.remoteAddress?.(request))
    return toWebResponse(await receiver.receive({ ...incoming, url: buildUrl(request.url) }))
  }
  return { GET: handle, HEAD: handle, POST: handle, PUT: handle, PATCH: handle }
}

/** Next's request of a `pages/api` route, as far as the adapter needs it. */
export interface NextApiRequestLike extends NodeRequest, ParsedBody {}

/**
 * Serves a receiver from a `pages/api` route. Switch Next's body parser off there, or the bytes are gone.
 *
 * @throws {WebhookError} `invalid_option` for a receiver that is none, and for a wrong option.
 * @example
 * // pages/api/webhooks/pipedrive/[[...path]].ts
 * export const config = { api: { bodyParser: false } }
 * export default apiHandler(receiver)
 */
export function apiHandler(
  receiver: RequestReceiver,
  options: AdapterOptions = {},
): (request: NextApiRequestLike, response: NodeResponse) => Promise<void> {
  const buildUrl = checkAdapter('apiHandler', receiver, options)
  return async (request, response) => {
    const url = buildUrl(request.url, ...nodeOrigin(request))
    const answer = await receiver.receive(fromNodeRequest(request, { url, parsed: request, fix: FIX }))
    writeAnswer(request, response, answer)
  }
}

const FIX =
  "Next's body parser read the request before the webhook receiver. Add to the file of the route: export const config = { api: { bodyParser: false } }"
