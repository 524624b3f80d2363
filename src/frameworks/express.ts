import { fromNodeRequest, type NodeRequest } from './request/node-request.ts'
import { type NodeResponse, writeAnswer } from './request/node-response.ts'
import { type AdapterOptions, checkAdapter, type RequestReceiver } from './request/options.ts'
import type { ParsedBody } from './request/parsed-body.ts'

export type { AdapterOptions, RequestReceiver }

/** Express's request, versions 4 and 5, as far as the adapter needs it. */
export interface ExpressRequest extends NodeRequest, ParsedBody {
  readonly originalUrl: string
  readonly protocol: string
}

/**
 * Serves a receiver from Express 4 or 5. Mount it with `app.use`, and `GET <path>/health` works too.
 *
 * It needs the bytes: mount it before `express.json()`, or put `express.raw({ type: '*\/*', inflate: false, limit })`
 * on its route. Bytes that a parser left as a Buffer in `request.rawBody` or `request.body` are used. Behind a
 * proxy set Express's `trust proxy`, or `publicUrl`, for senders that sign the URL. The peer's address is that of the
 * socket whatever `trust proxy` says; allow-lists have their own list of trusted proxies.
 *
 * @throws {WebhookError} `invalid_option` for a receiver that is none, and for a wrong option.
 * @example
 * app.use('/webhooks/pipedrive', expressHandler(receiver))
 * app.use(express.json())
 */
export function expressHandler(
  receiver: RequestReceiver,
  options: AdapterOptions = {},
): (request: ExpressRequest, response: NodeResponse) => Promise<void> {
  const buildUrl = checkAdapter('expressHandler', receiver, options)
  return async (request, response) => {
    const { host } = request.headers
    const url = buildUrl(request.originalUrl, request.protocol, typeof host === 'string' ? host : undefined)
    const answer = await receiver.receive(fromNodeRequest(request, { url, parsed: request, fix: FIX }))
    writeAnswer(request, response, answer)
  }
}

const FIX =
  'A body parser such as express.json() read the request before the webhook receiver. Mount the webhook route before the parser, or put express.raw({ type: "*/*", inflate: false }) on this route in its place.'
