import type { EndpointInput, Receiver, WebhookRequest } from 'crm-webhooks'
import { type Answer, textOf } from '../../support/local-server.ts'
import type { Journal } from '../journal.ts'

/** An attempt as it must go, told by the log and by the target. */
export interface ExpectedAttempt {
  readonly type: string
  /** `undefined`: no answer within the time limit. */
  readonly status: number | undefined
  /** A part of what the target made of it. */
  readonly led: string
}

/** Somebody whom we send to. */
export interface Target {
  readonly name: string
  /** What is special about it, in words. */
  readonly about: string
  readonly endpoint: Omit<EndpointInput, 'name' | 'url'>
  readonly expected: readonly ExpectedAttempt[]
  /** Answers its nth request, from 1, and says what it made of it. */
  respond(request: WebhookRequest, nth: number): TargetAnswer | Promise<TargetAnswer>
}

type TargetAnswer = { readonly made: string } & (Answer | { readonly status: 'hang' })

/** A target that is one of our own receivers. What it says comes from its journal. */
export async function viaReceiver(
  { receiver, journal }: { readonly receiver: Pick<Receiver, 'receive'>; readonly journal: Journal },
  request: WebhookRequest,
): Promise<TargetAnswer> {
  const answer = await receiver.receive(request)
  return { ...answer, made: journal.take().join('; ') }
}

/** The parsed body of a request. */
export const jsonOf = (request: WebhookRequest): unknown => JSON.parse(textOf(request))
