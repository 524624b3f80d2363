import { WebhookError } from '../../errors.ts'
import type { WebhookRequest } from '../../model/http.ts'

/**
 * The URL as the sender addressed it: behind a proxy the one that the server sees differs. Scheme, host and path
 * are those of `configured`; the query is the request's where it has one, because some senders put values there.
 *
 * @throws {WebhookError} `invalid_option` when `configured` is not an absolute http(s) URL.
 */
export function publicUrl(configured: string | undefined): (request: WebhookRequest) => string {
  if (configured === undefined) return request => request.url
  if (!/^https?:\/\/[^/?#\s]+[^\s#]*$/.test(configured)) {
    throw new WebhookError('invalid_option', 'url must be absolute, as it is configured at the sender', {
      argument: 'url',
    })
  }
  const [base = ''] = configured.split('?', 1)
  return ({ url }) => {
    const query = url.indexOf('?')
    return query === -1 ? configured : `${base}${url.slice(query)}`
  }
}
