import { decodeUtf8 } from '../bytes/encoding.ts'
import type { Clock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { NewId } from '../ids.ts'
import type { Attempt, Delivery, StoredEvent } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { singleHeader } from '../model/http.ts'
import { andThen, isThenable } from '../model/maybe-promise.ts'
import type { MaybePromise } from '../model/verification.ts'
import type { Preset, PresetOutcome, PresetResponse } from '../presets/preset.ts'
import type { FailedAttempt } from '../retry/retry-policy.ts'
import type { SignatureHeaders } from '../signatures/scheme.ts'
import type { Transport, TransportRequest, TransportResult } from '../transports/transport.ts'
import { attemptHeaders, putHeaders } from './headers.ts'
import { type AttemptFacts, type LogDetail, recordAttempt } from './record.ts'
import { type PresetTable, type RenderedRequest, renderRequest } from './render.ts'
import { type SigningScheme, signerOf } from './signing.ts'

/** What making an attempt needs. */
export interface AttemptHost {
  readonly presets: PresetTable
  readonly schemes: Readonly<Record<string, SigningScheme>>
  readonly transport: Transport
  readonly clock: Clock
  readonly newId: NewId
  readonly userAgent: string
  /** How much the exchange log keeps of attempts that succeed. */
  readonly logSuccesses: LogDetail
}

/** The request of an attempt, complete. */
export interface SignedAttempt extends RenderedRequest {
  readonly headers: Readonly<Record<string, string>>
}

/** How an attempt ended. */
export interface AttemptResult {
  readonly attempt: Attempt
  readonly request: SignedAttempt | undefined
  /** `undefined` when it succeeded. */
  readonly failure: FailedAttempt | undefined
}

type Target = Pick<Delivery, 'id' | 'attempts' | 'body' | 'isTest'>

/**
 * Renders and signs: what would go over the wire now. At once, unless the signature has to be waited for.
 *
 * @throws what rendering or signing throws.
 */
export function signAttempt(
  endpoint: Endpoint,
  event: StoredEvent,
  delivery: Target,
  host: AttemptHost,
): MaybePromise<SignedAttempt> {
  const nowMs = host.clock.now()
  const request = renderRequest(endpoint, event, delivery, host.presets)
  const { url, method, body } = request
  const headers = attemptHeaders(endpoint, event, delivery, request, host.userAgent, nowMs)
  const message = { id: event.id, timestampMs: nowMs, body: body.bytes, url, method }
  return andThen(signerOf(endpoint, host.schemes, nowMs)(message), signature => {
    putHeaders(headers, signature)
    return { url, method, body, headers, confidential: confidentialOf(endpoint, request, signature) }
  })
}

/** What a log must not show, beside what everybody knows to be secret by its name. */
function confidentialOf(
  { auth, signature: { scheme } }: Endpoint,
  { confidential }: RenderedRequest,
  signature: SignatureHeaders,
): RenderedRequest['confidential'] {
  const headers = auth.type === 'apiKey' ? [auth.header] : []
  if (scheme !== 'standard') headers.push(...Object.keys(signature))
  if (headers.length === 0) return confidential
  const { url = false, headers: known = [], bodyPaths = [] } = confidential ?? {}
  return { url, headers: [...known, ...headers], bodyPaths }
}

/** One attempt: render, sign, transmit, judge, record. Never rejects. */
export async function makeAttempt(
  endpoint: Endpoint,
  event: StoredEvent,
  delivery: Target,
  host: AttemptHost,
  signal?: AbortSignal,
): Promise<AttemptResult> {
  const { presets, logSuccesses } = host
  const startedAtMs = host.clock.now()
  const facts = { id: host.newId('att'), endpoint, event, delivery, startedAtMs, presets, logSuccesses }
  let request: SignedAttempt
  try {
    const signing = signAttempt(endpoint, event, delivery, host)
    request = isThenable(signing) ? await signing : signing
  } catch (error) {
    return notMade(facts, error)
  }
  const { url, method, headers, body } = request
  const timeoutMs = endpoint.timeoutSeconds * 1000
  const sent = { url, method, headers, body: body.bytes, timeoutMs, owner: endpoint.id, signal }
  const result = await transmit(sent, host)
  const judged = judge(endpoint, result, presets)
  const attempt = record(facts, request, result, judged)
  return { attempt, request, failure: judged.ok ? undefined : failureOf(result, judged) }
}

/** The request could not even be made. What this process was not given another one may have: that is tried again. */
function notMade(facts: AttemptFacts, error: unknown): AttemptResult {
  const message = error instanceof Error ? error.message : 'the request could not be made'
  const isUnknown = error instanceof WebhookError && error.code === 'unsupported'
  const code = isUnknown ? 'not_registered' : 'render_failed'
  const attempt = recordAttempt(facts, undefined, undefined, { ok: false, code, message })
  return { attempt, request: undefined, failure: { error: isUnknown ? code : 'invalid_request' } }
}

/** A transport that rejects did not keep its word; what became of the request is not known. */
async function transmit(request: TransportRequest, { transport, clock }: AttemptHost): Promise<TransportResult> {
  const startedAtMs = clock.now()
  const failed = (message: string): TransportResult => {
    return { ok: false, code: 'connection_failed', message, durationMs: Math.max(0, clock.now() - startedAtMs) }
  }
  try {
    const result: TransportResult | undefined = await transport.send(request)
    return typeof result?.ok === 'boolean' ? result : failed('the transport answered nothing')
  } catch (error) {
    return failed(`the transport rejected: ${error instanceof Error ? error.message : 'no error'}`)
  }
}

/** An attempt that was made is recorded, if need be without what was said. */
function record(facts: AttemptFacts, request: SignedAttempt, result: TransportResult, judged: Judgement): Attempt {
  try {
    return recordAttempt(facts, request, result, judged)
  } catch {
    return recordAttempt(facts, undefined, undefined, judged)
  }
}

/** What an answer means. */
export type Judgement =
  | { readonly ok: true; readonly externalId?: string | undefined }
  | {
      readonly ok: false
      readonly code: string
      readonly message: string
      readonly retry?: boolean | undefined
      readonly retryAfterSeconds?: number | undefined
    }

const SUCCESS: Judgement = { ok: true }

/** Success is 2xx on the request itself, and what the preset makes of the body. */
function judge(endpoint: Endpoint, result: TransportResult, presets: PresetTable): Judgement {
  if (!result.ok) return { ok: false, code: result.code, message: result.message }
  const preset = endpoint.preset && presets.get(endpoint.preset.name)
  if (preset !== undefined) {
    const response = { status: result.status, headers: headersOf(result), body: decodeUtf8(result.body) ?? '' }
    return fromPreset(outcomeOf(preset, response, endpoint.preset?.settings), result.status)
  }
  if (result.status >= 200 && result.status < 300) return SUCCESS
  return { ok: false, code: 'http_status', message: `HTTP ${result.status}` }
}

/** A preset that breaks on an answer must not make the attempt go unrecorded and be repeated for ever. */
function outcomeOf(preset: Preset, response: PresetResponse, settings: unknown): PresetOutcome {
  try {
    const checked = preset.settings(settings)
    const outcome = checked.ok ? preset.outcome(response, checked.value) : undefined
    if (outcome?.ok === true || (outcome?.ok === false && typeof outcome.message === 'string')) return outcome
  } catch {
    // As if it had said nothing.
  }
  return { ok: false, message: `HTTP ${response.status}: the preset '${preset.name}' could not read the answer` }
}

function fromPreset(outcome: PresetOutcome, status: number): Judgement {
  if (outcome.ok) return { ok: true, externalId: outcome.externalId }
  const { message, retry, retryAfterSeconds } = outcome
  const code = status >= 200 && status < 300 ? 'response_error' : 'http_status'
  return { ok: false, code, message, retry, retryAfterSeconds }
}

function failureOf(result: TransportResult, judged: Extract<Judgement, { ok: false }>): FailedAttempt {
  if (!result.ok) return { error: result.code }
  const { retryAfterSeconds: told } = judged
  const retryAfter = told === undefined ? singleHeader(headersOf(result), 'retry-after') : Number(told).toFixed(0)
  const verdict = judged.retry === undefined ? undefined : judged.retry ? 'retry' : 'give_up'
  return { status: result.status, retryAfter, verdict }
}

/** The headers of an answer in the form that header look-ups take. */
export function headersOf(
  result: Extract<TransportResult, { ok: true }>,
): Readonly<Record<string, string | readonly string[] | undefined>> {
  return result.headers
}
