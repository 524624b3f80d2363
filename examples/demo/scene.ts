import {
  type Clock,
  createReceiver,
  type EventMap,
  type Provider,
  type Receiver,
  type WebhookRequest,
} from 'crm-webhooks'
import { toWebRequest } from 'crm-webhooks/testing'
import { createJournal, type Journal } from './journal.ts'
import type { Printer } from './print.ts'

/** One request and what must come of it. */
export interface Step {
  /** What is sent, in words. */
  readonly sent: string
  readonly request: () => WebhookRequest | Promise<WebhookRequest>
  readonly status: number
  /** A part of what it must lead to. Default: of the words that are printed anyway, any will do. */
  readonly led?: string
  /** Print this of the answer's body. */
  readonly answer?: (body: string) => string
}

/** A sender, its receiver, and what is sent. */
export interface Scene {
  readonly title: string
  /** How its requests are proved. */
  readonly proof: string
  readonly path: string
  readonly receiver: Pick<Receiver, 'receive'>
  readonly journal: Journal
  readonly steps: readonly Step[]
}

/** A receiver whose doings are written down. */
export function stage<Events extends EventMap>(
  provider: Provider<Events>,
  clock?: Clock,
): { receiver: Receiver<Events>; journal: Journal } {
  const journal = createJournal()
  const receiver = createReceiver({ provider, logger: journal.logger, ...(clock && { clock }) })
  journal.watch(receiver.lifecycle)
  return { receiver, journal }
}

/** Sends every step over the socket and prints a line about each. */
export async function play(scene: Scene, origin: string, printer: Printer): Promise<void> {
  printer.heading(scene.title, `${scene.proof}; POST ${scene.path}`)
  for (const step of scene.steps) {
    const request = await step.request()
    const suffix = new URL(request.url).pathname.endsWith('/health') ? '/health' : ''
    const response = await fetch(toWebRequest({ ...request, url: origin + scene.path + suffix }))
    const body = await response.text()
    const told = [...scene.journal.take(), ...(step.answer ? [step.answer(body)] : [])]
    const led = told.join('; ')
    const expected = response.status === step.status && led.includes(step.led ?? '')
    printer.line({ sent: step.sent, status: response.status, led: led || 'taken; no handler asked for it', expected })
  }
}

/** The receiver answers for itself at `<path>/health`. */
export const healthCheck: Step = {
  sent: 'GET /health below the path',
  request: () => ({ method: 'GET', url: 'http://localhost/health', headers: {}, body: new Uint8Array(0) }),
  status: 200,
  led: 'status ok',
  answer: body => {
    const { status, service } = JSON.parse(body) as { status: string; service: string }
    return `status ${status}, service ${service}`
  },
}

/** The same request with some text of its body replaced, as somebody on the way might do it. */
export async function tampered(request: Promise<WebhookRequest>, from: string, to: string): Promise<WebhookRequest> {
  const sent = await request
  const body = new TextDecoder().decode(sent.body)
  if (!body.includes(from)) throw new Error(`the body does not contain ${from}`)
  return { ...sent, body: new TextEncoder().encode(body.replace(from, to)) }
}

export const tenMinutesAgo = (): number => Date.now() - 600_000
export const inTenMinutes = (): number => Date.now() + 600_000
