import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { headerValues, urlPath } from '../../src/model/http.ts'
import { chunked, header, openConnection, sendOnce } from './raw-client.ts'
import { BODY_TIMEOUT_SECONDS, createTarget, head, MAX_BODY_BYTES, sign, type Target } from './target.ts'

/** A running server that serves the target's receiver at `/hooks/acme`. */
export interface Served {
  readonly port: number
  /** Bytes that were taken off the sockets so far. */
  bytesRead(): number
  close(): Promise<void>
}

export interface FrameworkUnderTest {
  serve(target: Target, options?: { readonly publicUrl?: string }): Promise<Served>
  /** Something of the framework reads the body first, in its usual way. */
  serveParsed(target: Target): Promise<Served>
  /** What the answer or the log must then say. */
  readonly fix: RegExp
  /** Web `Headers` join repeated ones. */
  readonly joinsHeaders?: boolean
  /** The peer's address is known. Default true. */
  readonly knowsPeer?: boolean
  /** It takes `publicUrl`. Default true. */
  readonly knowsPublicUrl?: boolean
}

const JSON_TYPE = ['Content-Type: application/json']

const BODIES: Readonly<Record<string, Uint8Array>> = {
  'JSON with odd spacing': Buffer.from('{ "b" :1 ,\r\n\t"a": [ 1.0,2e3 ],"é":"\\u00e9" }\n\n'),
  'integers of 64 bits': Buffer.from('{"id":9223372036854775807,"n":-0.10}'),
  'a byte order mark': Buffer.from('\uFEFF{"a":1}'),
  'bytes that are not UTF-8': Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x7d]),
  'repeated and dangerous keys': Buffer.from('{"a":1,"a":2,"__proto__":{"x":1}}'),
  'JSON that is none': Buffer.from('{"a":'),
  nothing: Buffer.alloc(0),
  'exactly the limit': Buffer.alloc(MAX_BODY_BYTES, 0xe9),
}

const CONTENT_TYPES = [
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=iso-8859-1',
  'application/vnd.unheard-of+json',
]

/** What every adapter must keep, run against a real server over loopback sockets. */
export function frameworkSuite(name: string, framework: FrameworkUnderTest): void {
  describe(name, () => {
    let target: Target
    let served: Served
    const problems: unknown[] = []
    const note = (problem: unknown): void => void problems.push(problem)

    beforeAll(() => {
      process.on('unhandledRejection', note)
      process.on('uncaughtException', note)
    })
    beforeEach(async () => {
      target = createTarget()
      served = await framework.serve(target)
      return () => served.close()
    })
    afterAll(async () => {
      await new Promise(resolve => setImmediate(resolve))
      process.off('unhandledRejection', note)
      process.off('uncaughtException', note)
      expect(problems).toEqual([])
    })

    const isServed = async (): Promise<void> => {
      const body = Buffer.from('{"still":"here"}')
      expect((await sendOnce(served.port, head(body, { headers: JSON_TYPE }), body)).status).toBe(200)
    }

    describe('hands over exact bytes', () => {
      it.each(Object.entries(BODIES))('%s', async (_, body) => {
        const response = await sendOnce(served.port, head(body, { headers: JSON_TYPE }), body)
        expect(Buffer.from(target.requests[0]?.body ?? []).equals(body)).toBe(true)
        expect(response.status).toBe(200)
      })

      it.each([1, 7, 65_536])('in chunks of %d bytes', async size => {
        const body = Buffer.alloc(size < 10 ? 5_000 : 200_000, '\u00e9 odd ')
        const lines = head(body, { length: false, headers: [...JSON_TYPE, 'Transfer-Encoding: chunked'] })
        expect((await sendOnce(served.port, lines, chunked(body, size))).status).toBe(200)
        expect(Buffer.from(target.requests[0]?.body ?? []).equals(body)).toBe(true)
      })

      it('in packets that arrive one after the other', async () => {
        const body = Buffer.from('{"a":"slow but steady"}')
        const connection = await openConnection(served.port)
        connection.write(head(body, { headers: JSON_TYPE }))
        for (const byte of body) {
          connection.write(Buffer.of(byte))
          await new Promise(resolve => setImmediate(resolve))
        }
        expect((await connection.response()).status).toBe(200)
        connection.socket.destroy()
      })

      it.each(CONTENT_TYPES)('with the content type %s', async type => {
        const body = Buffer.from('a=1&b=%20 {"x":1}')
        const response = await sendOnce(served.port, head(body, { headers: [`Content-Type: ${type}`] }), body)
        expect(response.status).toBe(200)
      })

      it('without a content type', async () => {
        const body = Buffer.from('{"a":1}')
        expect((await sendOnce(served.port, head(body), body)).status).toBe(200)
      })

      it('compressed, as they were signed', async () => {
        const body = gzipSync('{"a":1}')
        const lines = head(body, { headers: [...JSON_TYPE, 'Content-Encoding: gzip'] })
        expect((await sendOnce(served.port, lines, body)).status).toBe(200)
      })

      it('to a sender that waits for 100 Continue', async () => {
        const body = Buffer.from('{"a":1}')
        const lines = head(body, { headers: [...JSON_TYPE, 'Expect: 100-continue'] })
        expect((await sendOnce(served.port, lines, body)).status).toBe(200)
      })
    })

    describe('hands over the request', () => {
      it('with repeated headers', async () => {
        const body = Buffer.from('{}')
        const headers = ['Authorization: Basic a', 'Authorization: Basic b', 'X-Twice: 1', 'x-twice: 2', '__proto__: x']
        await sendOnce(served.port, head(body, { headers }), body)
        const request = target.requests[0]
        const expected = framework.joinsHeaders
          ? { auth: ['Basic a, Basic b'], twice: ['1, 2'] }
          : { auth: ['Basic a', 'Basic b'], twice: ['1', '2'] }
        expect(headerValues(request?.headers ?? {}, 'authorization')).toEqual(expected.auth)
        expect(headerValues(request?.headers ?? {}, 'X-Twice')).toEqual(expected.twice)
      })

      it('and no second signature beside the first', async () => {
        const body = Buffer.from('{}')
        const twice = head(body, { headers: [`X-Acme-Signature: ${sign(body)}`] })
        expect((await sendOnce(served.port, twice, body)).status).toBe(401)
      })

      it('with the URL as it was sent', async () => {
        const body = Buffer.from('{}')
        await sendOnce(served.port, head(body, { target: '/hooks/acme?x=%20y&x=2&%C3%A9=%e9' }), body)
        expect(target.requests[0]?.url).toBe('http://hooks.example.com/hooks/acme?x=%20y&x=2&%C3%A9=%e9')
        expect(target.requests[0]?.method).toBe('POST')
      })

      it.skipIf(framework.knowsPublicUrl === false)('with the public URL where that is configured', async () => {
        const other = await framework.serve(target, { publicUrl: 'https://api.example.com/v1/' })
        const body = Buffer.from('{}')
        await sendOnce(other.port, head(body, { target: '/hooks/acme?x=1' }), body)
        await other.close()
        expect(target.requests[0]?.url).toBe('https://api.example.com/v1/hooks/acme?x=1')
      })

      it.skipIf(framework.knowsPeer === false)("with the address of the socket's peer", async () => {
        const body = Buffer.from('{}')
        await sendOnce(served.port, head(body, { headers: ['X-Forwarded-For: 203.0.113.9'] }), body)
        expect(target.requests[0]?.remoteAddress).toMatch(/^(::ffff:)?127\.0\.0\.1$/)
      })
    })

    describe('answers', () => {
      it('with the body and the headers of the receiver, and no others of its own', async () => {
        const body = Buffer.from('{"a":1}')
        const response = await sendOnce(served.port, head(body, { headers: JSON_TYPE }), body)
        const ownOfServer = new Set([
          'date',
          'connection',
          'keep-alive',
          'content-length',
          'transfer-encoding',
          'x-powered-by',
        ])
        expect(response.headers.filter(([header]) => !ownOfServer.has(header))).toEqual([
          ['content-type', 'application/json'],
        ])
        expect(JSON.parse(response.body.toString())).toMatchObject({ status: 'ok', created: 1 })
      })

      it('in UTF-8, with a length in bytes', async () => {
        const body = Buffer.from('grüße ✓')
        const response = await sendOnce(served.port, head(body, { headers: ['X-Echo-Status: 202'] }), body)
        expect(response.status).toBe(202)
        expect(response.body.equals(body)).toBe(true)
      })

      it('without a body where there is none', async () => {
        const body = Buffer.alloc(0)
        const connection = await openConnection(served.port)
        connection.write(head(body, { headers: ['X-Echo-Status: 204'] }))
        const response = await connection.response({ bodiless: true })
        expect(response.status).toBe(204)
        connection.write(head(body))
        expect((await connection.response()).status).toBe(200)
        connection.socket.destroy()
      })

      it('500 when a challenge asks for a header that cannot be written, and no header of a stranger', async () => {
        const body = Buffer.from('a\r\nset-cookie: x')
        const response = await sendOnce(served.port, head(body, { headers: ['X-Echo-Header: x-echoed'] }), body)
        expect(response.status).toBe(500)
        expect(header(response.headers, 'set-cookie')).toBeUndefined()
        await isServed()
      })

      it('405 with the methods that are allowed', async () => {
        for (const method of ['PUT', 'GET', 'DELETE']) {
          const response = await sendOnce(served.port, head(Buffer.alloc(0), { method }))
          expect([method, response.status, header(response.headers, 'allow')]).toEqual([method, 405, 'POST'])
        }
      })

      it('GET and HEAD on the health path', async () => {
        const connection = await openConnection(served.port)
        connection.write(head(Buffer.alloc(0), { method: 'HEAD', target: '/hooks/acme/health', length: false }))
        const asked = await connection.response({ bodiless: true })
        connection.write(head(Buffer.alloc(0), { method: 'GET', target: '/hooks/acme/health?x', length: false }))
        const response = await connection.response()
        expect([asked.status, response.status]).toEqual([200, 200])
        expect(JSON.parse(response.body.toString())).toMatchObject({ status: 'ok', service: 'acme' })
        connection.socket.destroy()
      })

      it('many at a time, each its own', async () => {
        const bodies = Array.from({ length: 40 }, (_, i) => Buffer.from(`{"n":${i},"pad":"${'x'.repeat(i * 500)}"}`))
        const responses = await Promise.all(bodies.map(body => sendOnce(served.port, head(body), body)))
        expect(responses.map(({ status }) => status)).toEqual(bodies.map(() => 200))
        expect(target.requests.map(({ body }) => body.length).sort((a, b) => a - b)).toEqual(
          bodies.map(body => body.length),
        )
      })

      it('one after the other on one connection, after 200 and 401', async () => {
        const body = Buffer.from('{"a":1}')
        const forged = head(Buffer.from('another')).replace(/Content-Length: \d+/, `Content-Length: ${body.length}`)
        const connection = await openConnection(served.port)
        const statuses: number[] = []
        for (const lines of [head(body), forged, head(body), forged, head(body)]) {
          connection.write(lines, body)
          statuses.push((await connection.response()).status)
        }
        expect(statuses).toEqual([200, 401, 200, 401, 200])
        connection.socket.destroy()
      })
    })

    describe('withstands', () => {
      it('a body that is declared too large, unread', async () => {
        const connection = await openConnection(served.port)
        connection.write(head(Buffer.alloc(MAX_BODY_BYTES + 1)), 'beginning')
        const response = await connection.response()
        expect([response.status, header(response.headers, 'connection')]).toEqual([413, 'close'])
        await connection.closed
        expect(target.requests).toEqual([])
        await isServed()
      })

      it('an endless body, of which it reads at most twice the limit', async () => {
        const before = served.bytesRead()
        const connection = await openConnection(served.port)
        connection.write(head(Buffer.alloc(0), { length: false, headers: ['Transfer-Encoding: chunked'] }))
        const chunk = Buffer.concat([Buffer.from('4000\r\n'), Buffer.alloc(0x4000, 'x'), Buffer.from('\r\n')])
        const pump = (): void => {
          while (!connection.socket.destroyed && connection.socket.write(chunk));
        }
        connection.socket.on('drain', pump)
        pump()
        expect((await connection.response()).status).toBe(413)
        await connection.closed
        expect(served.bytesRead() - before).toBeLessThanOrEqual(2 * MAX_BODY_BYTES)
        expect(target.requests).toEqual([])
        expect(JSON.stringify(target.logger.lines)).toContain('"code":"too_large"')
        await isServed()
      })

      it('a body one byte above the limit, and tells the sender', async () => {
        const body = Buffer.alloc(MAX_BODY_BYTES + 1)
        const lines = head(body, { length: false, headers: ['Transfer-Encoding: chunked'] })
        const response = await sendOnce(served.port, lines, chunked(body, 65_536))
        expect([response.status, header(response.headers, 'connection')]).toEqual([413, 'close'])
      })

      it('a body that does not come', async () => {
        const connection = await openConnection(served.port)
        connection.write(head(Buffer.alloc(100)), 'x')
        await vi.waitFor(() => expect(target.clock.pending).toBe(1), { interval: 2 })
        await target.clock.advance(BODY_TIMEOUT_SECONDS * 1000)
        const response = await connection.response()
        expect([response.status, header(response.headers, 'connection')]).toEqual([408, 'close'])
        await connection.closed
        await isServed()
      })

      it('a body that trickles in', async () => {
        const connection = await openConnection(served.port)
        connection.write(head(Buffer.alloc(100)))
        await vi.waitFor(() => expect(target.clock.pending).toBe(1), { interval: 2 })
        for (let second = 0; second < BODY_TIMEOUT_SECONDS; second++) {
          connection.write('x')
          await target.clock.advance(1000)
        }
        expect((await connection.response()).status).toBe(408)
        await connection.closed
      })

      it('a sender that goes away', async () => {
        const connection = await openConnection(served.port)
        connection.write(head(Buffer.alloc(100)), 'x')
        await vi.waitFor(() => expect(target.clock.pending).toBe(1), { interval: 2 })
        connection.socket.resetAndDestroy()
        await vi.waitFor(() => expect(target.clock.pending).toBe(0), { interval: 2 })
        expect(target.requests).toEqual([])
        await isServed()
      })

      it('a declared length that is too short: the rest is no part of the body', async () => {
        const body = Buffer.from('{"a":1}')
        const lines = head(body).replace(/Content-Length: \d+/, 'Content-Length: 3')
        // The rest looks like a broken second request, which Node may answer before the first.
        expect([400, 401]).toContain((await sendOnce(served.port, lines, body)).status)
        expect(target.requests.filter(request => request.body.length !== 3)).toEqual([])
        await isServed()
      })

      it.each([
        ['two lengths', ['Content-Length: 3', 'Content-Length: 7']],
        ['a length beside chunks', ['Content-Length: 7', 'Transfer-Encoding: chunked']],
        ['a length that is no number', ['Content-Length: +7']],
      ])('%s', async (_, headers) => {
        const body = Buffer.from('{"a":1}')
        const response = await sendOnce(served.port, head(body, { length: false, headers }), body)
        expect(response.status).toBe(400)
        expect(target.requests).toEqual([])
        await isServed()
      })

      it('two megabytes of headers', async () => {
        const headers = Array.from({ length: 2_000 }, (_, i) => `X-${i}: ${'x'.repeat(1_000)}`)
        const connection = await openConnection(served.port)
        connection.write(head(Buffer.alloc(0), { headers }))
        await connection.response().then(
          ({ status }) => expect(status).toBe(431),
          () => {},
        )
        await connection.closed
        expect(target.requests).toEqual([])
        await isServed()
      })

      it('a Host header that would move the path', async () => {
        const body = Buffer.from('{}')
        await sendOnce(
          served.port,
          head(body, { target: '/hooks/acme' }).replace('hooks.example.com', 'x/health?'),
          body,
        )
        expect(target.requests.filter(({ url }) => urlPath(url) !== '/hooks/acme')).toEqual([])
        await isServed()
      })
    })

    it('names the fix when something read the body first', async () => {
      const parsed = await framework.serveParsed(target)
      const body = Buffer.from('{ "a": 1 }')
      const lines = head(body, { headers: ['Content-Type: application/json'] })
      const response = await sendOnce(parsed.port, lines, body)
      await parsed.close()
      expect(response.status).toBe(500)
      expect(response.body.toString() + JSON.stringify(target.logger.lines)).toMatch(framework.fix)
      expect(target.requests).toEqual([])
    })
  })
}
