import { createReceiver } from 'crm-webhooks'
import { lambdaHandler } from 'crm-webhooks/frameworks/aws-lambda'
import { expressHandler } from 'crm-webhooks/frameworks/express'
import { fastifyPlugin } from 'crm-webhooks/frameworks/fastify'
import { honoHandler } from 'crm-webhooks/frameworks/hono'
import { koaHandler } from 'crm-webhooks/frameworks/koa'
import { apiHandler, routeHandlers } from 'crm-webhooks/frameworks/next'
import { nodeHandler } from 'crm-webhooks/frameworks/node-http'
import { describe, expect, it } from 'vitest'
import { acme } from '../support/acme.ts'
import { invalidOption } from '../support/invalid-option.ts'

const receiver = createReceiver({ provider: acme() })

const adapters: ReadonlyArray<readonly [string, (receiver: never, options?: never) => unknown]> = Object.entries({
  lambdaHandler,
  expressHandler,
  fastifyPlugin,
  honoHandler,
  koaHandler,
  apiHandler,
  routeHandlers,
  nodeHandler,
})

describe.each(adapters)('%s', (name, adapter) => {
  it.each([undefined, null, {}, [receiver]])('refuses %s as a receiver when it is built', wrong => {
    expect(() => adapter(wrong as never)).toThrow(invalidOption('receiver', `${name}: receiver`))
  })

  it('says what to do with a provider', () => {
    expect(() => adapter(acme() as never)).toThrow(invalidOption('receiver', 'createReceiver({ provider })'))
  })

  it('refuses an option that it does not know', () => {
    const options = { path: '/', publicURL: 'https://example.com' }
    if (name !== 'fastifyPlugin') Reflect.deleteProperty(options, 'path')
    expect(() => adapter(receiver as never, options as never)).toThrow(
      invalidOption('publicURL', 'did you mean publicUrl?'),
    )
  })

  it('refuses a publicUrl that is no text', () => {
    expect(() => adapter(receiver as never, { publicUrl: 5 } as never)).toThrow(invalidOption('publicUrl'))
  })
})

describe('receiver.handle', () => {
  it.each([
    ['nothing', undefined],
    ['a request of Express', { method: 'POST', url: '/', headers: { host: 'x' }, on() {} }],
    ['a context of Hono', { req: { raw: new Request('https://example.com') } }],
    ['a context of Koa', { method: 'POST', url: '/', headers: {}, req: {} }],
  ])('does not leave %s without an answer', async (_title, request) => {
    await expect(receiver.handle(request as never)).rejects.toThrow(invalidOption('request', 'expressHandler'))
  })
})

describe('fastifyPlugin', () => {
  it.each([undefined, 5, 'webhooks'])('refuses the path %s', path => {
    expect(() => fastifyPlugin(receiver, { path } as never)).toThrow(invalidOption('path', '/webhooks/pipedrive'))
  })

  it('needs options', () => {
    expect(() => fastifyPlugin(receiver, undefined as never)).toThrow(invalidOption('options'))
  })
})

describe('lambdaHandler', () => {
  it.each([undefined, {}, { Records: [] }])('rejects %j, which is no HTTP event, by name', async event => {
    await expect(lambdaHandler(receiver)(event as never)).rejects.toThrow(invalidOption('event', 'API Gateway'))
  })
})
