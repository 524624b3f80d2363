import type { EventMap, EventOf } from '../../src/model/event.ts'
import type { WebhookRequest } from '../../src/model/http.ts'
import type { Provider } from '../../src/providers/provider.ts'

/** A request with a JSON body, or with text or bytes as they are. */
export function request(body: unknown, headers: Readonly<Record<string, string>> = {}, url = '/hook'): WebhookRequest {
  const bytes =
    body instanceof Uint8Array ? body : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  return { method: 'POST', url, headers, body: bytes }
}

/** The only event of a request that can be read. */
export function parseOne<Events extends EventMap>(provider: Provider<Events>, input: WebhookRequest): EventOf<Events> {
  const parsed = provider.parse(input)
  if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.message}`)
  const [event, ...others] = parsed.events
  if (event === undefined || others.length > 0) throw new Error(`${parsed.events.length} events`)
  return event
}
