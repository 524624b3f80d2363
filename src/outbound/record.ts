import type { Attempt, Delivery, StoredEvent } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { Recent } from '../model/recent.ts'
import { MASK, maskBody, maskHeaders, maskUrl } from '../storage/exchange-log/index.ts'
import type { TransportResult } from '../transports/transport.ts'
import type { Judgement, SignedAttempt } from './attempt.ts'
import { withoutSecrets } from './known-secrets.ts'
import type { PresetTable } from './render.ts'

/** How much the exchange log keeps: everything, or neither headers nor bodies. */
export type LogDetail = 'full' | 'brief'

/** What an attempt is about, before it becomes a line of the log. */
export interface AttemptFacts {
  readonly id: string
  readonly endpoint: Endpoint
  readonly event: StoredEvent
  readonly delivery: Pick<Delivery, 'id' | 'attempts' | 'isTest'>
  readonly startedAtMs: number
  readonly presets: PresetTable
  /** How much is kept when it succeeds. A test is always kept in full. */
  readonly logSuccesses: LogDetail
}

/** The line of the exchange log: secrets masked, bodies capped. */
export function recordAttempt(
  { id, endpoint, event, delivery, startedAtMs, presets, logSuccesses }: AttemptFacts,
  request: SignedAttempt | undefined,
  result: TransportResult | undefined,
  judged: Judgement,
): Attempt {
  const answer = result?.ok ? result : undefined
  const isBrief = judged.ok && logSuccesses === 'brief' && !delivery.isTest
  const shownRequest = isBrief ? undefined : request
  const shownAnswer = isBrief ? undefined : answer
  const hide = (text: string): string => withoutSecrets(text, endpoint, presets, request)
  return {
    id,
    direction: 'outbound',
    deliveryId: delivery.id,
    eventId: event.id,
    eventType: event.type,
    tenant: event.tenant,
    subject: event.subject,
    endpointId: endpoint.id,
    number: delivery.attempts + 1,
    startedAtMs,
    durationMs: result?.durationMs ?? 0,
    outcome: judged.ok ? 'succeeded' : 'failed',
    method: request?.method ?? endpoint.method,
    url: request === undefined ? maskUrl(endpoint.url) : endpointUrl(endpoint, request),
    requestHeaders: shownRequest ? maskHeaders(shownRequest.headers, shownRequest.confidential?.headers) : {},
    requestBody: shownRequest ? loggedBody(shownRequest) : '',
    status: answer?.status,
    responseHeaders: shownAnswer ? maskHeaders(shownAnswer.headers, undefined, hide) : {},
    responseBody: shownAnswer ? hide(loggedAnswer(shownAnswer)) : '',
    errorCode: judged.ok ? undefined : judged.code,
    errorMessage: judged.ok ? undefined : hide(judged.message),
    externalId: judged.ok ? judged.externalId : undefined,
    isTest: delivery.isTest,
  }
}

/** The same bytes go to many endpoints. */
const logged = new Recent<Uint8Array, string>()

function loggedBody({ body, confidential }: SignedAttempt): string {
  return logged.get(body.bytes, () => {
    const text = 'text' in body ? body.text : undefined
    return maskBody(body.bytes, body.contentType, { paths: confidential?.bodyPaths ?? [], text })
  })
}

function loggedAnswer(answer: Extract<TransportResult, { ok: true }>): string {
  const contentType = answer.headers['content-type']
  return answer.body.length === 0
    ? ''
    : maskBody(answer.body, typeof contentType === 'string' ? contentType : '', { truncated: answer.truncated })
}

/** Most requests of an endpoint go to one URL. */
const shownUrls = new WeakMap<Endpoint, { readonly url: string; readonly shown: string }>()

function endpointUrl(endpoint: Endpoint, request: SignedAttempt): string {
  if (request.confidential?.url) return loggedUrl(request)
  let known = shownUrls.get(endpoint)
  if (known?.url !== request.url) {
    known = { url: request.url, shown: loggedUrl(request) }
    shownUrls.set(endpoint, known)
  }
  return known.shown
}

/** A URL as it may be seen; of one that is itself the credential, where it leads only. */
export function loggedUrl({ url, confidential }: Pick<SignedAttempt, 'url' | 'confidential'>): string {
  return confidential?.url ? `${new URL(url).origin}/${MASK}` : maskUrl(url)
}
