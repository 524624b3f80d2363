import { createServer, type RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { expressHandler } from 'crm-webhooks/frameworks/express'
import { fastifyPlugin } from 'crm-webhooks/frameworks/fastify'
import { honoHandler } from 'crm-webhooks/frameworks/hono'
import { koaHandler } from 'crm-webhooks/frameworks/koa'
import { apiHandler, routeHandlers } from 'crm-webhooks/frameworks/next'
import { nodeHandler } from 'crm-webhooks/frameworks/node-http'
import express from 'express'
import express4 from 'express4'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import Koa, { type Context } from 'koa'
import { listen, served } from './serve.ts'
import { frameworkSuite, type Served } from './suite.ts'

const node = (listener: unknown): Promise<Served> => listen(createServer(listener as RequestListener))

frameworkSuite('node:http', {
  serve: ({ receiver }, options) => node(nodeHandler(receiver, options)),
  serveParsed: ({ receiver }) => {
    const handle = nodeHandler(receiver)
    return node(async (...[request, response]: Parameters<RequestListener>) => {
      for await (const _ of request);
      await handle(request, response)
    })
  },
  fix: /call nodeHandler first/,
})

for (const [version, create] of [
  ['4', express4],
  ['5', express],
] as const) {
  frameworkSuite(`Express ${version}`, {
    serve: ({ receiver }, options) => {
      const router = create.Router()
      router.use('/acme', expressHandler(receiver, options))
      return node(create().use('/hooks', router).use(create.json()))
    },
    serveParsed: ({ receiver }) => node(create().use(create.json()).use('/hooks', expressHandler(receiver))),
    fix: /before the parser, or put express\.raw\(/,
  })
}

type Middleware = (context: Context, next: () => Promise<void>) => unknown

const onPath =
  (middleware: (context: Context) => Promise<void>): Middleware =>
  (context, next) =>
    context.path.startsWith('/hooks/acme') ? middleware(context) : next()

const koa = (...middleware: readonly Middleware[]): Promise<Served> => {
  const app = new Koa()
  app.silent = true
  for (const step of middleware) app.use(step)
  return node(app.callback())
}

frameworkSuite('Koa', {
  serve: ({ receiver }, options) => koa(onPath(koaHandler(receiver, options))),
  serveParsed: ({ receiver }) => {
    const parser: Middleware = async (context, next) => {
      for await (const chunk of context.req) context.request.body = JSON.parse(String(chunk))
      await next()
    }
    return koa(parser, onPath(koaHandler(receiver)))
  },
  fix: /before the parser, or switch the parser off/,
})

const serveFastify = async (app: FastifyInstance): Promise<Served> => {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const server = served(app.server)
  return { ...server, close: () => Promise.all([server.close(), app.close()]).then(() => {}) }
}

frameworkSuite('Fastify', {
  serve: ({ receiver }, options) => {
    const app = fastify()
    app.register(fastifyPlugin(receiver, { ...options, path: '/acme/' }), { prefix: '/hooks' })
    return serveFastify(app)
  },
  serveParsed: ({ receiver }) => {
    const app = fastify()
    app.addHook('preParsing', async request => {
      for await (const _ of request.raw);
    })
    app.register(fastifyPlugin(receiver, { path: '/hooks/acme' }))
    return serveFastify(app)
  },
  fix: /outside the scope of that hook/,
})

frameworkSuite('Hono', {
  serve: ({ receiver }, options) => {
    const hooks = new Hono().all('/acme/*', honoHandler(receiver, options))
    return node(getRequestListener(new Hono().route('/hooks', hooks).fetch))
  },
  serveParsed: ({ receiver }) => {
    const app = new Hono()
    app.use(async (c, next) => {
      await c.req.json()
      await next()
    })
    return node(getRequestListener(app.all('/hooks/*', honoHandler(receiver)).fetch))
  },
  fix: /let it call c\.req\.arrayBuffer/,
  joinsHeaders: true,
})

frameworkSuite('Web requests, by receiver.handle', {
  serve: ({ receiver }) => node(getRequestListener(request => receiver.handle(request))),
  serveParsed: ({ receiver }) =>
    node(
      getRequestListener(async request => {
        await request.text()
        return receiver.handle(request)
      }),
    ),
  fix: /request\.clone\(\)/,
  joinsHeaders: true,
  knowsPeer: false,
  knowsPublicUrl: false,
})

frameworkSuite("Next's app router", {
  // Next picks the handler by the method; they are all the same.
  serve: ({ receiver }, options) => node(getRequestListener(routeHandlers(receiver, options).POST)),
  serveParsed: ({ receiver }) =>
    node(
      getRequestListener(async request => {
        await request.json()
        return routeHandlers(receiver).POST(request)
      }),
    ),
  fix: /request\.clone\(\)/,
  joinsHeaders: true,
  knowsPeer: false,
})

frameworkSuite("Next's pages/api", {
  serve: ({ receiver }, options) => node(apiHandler(receiver, options)),
  serveParsed: ({ receiver }) => {
    const handle = apiHandler(receiver)
    return node(async (...[request, response]: Parameters<RequestListener>) => {
      for await (const chunk of request) Object.assign(request, { body: JSON.parse(String(chunk)) as unknown })
      await handle(request, response)
    })
  },
  fix: /bodyParser: false/,
})
