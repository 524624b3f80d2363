import type { WebhookResponse } from '../../model/http.ts'
import type { ReceiveResult } from '../../model/receive-result.ts'

/** A set-up value that is sent back as it came: text that no browser takes for a page. */
export function textAnswer(body: string): WebhookResponse {
  return { status: 200, headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' }, body }
}

/** An answer with a JSON body. */
export function jsonAnswer(value: unknown): WebhookResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

/** An answer without a body. */
export function emptyAnswer(status: number): WebhookResponse {
  return { status, headers: {}, body: '' }
}

/** For senders that take every 4xx as final: 503 where the usual answer is a 4xx and trying again helps. */
export function askAgain({ outcome, retryAfterSeconds = 5 }: ReceiveResult): WebhookResponse | undefined {
  if (outcome !== 'in_progress' && outcome !== 'too_slow') return undefined
  return { ...emptyAnswer(503), headers: { 'retry-after': String(retryAfterSeconds) } }
}

/** Visible ASCII of a bounded length: what may be sent back to a stranger, in a header too. */
export function isPlainToken(text: string | undefined, maxLength = 512): text is string {
  return text !== undefined && text.length <= maxLength && /^[\x21-\x7e]+$/.test(text)
}
