import { headerValues, type WebhookRequest } from '../../model/http.ts'

/** Whether a body is a form, by its declared type. */
export function isForm({ headers }: WebhookRequest): boolean {
  const [type = ''] = headerValues(headers, 'content-type')
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type.trim())
}

/** How {@link describeProvider} is to read a body. */
export const formOrJson = (request: WebhookRequest): 'form' | 'json' => (isForm(request) ? 'form' : 'json')
