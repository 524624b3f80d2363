import type { StoredEvent } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { maskBody, maskHeaders } from '../storage/exchange-log/index.ts'
import type { SignedAttempt } from './attempt.ts'
import { checkData, checkType } from './catalogue.ts'
import { createEvent, type EventSources } from './publisher.ts'
import { loggedUrl } from './record.ts'

/** Sample data for a test or a preview. */
export interface SampleInput {
  /** Default: the first of the endpoint's patterns that is a type, else `webhook.test`. */
  readonly type?: string
  /** Default: `{ test: true, message: … }`. */
  readonly data?: unknown
}

/** A request as it would be sent, credentials masked. */
export interface Preview {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const SAMPLE_DATA = { test: true, message: 'This is a test of your webhook endpoint.' }
const MAX_SAMPLE_BYTES = 262_144

/** The event of a test. @throws {WebhookError} `invalid_event`. */
export function sampleEvent(
  endpoint: Endpoint,
  { type, data = SAMPLE_DATA }: SampleInput,
  sources: EventSources,
): StoredEvent {
  const chosen = type ?? endpoint.events.find(pattern => !pattern.includes('*')) ?? 'webhook.test'
  const { tenant } = endpoint
  const text = checkData(chosen, data, undefined, MAX_SAMPLE_BYTES)
  return createEvent(checkType(chosen, undefined), text, tenant === undefined ? {} : { tenant }, sources)
}

/** What a person may see of a request. */
export function previewOf(request: SignedAttempt): Preview {
  const { method, headers, body, confidential } = request
  return {
    method,
    url: loggedUrl(request),
    headers: maskHeaders(headers, confidential?.headers),
    body: maskBody(body.bytes, body.contentType, { paths: confidential?.bodyPaths ?? [] }),
  }
}
