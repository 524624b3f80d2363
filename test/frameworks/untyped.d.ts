// biome-ignore-all lint/style/noDefaultExport: that is how these packages export
/** As much of these packages' types as the tests and examples use; neither brings its own. */
declare module 'express' {
  import type { Server } from 'node:http'
  import type { NodeRequest, NodeResponse } from 'crm-webhooks/frameworks/node-http'

  interface Request extends NodeRequest {
    readonly originalUrl: string
    readonly protocol: string
    body: unknown
    rawBody?: unknown
  }
  type Handler = (request: Request, response: NodeResponse, next: () => void) => unknown
  interface Router {
    use(path: string, ...handlers: Handler[]): this
    use(...handlers: Handler[]): this
    post(path: string, ...handlers: Handler[]): this
  }
  interface Application extends Router, Handler {
    listen(port: number, host?: string, listening?: () => void): Server
  }
  interface ParserOptions {
    readonly type?: string
    readonly inflate?: boolean
    readonly limit?: number
    readonly verify?: (request: Request, response: NodeResponse, bytes: Buffer) => void
  }
  interface Express {
    (): Application
    Router(): Router & Handler
    json(options?: ParserOptions): Handler
    raw(options?: ParserOptions): Handler
  }
  const express: Express
  export default express
}

declare module 'express4' {
  import express from 'express'
  export default express
}

declare module 'koa' {
  import type { IncomingMessage, RequestListener, Server } from 'node:http'
  import type { KoaContext } from 'crm-webhooks/frameworks/koa'

  export interface Context extends KoaContext {
    readonly path: string
    readonly req: IncomingMessage
    readonly request: { body?: unknown; rawBody?: unknown }
  }
  class Koa {
    silent: boolean
    use(middleware: (context: Context, next: () => Promise<void>) => unknown): this
    callback(): RequestListener
    listen(port: number, host?: string, listening?: () => void): Server
  }
  export default Koa
}
