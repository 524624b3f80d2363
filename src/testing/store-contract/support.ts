import type { Clock } from '../../clock.ts'
import { newId } from '../../ids.ts'
import type { Attempt, StoredEvent } from '../../model/delivery.ts'
import type { Endpoint } from '../../model/endpoint.ts'
import type { MaybePromise } from '../../model/verification.ts'
import type {
  ClaimedDelivery,
  ClaimRequest,
  NewDelivery,
  NewEvent,
  Page,
  PageRequest,
  Settlement,
  Store,
} from '../../storage/store.ts'

/** The functions of a test runner: those of vitest, jest and the like fit as they are. */
export interface ContractRunner {
  describe(name: string, define: () => void): void
  it(name: string, test: () => Promise<void>): void
  expect(actual: unknown): { toBe(expected: unknown): void; toEqual(expected: unknown): void }
  /** The clock that the store was given, if it was given one. */
  readonly clock?: Clock
}

/** What a group of cases is written with. */
export interface Cases extends Pick<ContractRunner, 'describe' | 'expect'> {
  /** A case with a store of its own, empty and started. */
  test(name: string, body: (store: Store) => Promise<void>): void
  now(): number
}

/** Runs a case with a fresh store and closes that in any case. */
export async function withStore(
  createStore: () => MaybePromise<Store>,
  body: (store: Store) => Promise<void>,
): Promise<void> {
  const store = await createStore()
  await store.start?.()
  try {
    await body(store)
  } finally {
    await store.close?.()
  }
}

/** A delivery of lane `a`, due at once. */
export function newDelivery(more: Partial<NewDelivery> = {}): NewDelivery {
  const lane = more.lane ?? 'a'
  return { direction: 'outbound', endpointId: lane, lane, ordered: false, dueAtMs: 0, isTest: false, ...more }
}

/** An event with deliveries. */
export function newEvent(
  deliveries: ReadonlyArray<Partial<NewDelivery>> = [{}],
  { idempotencyKey, ...event }: Partial<StoredEvent> & { readonly idempotencyKey?: string } = {},
): NewEvent {
  const stored: StoredEvent = {
    id: newId('evt'),
    tenant: undefined,
    type: 'deal.updated',
    timestampMs: 1,
    subject: undefined,
    data: '{"deal":1}',
    metadata: {},
    ...event,
  }
  const key = idempotencyKey === undefined ? {} : { idempotencyKey }
  return { event: stored, deliveries: deliveries.map(newDelivery), ...key }
}

/** Events with one delivery each in a lane, oldest first. */
export function backlog(lane: string, count: number, more: Partial<NewDelivery> = {}): NewEvent[] {
  return Array.from({ length: count }, () => newEvent([{ lane, ...more }]))
}

/** Claims, by default everything that is due. */
export function claim(
  store: Store,
  nowMs: number,
  more: Partial<ClaimRequest> = {},
): Promise<readonly ClaimedDelivery[]> {
  return store.deliveries.claim({
    direction: 'outbound',
    nowMs,
    limit: 10_000,
    perLane: 10_000,
    token: newId('lse'),
    leaseUntilMs: nowMs + 60_000,
    ...more,
  })
}

/** The end of an attempt, by default success. */
export function settlement({ delivery, token }: ClaimedDelivery, more: Partial<Settlement> = {}): Settlement {
  return { deliveryId: delivery.id, token, next: { status: 'succeeded', atMs: 1 }, ...more }
}

/** An attempt that succeeded. */
export function attempt(more: Partial<Attempt> = {}): Attempt {
  return {
    id: newId('att'),
    direction: 'outbound',
    deliveryId: undefined,
    eventId: undefined,
    eventType: 'deal.updated',
    tenant: undefined,
    subject: undefined,
    endpointId: 'a',
    number: 1,
    startedAtMs: 1_000,
    durationMs: 5,
    outcome: 'succeeded',
    method: 'POST',
    url: 'https://a.example.com/hook',
    requestHeaders: { 'content-type': 'application/json' },
    requestBody: '{"deal":1}',
    status: 200,
    responseHeaders: {},
    responseBody: 'ok',
    errorCode: undefined,
    errorMessage: undefined,
    externalId: undefined,
    isTest: false,
    ...more,
  }
}

/** An endpoint with something in every field. */
export function endpoint(more: Partial<Endpoint> = {}): Endpoint {
  return {
    id: newId('ep'),
    tenant: undefined,
    name: 'Billing',
    url: 'https://a.example.com/hook',
    description: 'Ünïcode “text”',
    events: ['deal.*'],
    when: { changed: ['stage_id'] },
    status: 'active',
    disabledReason: undefined,
    disabledAtMs: undefined,
    failingSinceMs: undefined,
    probeAtMs: undefined,
    method: 'POST',
    headers: { 'X-Team': 'sales' },
    auth: { type: 'basic', username: 'u', password: 'p' },
    signature: { scheme: 'standard' },
    secrets: [{ value: 'whsec_x' }, { value: 'whsec_y', expiresAtMs: 5 }],
    envelope: 'standard',
    preset: { name: 'slack', settings: { channel: '#a', nested: { list: [1, null, 'x'] } } },
    template: '{"a":"{{b}}"}',
    retry: [1, 2, 3],
    timeoutSeconds: 30,
    rateLimit: { limit: 5, perSeconds: 1 },
    maxInFlight: 10,
    ordering: 'none',
    metadata: { owner: 'x' },
    createdAtMs: 1_000,
    updatedAtMs: 1_000,
    ...more,
  }
}

/** Reads all pages. */
export async function allPages<Item>(
  read: (request: PageRequest) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[][]> {
  const pages: Item[][] = []
  let cursor: string | undefined
  do {
    const page = await read(cursor === undefined ? { limit } : { limit, cursor })
    pages.push([...page.items])
    cursor = page.cursor
  } while (cursor !== undefined && pages.length < 1_000)
  return pages
}

/** Ids of the deliveries of an event. */
export function idsOf({ event, deliveries }: NewEvent): string[] {
  return deliveries.map((_, ordinal) => `${event.id}_${ordinal}`)
}

/** Lanes of claimed deliveries. */
export function lanesOf(claimed: readonly ClaimedDelivery[]): string[] {
  return claimed.map(({ delivery }) => delivery.lane)
}
