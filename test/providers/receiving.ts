import { createReceiver } from '../../src/inbound/receiver.ts'
import type { WebhookRequest, WebhookResponse } from '../../src/model/http.ts'
import type { AnyProvider } from '../../src/providers/provider.ts'

/** When everything is received. */
export const NOW = Date.UTC(2026, 0, 1, 10)
export const SECRET = 'a-shared-secret-for-tests'
export const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
export const clock = { now: () => NOW, setTimer: () => () => {} }

/** The answer of a receiver without handlers. */
export async function receive(provider: AnyProvider, input: WebhookRequest): Promise<WebhookResponse> {
  return createReceiver({ provider, clock }).receive(input)
}

export function get(url: string, headers: Readonly<Record<string, string>> = {}): WebhookRequest {
  return { method: 'GET', url, headers, body: new Uint8Array(0) }
}

/** The request with the proof that the provider asks for. */
export async function signed(provider: AnyProvider, input: WebhookRequest): Promise<WebhookRequest> {
  const result = await provider.authenticate?.(input, { now: NOW })
  if (result === undefined) throw new Error('the provider cannot sign')
  return result
}

/** The events of a request that can be read. */
export function eventsOf(
  provider: AnyProvider,
  input: WebhookRequest,
): readonly { readonly id: string; readonly type: string }[] {
  const parsed = provider.parse(input)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.events
}
