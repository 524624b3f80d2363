import { createServer, type RequestListener } from 'node:http'
import { PassThrough } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { expressHandler } from 'crm-webhooks/frameworks/express'
import { honoHandler } from 'crm-webhooks/frameworks/hono'
import { nodeHandler } from 'crm-webhooks/frameworks/node-http'
import express from 'express'
import express4 from 'express4'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { readStream } from '../../src/frameworks/request/read-stream.ts'
import { chunked, type RawResponse, sendOnce } from './raw-client.ts'
import { listen } from './serve.ts'
import { createTarget, head, MAX_BODY_BYTES, type Target } from './target.ts'

const ODD = Buffer.from('{ "a" :1,\n"b":"\\u00e9 é" }')

/** Serves one request by a listener, and tells what came of it. */
async function exchange(
  serve: (target: Target) => unknown,
  ...parts: ReadonlyArray<string | Uint8Array>
): Promise<RawResponse & { readonly received: Buffer | undefined; readonly target: Target }> {
  const target = createTarget()
  const server = await listen(createServer(serve(target) as RequestListener))
  const response = await sendOnce(server.port, ...parts)
  await server.close()
  const body = target.requests[0]?.body
  return { ...response, received: body && Buffer.from(body), target }
}

for (const [version, create] of [
  ['4', express4],
  ['5', express],
] as const) {
  describe(`Express ${version}, with a parser before the receiver`, () => {
    const json = ['Content-Type: application/json']

    it('takes the Buffer of express.raw', async () => {
      const raw = create.raw({ type: '*/*', inflate: false })
      const answer = await exchange(
        ({ receiver }) => create().post('/hooks/acme', raw, expressHandler(receiver)),
        head(ODD, { headers: json }),
        ODD,
      )
      expect([answer.status, answer.received]).toEqual([200, ODD])
    })

    it('holds the Buffer of a parser with a higher limit to its own', async () => {
      const large = Buffer.alloc(MAX_BODY_BYTES + 1)
      const raw = create.raw({ type: '*/*', limit: 10 * MAX_BODY_BYTES })
      const answer = await exchange(
        ({ receiver }) => create().use(raw, expressHandler(receiver)),
        head(large, { headers: json }),
        large,
      )
      expect([answer.status, answer.received]).toEqual([413, undefined])
    })

    it('takes the Buffer that verify of express.json kept', async () => {
      const parser = create.json({
        verify: (request, _, bytes) => {
          request.rawBody = bytes
        },
      })
      const answer = await exchange(
        ({ receiver }) => create().use(parser, expressHandler(receiver)),
        head(ODD, { headers: json }),
        ODD,
      )
      expect([answer.status, answer.received]).toEqual([200, ODD])
    })

    it('reads the stream where the parser passed over the content type', async () => {
      const answer = await exchange(
        ({ receiver }) => create().use(create.json(), expressHandler(receiver)),
        head(ODD, { headers: ['Content-Type: text/plain'] }),
        ODD,
      )
      expect([answer.status, answer.received]).toEqual([200, ODD])
    })
  })
}

describe('a raw body that is text', () => {
  const textOf =
    (encoding: BufferEncoding) =>
    (target: Target) =>
    async (...[request, response]: Parameters<RequestListener>) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const rawBody = new TextDecoder(encoding).decode(Buffer.concat(chunks))
      await nodeHandler(target.receiver)(Object.assign(request, { rawBody }), response)
    }

  it('is used where it is certainly what was sent', async () => {
    const answer = await exchange(
      textOf('utf8'),
      head(ODD, { headers: ['Content-Type: application/json; charset="UTF-8"'] }),
      ODD,
    )
    expect([answer.status, answer.received]).toEqual([200, ODD])
  })

  const bom = Buffer.from('\uFEFF{}')
  // Three bytes that become one replacement character, which has three bytes itself.
  const broken = Buffer.from([0x22, 0xf0, 0x9f, 0x92, 0x22])
  it.each([
    ['lost a byte order mark', head(bom), bom],
    ['lost bytes that are not UTF-8', head(broken), broken],
    ['has an unknown length', head(ODD, { length: false, headers: ['Transfer-Encoding: chunked'] }), chunked(ODD, 9)],
    ['was in another charset', head(ODD, { headers: ['Content-Type: text/plain; charset=latin1'] }), ODD],
    ['was compressed', head(ODD, { headers: ['Content-Encoding: gzip'] }), ODD],
  ])('is refused when it %s', async (_, lines, body) => {
    const answer = await exchange(textOf('utf8'), lines, body)
    expect([answer.status, answer.received]).toEqual([500, undefined])
    expect(answer.target.logger.lines.map(line => line.message).join()).toContain('request.rawBody (Buffer)')
  })

  it('does not come from a stream that decodes', async () => {
    const answer = await exchange(
      ({ receiver }) =>
        (...[request, response]: Parameters<RequestListener>) =>
          nodeHandler(receiver)(request.setEncoding('utf8'), response),
      head(ODD),
      ODD,
    )
    expect(answer.status).toBe(500)
  })
})

describe('a stream that ends without an end', () => {
  it('is aborted, whether it was destroyed with an error or without, before or after', async () => {
    const aborted = { ok: false, reason: 'aborted' }
    for (const error of [undefined, new Error('reset')]) {
      const stream = new PassThrough()
      const result = readStream(stream, 10)
      stream.write('1')
      stream.destroy(error)
      expect(await result).toEqual(aborted)
      expect(await readStream(stream, 10)).toEqual(aborted)
    }
  })
})

describe('Hono, with a middleware that reads the body', () => {
  const serve =
    (read: 'arrayBuffer' | 'text') =>
    ({ receiver }: Target) => {
      const app = new Hono()
      app.use(async (c, next) => {
        await c.req[read]()
        await next()
      })
      return getRequestListener(app.all('/hooks/*', honoHandler(receiver)).fetch)
    }

  it('takes the bytes of arrayBuffer()', async () => {
    const bytes = Buffer.from([0xff, 0x00])
    const answer = await exchange(serve('arrayBuffer'), head(bytes), bytes)
    expect([answer.status, answer.received]).toEqual([200, bytes])
  })

  it('refuses text()', async () => {
    expect((await exchange(serve('text'), head(ODD), ODD)).status).toBe(500)
  })
})
