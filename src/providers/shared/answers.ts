import type { WebhookResponse } from '../../model/http.ts'

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

/** Visible ASCII of a bounded length: what may be sent back to a stranger, in a header too. */
export function isPlainToken(text: string | undefined, maxLength = 512): text is string {
  return text !== undefined && text.length <= maxLength && /^[\x21-\x7e]+$/.test(text)
}
