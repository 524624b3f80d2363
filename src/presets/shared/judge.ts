import { singleHeader } from '../../model/http.ts'
import type { PresetOutcome, PresetResponse } from '../preset.ts'
import { bodyErrorText, errorText, idText, isHtml, parseBody } from './response-body.ts'

/** Why a 2xx answer is none. */
export interface Failure {
  readonly message: string
  readonly retry: boolean
}

/** How a target's answers are read. Every part gets the decoded body, `undefined` when it is not JSON. */
export interface OutcomeRules {
  /** Finds what is wrong with a 2xx answer. Default: nothing is. */
  readonly failure?: (body: unknown, response: PresetResponse) => Failure | undefined
  readonly id?: (body: unknown) => unknown
  readonly url?: (body: unknown) => unknown
  /** Finds what an error answer says. Default, and when it finds nothing: {@link bodyErrorText}. */
  readonly error?: (body: unknown) => unknown
  /** For statuses that mean something else here than elsewhere. Default: the retry policy decides. */
  readonly retry?: (status: number, body: unknown) => boolean | undefined
  /** Seconds to wait, for targets that say so in the body. Default: `Retry-After` in seconds. */
  readonly retryAfter?: (body: unknown) => unknown
}

const MAX_RETRY_AFTER_SECONDS = 86_400

/** Reads an answer by rules. Never throws. */
export function judge(response: PresetResponse, rules: OutcomeRules = {}): PresetOutcome {
  const { status } = response
  const body = parseBody(response.body)
  if (status >= 200 && status <= 299) {
    const failure = rules.failure?.(body, response)
    return failure === undefined ? success(body, rules) : { ok: false, ...failure, message: errorText(failure.message) }
  }
  const told = errorText(rules.error?.(body)) || bodyErrorText(response.body)
  const retry = rules.retry?.(status, body)
  const retryAfterSeconds = seconds(rules.retryAfter?.(body)) ?? headerSeconds(response)
  return {
    ok: false,
    message: errorText(told === '' ? `HTTP ${status}` : `HTTP ${status}: ${told}`),
    ...(retry !== undefined && { retry }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  }
}

/** For targets that always give an id: a 2xx answer without one came from somewhere else. */
export function requireId(
  id: (body: unknown) => unknown,
  expected: string,
): (body: unknown, response: PresetResponse) => Failure | undefined {
  return (body, response) => {
    if (idText(id(body)) !== undefined) return undefined
    const what = isHtml(response.body) ? bodyErrorText(response.body) : 'an answer'
    return { message: `HTTP ${response.status}: ${what} without ${expected}. Is the address right?`, retry: false }
  }
}

function success(body: unknown, rules: OutcomeRules): PresetOutcome {
  const externalId = idText(rules.id?.(body))
  const externalUrl = rules.url?.(body)
  return {
    ok: true,
    ...(externalId !== undefined && { externalId }),
    ...(typeof externalUrl === 'string' && /^https?:\/\/\S{1,2000}$/.test(externalUrl) && { externalUrl }),
  }
}

function seconds(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return undefined
  return Math.min(Math.ceil(value), MAX_RETRY_AFTER_SECONDS)
}

function headerSeconds({ headers }: PresetResponse): number | undefined {
  const value = headers === undefined ? undefined : singleHeader(headers, 'retry-after')?.trim()
  return value !== undefined && /^\d{1,12}$/.test(value) ? seconds(Number(value)) : undefined
}
