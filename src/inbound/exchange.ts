import type { Attempt } from '../model/delivery.ts'
import type { ReceivedEvent } from '../model/event.ts'
import {
  headerEntries,
  type IncomingRequest,
  singleHeader,
  type WebhookRequest,
  type WebhookResponse,
} from '../model/http.ts'
import { inTime } from '../model/in-time.ts'
import type { ConfidentialParts } from '../model/verification.ts'
import { maskBody, maskHeaders, maskUrl } from '../storage/exchange-log/index.ts'
import { LEAST_WAIT_MS } from './handle-event.ts'
import type { ReceiverSettings } from './options.ts'

/** What is noted of a request while it is handled, for the exchange log. */
export interface ExchangeNotes {
  readonly startedAtMs: number
  body: Uint8Array | undefined
  /** The first event of the request. */
  event: ReceivedEvent | undefined
  errorCode: string | undefined
  errorMessage: string | undefined
}

/** Notes of a request that begins now. */
export function startNotes({ clock }: ReceiverSettings): ExchangeNotes {
  return { startedAtMs: clock.now(), body: undefined, event: undefined, errorCode: undefined, errorMessage: undefined }
}

/** Keeps the cause of a refusal for the exchange log. */
export function note<Cause extends { readonly code: string; readonly message: string }>(
  notes: ExchangeNotes | undefined,
  cause: Cause,
): Cause {
  if (notes !== undefined) Object.assign(notes, { errorCode: cause.code, errorMessage: cause.message })
  return cause
}

/** Never rejects: a log that fails does not change the answer, and one that hangs does not keep it back. */
export async function writeExchange(
  request: WebhookRequest | IncomingRequest,
  response: WebhookResponse,
  notes: ExchangeNotes,
  { name, exchangeLog, clock, newId, logger, handlerTimeoutMs }: ReceiverSettings,
  confidential: ConfidentialParts = {},
): Promise<void> {
  try {
    const attempt = recordExchange(name, request, response, notes, confidential)
    const nowMs = clock.now()
    const durationMs = nowMs - notes.startedAtMs
    const untilMs = Math.max(notes.startedAtMs + handlerTimeoutMs, nowMs + LEAST_WAIT_MS)
    await inTime(Promise.resolve(exchangeLog?.insert([{ ...attempt, id: newId('att'), durationMs }])), clock, untilMs)
  } catch (error) {
    logger.error('webhook exchange log was not written', { error })
  }
}

/** The line of the exchange log for a request that came in: secrets masked, bodies capped. */
function recordExchange(
  receiverName: string,
  request: Omit<WebhookRequest, 'body'>,
  response: WebhookResponse,
  notes: ExchangeNotes,
  { headers = [], bodyPaths = [] }: ConfidentialParts,
): Omit<Attempt, 'id' | 'durationMs'> {
  const { event, startedAtMs } = notes
  const contentType = singleHeader(request.headers, 'content-type') ?? ''
  return {
    direction: 'inbound',
    deliveryId: undefined,
    eventId: event?.id,
    eventType: event?.type,
    tenant: undefined,
    subject: event?.recordId,
    endpointId: receiverName,
    number: event?.attempt ?? 1,
    startedAtMs,
    outcome: response.status < 400 ? 'succeeded' : 'failed',
    method: request.method,
    url: maskUrl(request.url),
    requestHeaders: maskHeaders(Object.fromEntries(headerEntries(request.headers)), headers),
    requestBody: notes.body === undefined ? '' : maskBody(notes.body, contentType, { paths: bodyPaths }),
    status: response.status,
    responseHeaders: maskHeaders(response.headers),
    responseBody: maskBody(response.body, response.headers['content-type'] ?? ''),
    errorCode: notes.errorCode,
    errorMessage: notes.errorMessage,
    externalId: undefined,
    isTest: false,
  }
}
