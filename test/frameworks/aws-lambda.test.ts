import { type LambdaHttpEvent, lambdaHandler } from 'crm-webhooks/frameworks/aws-lambda'
import { describe, expect, it } from 'vitest'
import { headerValues } from '../../src/model/http.ts'
import { createTarget, MAX_BODY_BYTES, sign } from './target.ts'

const ODD = Buffer.from('{ "a" :1,"n":9223372036854775807,"é":[ ] }')
const BINARY = Buffer.from([0xff, 0xfe, 0x00, 0x80])

const signature = (body: Buffer) => ({ Host: 'hooks.example.com', 'X-Acme-Signature': sign(body) })
const multiple = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))

/** Format 2.0: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
const httpApi = (body: Buffer, more: Partial<LambdaHttpEvent> = {}): LambdaHttpEvent => ({
  rawPath: '/prod/acme',
  rawQueryString: 'a=%20x&a=2',
  headers: { host: 'hooks.example.com', 'x-acme-signature': sign(body) },
  body: body.toString(),
  isBase64Encoded: false,
  requestContext: { http: { method: 'POST', sourceIp: '192.0.2.1' } },
  ...more,
})

/** Format 1.0: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
const restApi = (body: Buffer, more: Partial<LambdaHttpEvent> = {}): LambdaHttpEvent => ({
  httpMethod: 'POST',
  path: '/acme',
  headers: signature(body),
  multiValueHeaders: multiple(signature(body)),
  queryStringParameters: { a: '2' },
  multiValueQueryStringParameters: { a: [' x', '2'] },
  body: body.toString(),
  isBase64Encoded: false,
  requestContext: { identity: { sourceIp: '192.0.2.2' }, path: '/prod/acme' },
  ...more,
})

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html */
const balancer = (body: Buffer, more: Partial<LambdaHttpEvent> = {}): LambdaHttpEvent => ({
  httpMethod: 'POST',
  path: '/prod/acme',
  headers: { ...signature(body), 'x-forwarded-for': '203.0.113.1' },
  queryStringParameters: { a: '%20x' },
  body: body.toString(),
  isBase64Encoded: false,
  requestContext: { elb: { targetGroupArn: 'arn' } },
  ...more,
})

describe.each([
  ['an HTTP API', httpApi, 'https://hooks.example.com/prod/acme?a=%20x&a=2', '192.0.2.1'],
  ['a REST API', restApi, 'https://hooks.example.com/prod/acme?a=%20x&a=2', '192.0.2.2'],
  ['a load balancer', balancer, 'https://hooks.example.com/prod/acme?a=%20x', undefined],
])('an event of %s', (_, make, url, remoteAddress) => {
  it('becomes a request', async () => {
    const target = createTarget()
    const result = await lambdaHandler(target.receiver)(make(ODD))
    expect(result).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'application/json' },
      isBase64Encoded: false,
    })
    expect(JSON.parse(result.body)).toMatchObject({ status: 'ok' })
    const request = target.requests[0]
    expect(Buffer.from(request?.body ?? []).equals(ODD)).toBe(true)
    expect(request).toMatchObject({ method: 'POST', url, remoteAddress })
  })

  it('keeps bytes that came as base64', async () => {
    const target = createTarget()
    const event = make(BINARY, { body: BINARY.toString('base64'), isBase64Encoded: true })
    expect((await lambdaHandler(target.receiver)(event)).statusCode).toBe(200)
    expect(Buffer.from(target.requests[0]?.body ?? []).equals(BINARY)).toBe(true)
  })

  it('is refused when its signature is wrong, its body too large or no base64', async () => {
    const handle = lambdaHandler(createTarget().receiver)
    expect((await handle(make(ODD, { body: '{}' }))).statusCode).toBe(401)
    expect((await handle(make(ODD, { body: 'x'.repeat(MAX_BODY_BYTES + 1) }))).statusCode).toBe(413)
    expect((await handle(make(ODD, { body: '%%', isBase64Encoded: true }))).statusCode).toBe(400)
    expect((await handle(make(ODD, { body: null }))).statusCode).toBe(401)
  })

  it('takes a public URL', async () => {
    const target = createTarget()
    await lambdaHandler(target.receiver, { publicUrl: 'https://api.example.com' })(make(ODD))
    expect(target.requests[0]?.url).toBe(url.replace('hooks.', 'api.'))
  })
})

describe('lambdaHandler', () => {
  it('answers health checks, and 405 with what is allowed', async () => {
    const handle = lambdaHandler(createTarget().receiver)
    const get = { http: { method: 'GET' } }
    expect(
      await handle(httpApi(ODD, { requestContext: get, rawPath: '/acme/health', rawQueryString: '' })),
    ).toMatchObject({ statusCode: 200 })
    expect(await handle(httpApi(ODD, { requestContext: get }))).toMatchObject({
      statusCode: 405,
      headers: { allow: 'POST' },
    })
  })

  it('leaves out the header of a connection that is not its own', async () => {
    const result = await lambdaHandler(createTarget().receiver)(httpApi(ODD, { body: 'x'.repeat(MAX_BODY_BYTES + 1) }))
    expect(result.statusCode).toBe(413)
    expect(Object.keys(result.headers)).not.toContain('connection')
  })

  it('sees repeated headers where AWS tells of them', async () => {
    const target = createTarget()
    const twice = { ...multiple(signature(ODD)), 'X-Twice': ['1', '2'] }
    await lambdaHandler(target.receiver)(restApi(ODD, { multiValueHeaders: twice }))
    expect(headerValues(target.requests[0]?.headers ?? {}, 'x-twice')).toEqual(['1', '2'])
  })

  it('answers in several values to a load balancer that asks so', async () => {
    const { headers: _, ...event } = balancer(ODD, { multiValueHeaders: multiple(signature(ODD)) })
    const result = await lambdaHandler(createTarget().receiver)(event)
    expect(result).toMatchObject({ statusCode: 200, multiValueHeaders: { 'content-type': ['application/json'] } })
  })
})
