import { setTimeout as delay } from 'node:timers/promises'
import { standardWebhooks } from 'crm-webhooks/signatures'
import { toWebRequest } from 'crm-webhooks/testing'
import { serve, textOf } from '../../support/local-server.ts'

/** How long it takes for a request. */
export const ANSWER_MS = 20

/** Takes everything, and keeps books. */
export interface Target {
  readonly origin: string
  /** The ids of what came, in order. */
  readonly ids: readonly string[]
  /** How many requests are waiting for their answer. */
  readonly open: number
  /** How many were forged, or came with another body than before. */
  readonly wrong: number
  useSecret(secret: string): void
  /** Resolves when so many requests have come. */
  arrivals(count: number): Promise<void>
  close(): Promise<void>
}

export async function openTarget(): Promise<Target> {
  const ids: string[] = []
  const bodies = new Map<string, string>()
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  let [secret, open, wrong] = ['', 0, 0]
  const server = await serve(async request => {
    const id = toWebRequest({ ...request, url: 'http://localhost/' }).headers.get('webhook-id') ?? ''
    const body = textOf(request)
    if (!standardWebhooks({ secret }).verify(request).ok || (bodies.get(id) ?? body) !== body) wrong++
    bodies.set(id, body)
    ids.push(id)
    open++
    for (const { count, resolve } of waiting) if (ids.length >= count) resolve()
    await delay(ANSWER_MS)
    open--
    return { status: 204 }
  })
  return {
    origin: server.origin,
    ids,
    get open() {
      return open
    },
    get wrong() {
      return wrong
    },
    useSecret(given) {
      secret = given
    },
    arrivals: count => new Promise(resolve => void waiting.push({ count, resolve })),
    close: server.close,
  }
}
