import { fromNodeRequest, type NodeRequest } from './request/node-request.ts'
import { answerHeaders } from './request/node-response.ts'
import { type AdapterOptions, checkAdapter, type RequestReceiver } from './request/options.ts'
import type { ParsedBody } from './request/parsed-body.ts'

export type { AdapterOptions, RequestReceiver }

/** Koa's context, as far as the adapter needs it. */
export interface KoaContext {
  readonly req: NodeRequest
  readonly request: object
  readonly originalUrl: string
  readonly protocol: string
  readonly host: string
  readonly headerSent: boolean
  status: number
  body: unknown
  set(name: string, value: string): unknown
  remove(name: string): void
}

/**
 * Serves a receiver from Koa. It answers every request that reaches it: mount it with `koa-mount` or a router.
 *
 * It needs the bytes: use it before `koa-bodyparser`. That parser's `ctx.request.rawBody` is text; it is used only
 * where it is certainly what was sent. Behind a proxy set Koa's `proxy`, or `publicUrl`, for senders that sign the URL.
 *
 * @throws {WebhookError} `invalid_option` for a receiver that is none, and for a wrong option.
 * @example
 * app.use(mount('/webhooks/pipedrive', koaHandler(receiver)))
 * app.use(bodyParser())
 */
export function koaHandler(
  receiver: RequestReceiver,
  options: AdapterOptions = {},
): (context: KoaContext) => Promise<void> {
  const buildUrl = checkAdapter('koaHandler', receiver, options)
  return async context => {
    const url = buildUrl(context.originalUrl, context.protocol, context.host)
    const parsed: ParsedBody = context.request
    const answer = await receiver.receive(fromNodeRequest(context.req, { url, parsed, fix: FIX }))
    if (context.headerSent) return
    const headers = answerHeaders(context.req, answer)
    for (const [name, value] of Object.entries(headers)) context.set(name, value)
    context.status = answer.status
    context.body = answer.body
    // Koa guesses a type for a text without one.
    if (headers['content-type'] === undefined) context.remove('content-type')
  }
}

const FIX =
  'A body parser such as koa-bodyparser read the request before the webhook receiver, and its rawBody is text, which is not always what was sent. Use the webhook middleware before the parser, or switch the parser off on its path.'
