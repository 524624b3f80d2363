import type { EventMap, EventOf } from '../model/event.ts'
import type { IncomingRequest, WebhookRequest, WebhookResponse } from '../model/http.ts'
import type { HandlerOutcome } from '../model/receive-result.ts'
import type { MaybePromise } from '../model/verification.ts'

/** Receives the webhooks of one provider. Made by `createReceiver`. */
export interface Receiver<Events extends EventMap = EventMap> {
  /** Takes a request in any host's shape and answers it. Never rejects. */
  receive(request: WebhookRequest | IncomingRequest): Promise<WebhookResponse>
  /** The same for Web requests: `export const POST = receiver.handle`. */
  readonly handle: (request: Request, host?: { readonly remoteAddress?: unknown }) => Promise<Response>
  on(pattern: string, handler: (event: EventOf<Events>) => MaybePromise<HandlerOutcome>): this
}
