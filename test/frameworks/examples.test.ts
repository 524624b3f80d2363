import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebhookRequest } from 'crm-webhooks'
import { calcom } from 'crm-webhooks/providers/calcom'
import { daktela } from 'crm-webhooks/providers/daktela'
import { pipedrive } from 'crm-webhooks/providers/pipedrive'
import { retell } from 'crm-webhooks/providers/retell'
import { whatscrm } from 'crm-webhooks/providers/whatscrm'
import { signedRequest, toWebRequest } from 'crm-webhooks/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { handler } from '../../examples/aws-lambda.ts'
import { GET, POST } from '../../examples/next-route-handler.ts'

const secret = 'change-me'
const pipedriveAsShown = () => pipedrive({ basicAuth: { username: 'crm', password: secret } })

const log = vi.spyOn(console, 'log')
beforeEach(() => void log.mockReset().mockImplementation(() => {}))
afterEach(() => vi.unstubAllEnvs())

describe('the example', () => {
  it.each([
    ['Express', () => import('../../examples/express.ts'), pipedriveAsShown, 'deal.updated'],
    ['Koa', () => import('../../examples/koa.ts'), () => retell({ apiKey: secret }), 'call.analyzed'],
    ['Fastify', () => import('../../examples/fastify.ts'), () => daktela({ secret }), 'call.closed'],
    ['Hono', () => import('../../examples/hono.ts'), () => calcom({ secret }), 'booking.created'],
    ['node:http', () => import('../../examples/node-http.ts'), () => whatscrm({ secret }), 'message.new'],
  ])('for %s serves its provider', async (_, load, create, type) => {
    vi.stubEnv('PORT', '0')
    const server = (await load()).server as Server
    if (!server.listening) await once(server, 'listening')
    const provider = create()
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/${provider.name}`
    const health = await fetch(`${origin}/health`)
    const response = await fetch(toWebRequest({ ...(await signedRequest(provider, type)), url: origin }))
    const forged = await fetch(origin, { method: 'POST', body: '{}' })
    await new Promise(resolve => server.close(resolve).closeAllConnections())
    expect([health.status, response.status, forged.status]).toEqual([200, 200, 401])
    expect(log).toHaveBeenCalledTimes(1)
  })

  it('for Next is a route', async () => {
    const request = await signedRequest(calcom({ secret }), 'booking.created')
    expect((await POST(toWebRequest(request))).status).toBe(200)
    expect((await GET(new Request('https://hooks.example.com/webhooks/calcom/health'))).status).toBe(200)
    expect(log).toHaveBeenCalledTimes(1)
  })

  it('for Lambda is a handler', async () => {
    const request = await signedRequest(pipedriveAsShown(), 'person.created')
    expect((await handler(lambdaEvent(request))).statusCode).toBe(200)
    expect(log).toHaveBeenCalledTimes(1)
  })
})

function lambdaEvent({ method, headers, body }: WebhookRequest) {
  return {
    rawPath: '/webhooks/pipedrive',
    headers: Object.fromEntries(toWebRequest({ method, headers, body, url: 'https://hooks.example.com' }).headers),
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
    requestContext: { http: { method, sourceIp: '192.0.2.1' } },
  }
}
