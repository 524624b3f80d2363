import { decodeBase64, utf8 } from '../bytes/encoding.ts'
import { WebhookError } from '../errors.ts'
import type { IncomingRequest } from '../model/http.ts'
import { type AdapterOptions, checkAdapter, type RequestReceiver, type UrlBuilder } from './request/options.ts'

export type { AdapterOptions, RequestReceiver }

type Values = Readonly<Record<string, string | undefined>> | null | undefined
type MultiValues = Readonly<Record<string, readonly string[] | undefined>> | null | undefined

type AnyValues = Readonly<Record<string, string | readonly string[] | undefined>>

/** An HTTP event of AWS Lambda, as far as the adapter needs it. */
export interface LambdaHttpEvent {
  readonly body?: string | null
  readonly isBase64Encoded?: boolean
  readonly headers?: Values
  /** HTTP API and function URL (format 2.0). */
  readonly rawPath?: string
  readonly rawQueryString?: string
  /** REST API (format 1.0) and load balancer. */
  readonly httpMethod?: string
  readonly path?: string
  readonly multiValueHeaders?: MultiValues
  readonly queryStringParameters?: Values
  readonly multiValueQueryStringParameters?: MultiValues
  readonly requestContext: {
    readonly http?: { readonly method: string; readonly sourceIp?: string }
    readonly identity?: { readonly sourceIp?: string }
    readonly path?: string
    readonly elb?: unknown
  }
}

/** The answer to an HTTP event. */
export interface LambdaHttpResult {
  readonly statusCode: number
  readonly headers: Record<string, string>
  /** For a load balancer whose target group uses multi-value headers; it ignores `headers` then. */
  readonly multiValueHeaders?: Record<string, string[]>
  readonly body: string
  readonly isBase64Encoded: false
}

/**
 * Serves a receiver from AWS Lambda: API Gateway REST and HTTP APIs, function URLs, Application Load Balancer.
 *
 * What AWS does not hand over cannot be kept: HTTP APIs join repeated headers, REST APIs decode the query (it is
 * written anew), and a body that is not UTF-8 is exact only where AWS encodes it as base64 (REST: binary media types).
 * A load balancer tells no peer's address but in `X-Forwarded-For`, so an allow-list needs it as a trusted proxy.
 * Formats: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html, …/services-alb.html.
 *
 * @throws {WebhookError} `invalid_option` for a receiver that is none, and for a wrong option; when called, for an event that is no
 * HTTP request.
 * @example export const handler = lambdaHandler(receiver)
 */
export function lambdaHandler(
  receiver: RequestReceiver,
  options: AdapterOptions = {},
): (event: LambdaHttpEvent) => Promise<LambdaHttpResult> {
  const buildUrl = checkAdapter('lambdaHandler', receiver, options)
  return async event => {
    if (typeof event?.requestContext !== 'object' || event.requestContext === null) {
      const message =
        'lambdaHandler: this is no HTTP event. Call the function through API Gateway, a function URL or a load balancer'
      throw new WebhookError('invalid_option', message, { argument: 'event' })
    }
    const { status, headers, body } = await receiver.receive(fromEvent(event, buildUrl))
    const { connection: _, ...kept } = headers
    const multiple = event.requestContext.elb !== undefined && event.multiValueHeaders
    const multiValueHeaders = Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, [value]]))
    return { statusCode: status, headers: kept, ...(multiple && { multiValueHeaders }), body, isBase64Encoded: false }
  }
}

function fromEvent(event: LambdaHttpEvent, buildUrl: UrlBuilder): IncomingRequest {
  const { http, identity } = event.requestContext
  const headers: AnyValues = event.multiValueHeaders ?? event.headers ?? {}
  const host = Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1]
  return {
    method: http?.method ?? event.httpMethod ?? 'GET',
    url: buildUrl(targetOf(event), 'https', typeof host === 'string' ? host : host?.[0]),
    headers,
    body: bodyOf(event) ?? (async () => ({ ok: false, reason: 'aborted' })),
    remoteAddress: http?.sourceIp ?? identity?.sourceIp,
  }
}

function bodyOf({ body, isBase64Encoded }: LambdaHttpEvent): Uint8Array | undefined {
  return isBase64Encoded === true ? decodeBase64(body ?? '') : utf8(body ?? '')
}

/** Path with stage, and query. Load balancers leave the query encoded, REST APIs decode it. */
function targetOf(event: LambdaHttpEvent): string {
  const { path = event.path, elb } = event.requestContext
  if (event.rawPath !== undefined) return event.rawPath + (event.rawQueryString ? `?${event.rawQueryString}` : '')
  const encode = elb === undefined ? encodeURIComponent : (text: string) => text
  const pairs: string[] = []
  const parameters: AnyValues = event.multiValueQueryStringParameters ?? event.queryStringParameters ?? {}
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of typeof values === 'string' ? [values] : (values ?? []))
      pairs.push(`${encode(name)}=${encode(value)}`)
  }
  return (path ?? '/') + (pairs.length > 0 ? `?${pairs.join('&')}` : '')
}
