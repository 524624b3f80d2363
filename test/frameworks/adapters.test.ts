import { createServer } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { WebhookResponse } from 'crm-webhooks'
import { lambdaHandler } from 'crm-webhooks/frameworks/aws-lambda'
import { expressHandler } from 'crm-webhooks/frameworks/express'
import { fastifyPlugin } from 'crm-webhooks/frameworks/fastify'
import { honoHandler } from 'crm-webhooks/frameworks/hono'
import { koaHandler } from 'crm-webhooks/frameworks/koa'
import { apiHandler, routeHandlers } from 'crm-webhooks/frameworks/next'
import { nodeHandler } from 'crm-webhooks/frameworks/node-http'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, it, vi } from 'vitest'
import { headerValues } from '../../src/model/http.ts'
import { sendOnce } from './raw-client.ts'
import { listen } from './serve.ts'
import { BODY_TIMEOUT_SECONDS, createTarget, head, MAX_BODY_BYTES, sign } from './target.ts'

describe('publicUrl', () => {
  const { receiver } = createTarget()
  const adapters = {
    nodeHandler,
    expressHandler,
    koaHandler,
    honoHandler,
    routeHandlers,
    apiHandler,
    lambdaHandler,
    fastifyPlugin: (_: unknown, options: { publicUrl: string }) => fastifyPlugin(receiver, { ...options, path: '/' }),
  }
  it.each(Object.entries(adapters))('of %s must be the beginning of a URL', (_, adapter) => {
    for (const publicUrl of [
      'api.example.com',
      '',
      'ftp://example.com',
      'https://',
      'https://example.com/?a=1',
      '/x',
    ]) {
      expect(() => adapter(receiver, { publicUrl })).toThrow(
        expect.objectContaining({ code: 'invalid_option', argument: 'publicUrl' }),
      )
    }
  })
})

describe('nodeHandler', () => {
  it('leaves an answer alone that something else has given', async () => {
    const { receiver } = createTarget()
    const handle = nodeHandler(receiver)
    let handling: Promise<void> | undefined
    const server = await listen(
      createServer((request, response) => {
        response.end('mine')
        handling = handle(request, response)
      }),
    )
    const body = Buffer.from('{}')
    const response = await sendOnce(server.port, head(body), body)
    await server.close()
    expect(response.body.toString()).toBe('mine')
    expect(await handling).toBeUndefined()
  })

  it('serves HTTP/2, and writes no header that it forbids', async () => {
    const target = createTarget()
    const warnings: Error[] = []
    const warn = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warn)
    const handle = nodeHandler(target.receiver)
    const server = createHttp2Server((request, response) => void handle(request, response))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const post = async (length: number) => {
      const body = Buffer.alloc(length, '1')
      const stream = session.request({
        ':method': 'POST',
        ':path': '/x',
        'x-acme-signature': sign(body),
        'content-length': length,
      })
      stream.end(body)
      stream.resume()
      return await new Promise<unknown>((resolve, reject) => {
        stream.on('response', headers => resolve(headers[':status']))
        stream.on('error', reject)
      })
    }
    expect([await post(10), await post(300_000)]).toEqual([200, 413])
    expect(target.requests[0]?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/x$/)
    session.destroy()
    await new Promise(resolve => server.close(resolve))
    process.off('warning', warn)
    expect(warnings).toEqual([])
  })
})

describe('a body over HTTP/2 that the answer did not wait for', () => {
  it.each([
    ['too slow', 408, Buffer.from('x')],
    ['too large', 413, Buffer.alloc(MAX_BODY_BYTES + 1)],
  ])('%s: the stream is closed after the answer', async (_name, status, begin) => {
    const target = createTarget()
    const adapters = { node: nodeHandler(target.receiver), koa: new Koa().use(koaHandler(target.receiver)).callback() }
    for (const handle of Object.values(adapters)) {
      const server = createHttp2Server((request, response) => void handle(request as never, response as never))
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
      const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const stream = session.request({ ':method': 'POST', ':path': '/x' }, { endStream: false })
      const answered = new Promise(resolve => stream.on('response', headers => resolve(headers[':status'])))
      const closed = new Promise(resolve => stream.on('close', () => resolve(stream.rstCode)))
      stream.resume()
      stream.write(begin)
      if (status === 408) {
        await vi.waitFor(() => expect(target.clock.pending).toBe(1), { interval: 2 })
        await target.clock.advance(BODY_TIMEOUT_SECONDS * 1000)
      }
      expect([await answered, await closed]).toEqual([status, 0])
      session.destroy()
      await new Promise(resolve => server.close(resolve))
    }
  })
})

describe('a body over HTTP/2 that its sender takes back half-way', () => {
  it.each([
    ['without an error', undefined],
    ['with one', new Error('gone')],
  ])('%s, is no whole one', async (_name, error) => {
    const target = createTarget()
    const rejected: string[] = []
    target.receiver.lifecycle.on('rejected', ({ code }) => rejected.push(code))
    const handle = nodeHandler(target.receiver)
    const server = createHttp2Server((request, response) => void handle(request as never, response as never))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const stream = session.request({ ':method': 'POST', ':path': '/x' }, { endStream: false })
    stream.on('error', () => {})
    stream.write('half of it')
    await vi.waitFor(() => expect(target.clock.pending).toBe(1), { interval: 2 })
    stream.destroy(error)
    await vi.waitFor(() => expect(rejected.length).toBe(1), { interval: 2 })
    expect([rejected, target.requests]).toEqual([['aborted'], []])
    session.destroy()
    await new Promise(resolve => server.close(resolve))
  })
})

describe('a request that a middleware touched', () => {
  it('is read though it was paused', async () => {
    const target = createTarget()
    const handle = nodeHandler(target.receiver)
    const server = await listen(
      createServer((request, response) => {
        request.pause()
        void handle(request, response)
      }),
    )
    const body = Buffer.from('{}')
    const response = await sendOnce(server.port, head(body), body)
    await server.close()
    expect(response.status).toBe(200)
  })

  it('keeps its repeated headers, though as many were added as Node dropped', async () => {
    const target = createTarget()
    const handle = nodeHandler(target.receiver)
    const server = await listen(
      createServer((request, response) => {
        request.headers['x-request-id'] = '1'
        void handle(request, response)
      }),
    )
    const body = Buffer.from('{}')
    await sendOnce(server.port, head(body, { headers: ['Authorization: one', 'Authorization: two'] }), body)
    await server.close()
    expect(headerValues(target.requests[0]?.headers ?? {}, 'authorization')).toEqual(['one', 'two'])
  })
})

describe('fastifyPlugin', () => {
  it("leaves the application's parsers and limits alone", async () => {
    const target = createTarget()
    const app = fastify({ bodyLimit: 100 })
    app.register(fastifyPlugin(target.receiver, { path: '/hooks/acme' }))
    app.post('/echo', async request => request.body)
    const large = Buffer.from(JSON.stringify({ a: 'x'.repeat(200) }))
    const headers = { 'content-type': 'application/json', 'x-acme-signature': sign(large) }
    const received = await app.inject({ method: 'POST', url: '/hooks/acme', headers, payload: large })
    const echoed = await app.inject({ method: 'POST', url: '/echo', headers, payload: '{"a":1}' })
    const refused = await app.inject({ method: 'POST', url: '/echo', headers, payload: large })
    await app.close()
    expect([received.statusCode, echoed.json(), refused.statusCode]).toEqual([200, { a: 1 }, 413])
  })

  it('serves the root path', async () => {
    const target = createTarget()
    const app = fastify()
    app.register(fastifyPlugin(target.receiver, { path: '/' }))
    const health = await app.inject({ method: 'GET', url: '/health' })
    const received = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'x-acme-signature': sign(Buffer.from('1')) },
      payload: '1',
    })
    await app.close()
    expect([health.statusCode, received.statusCode]).toEqual([200, 200])
  })
})

describe('the peer’s address on runtimes without sockets', () => {
  const body = '{}'
  const request = (): Request => {
    const headers = { 'x-acme-signature': sign(Buffer.from(body)), 'cf-connecting-ip': '192.0.2.7' }
    return new Request('https://hooks.example.com/acme', { method: 'POST', body, headers })
  }

  it('is unknown to Hono and Next by default', async () => {
    const target = createTarget()
    await new Hono().post('/acme', honoHandler(target.receiver)).fetch(request())
    await routeHandlers(target.receiver).POST(request())
    expect(target.requests.map(({ remoteAddress }) => remoteAddress)).toEqual([undefined, undefined])
  })

  it('comes from where the application says', async () => {
    const target = createTarget()
    const fromCloudflare = honoHandler(target.receiver, {
      remoteAddress: c => c.req.raw.headers.get('cf-connecting-ip') ?? undefined,
    })
    await new Hono().post('/acme', fromCloudflare).fetch(request())
    await routeHandlers(target.receiver, { remoteAddress: () => '192.0.2.8' }).POST(request())
    await target.receiver.handle(request(), { remoteAddress: '192.0.2.9' })
    expect(target.requests.map(({ remoteAddress }) => remoteAddress)).toEqual(['192.0.2.7', '192.0.2.8', '192.0.2.9'])
  })
})

describe('receiver.handle', () => {
  it('reads no more of a body that takes too long', async () => {
    const target = createTarget()
    let cancelled = false
    const body = new ReadableStream({
      start: controller => controller.enqueue(new Uint8Array(1)),
      cancel() {
        cancelled = true
      },
    })
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
    const pending = target.receiver.handle(new Request('https://hooks.example.com/acme', init))
    await target.clock.advance(BODY_TIMEOUT_SECONDS * 1000)
    expect((await pending).status).toBe(408)
    expect(cancelled).toBe(true)
  })

  it('reads a body of a Request that is locked by somebody else as read', async () => {
    const target = createTarget()
    const request = new Request('https://hooks.example.com/acme', { method: 'POST', body: '{}' })
    request.body?.getReader()
    expect((await target.receiver.handle(request)).status).toBe(500)
    expect(target.logger.lines.map(line => line.message).join()).toContain('request.clone()')
  })

  it('never rejects: an answer that is none becomes an empty 500', async () => {
    const answer: WebhookResponse = { status: 200, headers: { 'x-echo': 'a\r\nb' }, body: 'a' }
    const response = await routeHandlers({ receive: async () => answer }).POST(
      new Request('https://hooks.example.com/'),
    )
    expect([response.status, await response.text()]).toEqual([500, ''])
  })
})
