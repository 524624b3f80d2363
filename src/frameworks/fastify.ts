import { utf8 } from '../bytes/encoding.ts'
import { WebhookError } from '../errors.ts'
import { fromNodeRequest, type NodeRequest } from './request/node-request.ts'
import { answerHeaders } from './request/node-response.ts'
import { type AdapterOptions, checkAdapter, type RequestReceiver } from './request/options.ts'
import type { ParsedBody } from './request/parsed-body.ts'
import type { BodyStream } from './request/read-stream.ts'

export type { AdapterOptions, RequestReceiver }

/** Fastify's request, as far as the adapter needs it. */
export interface FastifyRequestLike {
  readonly raw: NodeRequest
  readonly originalUrl: string
  readonly protocol: string
  readonly host: string
  readonly body: unknown
}

/** Fastify's reply, as far as the adapter needs it. */
export interface FastifyReplyLike {
  code(status: number): unknown
  headers(headers: Readonly<Record<string, string>>): unknown
  send(body?: Uint8Array): unknown
}

/** Fastify's instance, as far as the adapter needs it. */
export interface FastifyLike {
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(
    type: string,
    options: object,
    parser: (request: never, payload: BodyStream, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown
  all(path: string, handler: (request: FastifyRequestLike, reply: FastifyReplyLike) => Promise<unknown>): unknown
}

/** Options of {@link fastifyPlugin}. */
export interface FastifyPluginOptions extends AdapterOptions {
  /** Where to serve, below the prefix given to `register`. */
  readonly path: string
}

/**
 * Serves a receiver from Fastify, at `path` and `path/health`. The plugin has a scope of its own with a parser that
 * leaves every body alone, so the rest of the application keeps its parsers and its `bodyLimit`; do not wrap it in
 * `fastify-plugin`. Fastify itself answers 415 to a content type that is not well-formed. Behind a proxy set
 * `trustProxy`, or `publicUrl`, for senders that sign the URL.
 *
 * @throws {WebhookError} `invalid_option` for a receiver that is none, and for a wrong option.
 * @example
 * app.register(fastifyPlugin(receiver, { path: '/webhooks/pipedrive' }))
 */
export function fastifyPlugin(
  receiver: RequestReceiver,
  options: FastifyPluginOptions,
): (app: FastifyLike, pluginOptions: object, done: () => void) => void {
  const buildUrl = checkAdapter('fastifyPlugin', receiver, options, ['path'])
  if (typeof options.path !== 'string' || !/^$|^\//.test(options.path)) {
    const message = "fastifyPlugin: path must say where to serve, such as '/webhooks/pipedrive'"
    throw new WebhookError('invalid_option', message, { argument: 'path' })
  }
  const path = options.path.replace(/\/+$/, '')
  const handle = async (request: FastifyRequestLike, reply: FastifyReplyLike): Promise<unknown> => {
    const url = buildUrl(request.originalUrl, request.protocol, request.host)
    const { rawBody }: ParsedBody = request
    const stream = isStream(request.body) ? request.body : request.raw
    const answer = await receiver.receive(fromNodeRequest(request.raw, { url, parsed: { rawBody }, stream, fix: FIX }))
    reply.code(answer.status)
    reply.headers(answerHeaders(request.raw, answer))
    // To a text Fastify would add a charset, or a type.
    return answer.body === '' ? reply.send() : reply.send(utf8(answer.body))
  }
  return (app, _, done) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', {}, (_request, payload, parsed) => parsed(null, payload))
    app.all(path === '' ? '/' : path, handle)
    app.all(`${path}/health`, handle)
    done()
  }
}

function isStream(body: unknown): body is BodyStream {
  return typeof body === 'object' && body !== null && 'on' in body && 'pause' in body
}

const FIX =
  'A hook (onRequest, preParsing) read the request before the webhook receiver. Register fastifyPlugin outside the scope of that hook, without fastify-plugin around it.'
