import type { Attempt, Delivery, DeliveryStatus, RenderedBody, StoredEvent } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { DedupeStore } from './dedupe-store.ts'

/** Persistence of everything. Writes come in batches, so that a store can commit a group at once. */
export interface Store {
  readonly endpoints: EndpointStore
  readonly deliveries: DeliveryStore
  readonly attempts: AttemptStore
  readonly dedupe: DedupeStore
  /** Prepares tables and the like. Called once, before anything else; calling it again is harmless. */
  start?(): Promise<void>
  close?(): Promise<void>
}

/** One page of a list, newest first. `cursor` continues it; absent on the last page. A made-up one finds nothing. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly cursor?: string
}

/** One page of endpoints. */
export interface EndpointPage<Item = Endpoint> extends Page<Item> {
  /** The ids of those that belong on this page but cannot be read: the store does not have their key. Often absent. */
  readonly unreadable?: readonly string[]
}

/** Which tenant's; a wrong tenant finds nothing. Default: all tenants'. */
export interface TenantOption {
  readonly tenant?: string
}

/** Which page. */
export interface PageRequest {
  /** 1 to 250, default 50. What is more or less counts as the nearest of these, a fraction as the whole number below. */
  readonly limit?: number
  readonly cursor?: string
}

/** Every look-up by id takes the tenant; a wrong tenant finds nothing. `undefined` finds all tenants'. */
export interface EndpointStore {
  /** Rejects with `conflict` when there is one with this id. */
  insert(endpoint: Endpoint): Promise<void>
  /** Rejects with `store_encryption` when it cannot be read. */
  get(id: string, tenant?: string): Promise<Endpoint | undefined>
  /**
   * Replaces the endpoint when it is still as `expectedUpdatedAtMs` says; `false` when it changed, is gone or is
   * another tenant's. Each version needs a new `updatedAtMs`.
   */
  replace(endpoint: Endpoint, expectedUpdatedAtMs: number): Promise<boolean>
  delete(id: string, tenant?: string): Promise<boolean>
  list(filter: { readonly tenant?: string; readonly status?: Endpoint['status'] } & PageRequest): Promise<EndpointPage>
  /** Changes whenever an endpoint is written, by any process; cheap to ask. */
  version(): Promise<string>
}

/** A delivery to be stored with its event. Its id follows from its place: see `deliveryId`. */
export interface NewDelivery {
  readonly direction: Delivery['direction']
  readonly endpointId: string
  readonly lane: string
  /**
   * Ordered deliveries of one lane and one subject go one at a time, oldest first: one that waits for its retry holds
   * up those behind it. Others of the lane do not wait for them. One that is committed, or retried, when a newer one is
   * under way or has ended goes next.
   */
  readonly ordered: boolean
  readonly dueAtMs: number
  readonly isTest: boolean
  /** Already claimed by the caller, who runs it himself: the direct hand-off. Not for ordered ones, whose turn only the store knows. */
  readonly claim?: ClaimTicket
}

/** An event with its deliveries: all of it is stored, or nothing. */
export interface NewEvent {
  /** One whose id is stored already is not stored again. */
  readonly event: StoredEvent
  /** Unique for each tenant. A second event with the same key is not stored. */
  readonly idempotencyKey?: string
  readonly deliveries: readonly NewDelivery[]
}

/** Whether the event was stored, or which one has its idempotency key, or its id. */
export type EnqueueResult = { readonly stored: true } | { readonly stored: false; readonly existingEventId: string }

/** Who holds a delivery, and until when. A lease that ran out can be claimed by another. */
export interface ClaimTicket {
  /** Unique for each claim: a settlement with an older one changes nothing. */
  readonly token: string
  readonly leaseUntilMs: number
}

/** Which lanes a worker serves now. */
export interface LaneChoice {
  readonly direction: Delivery['direction']
  /** Only these. Default: all. */
  readonly lanes?: ReadonlySet<string>
  /** Not these. */
  readonly skipLanes?: ReadonlySet<string>
}

/** A lane by its name. */
export interface LaneName {
  readonly direction: Delivery['direction']
  readonly lane: string
}

/** What a worker asks for. */
export interface ClaimRequest extends ClaimTicket, LaneChoice {
  readonly nowMs: number
  readonly limit: number
  /** How many deliveries of one lane this claim may take. */
  readonly perLane: number
  /** The same, for lanes that differ. */
  readonly laneLimits?: ReadonlyMap<string, number>
}

/** A delivery that a worker holds, with its event. */
export interface ClaimedDelivery {
  readonly delivery: Delivery
  readonly event: StoredEvent
  readonly token: string
  /** `false` when no other delivery waits for this one to end. Default: one may. */
  readonly ordered?: boolean
}

/** The end of an attempt: the attempt and the new state, written together. */
export interface Settlement {
  readonly deliveryId: string
  readonly token: string
  readonly attempt?: Attempt
  readonly next:
    | { readonly status: 'pending'; readonly dueAtMs: number; readonly triesUsed: number; readonly body?: RenderedBody }
    | { readonly status: Exclude<DeliveryStatus, 'pending'>; readonly atMs: number; readonly body?: RenderedBody }
    /** Given back untouched, for a worker that stops. */
    | { readonly status: 'returned'; readonly dueAtMs: number }
  readonly lastError?: string
  /** The code of the last error: written with `lastError`, and only with it. Short, and equal for equal causes. */
  readonly cause?: string
  readonly externalId?: string
}

/** Finds deliveries. All that is given must hold. */
export interface DeliveryFilter extends PageRequest {
  readonly tenant?: string
  readonly endpointId?: string
  readonly eventId?: string
  readonly eventType?: string
  readonly subject?: string
  readonly status?: DeliveryStatus
  /** Of the last failure; `unknown` finds those that have none. */
  readonly cause?: string
  readonly direction?: Delivery['direction']
  /** Created at or after, in milliseconds since the epoch. */
  readonly sinceMs?: number
  /** Created before. */
  readonly untilMs?: number
}

/** Names a group of dead letters: deliveries to one endpoint that failed for one cause. */
export interface FailureKey {
  /** The endpoint, or the receiver's name. */
  readonly endpointId: string
  /** See `Delivery.cause`. `unknown` where nothing was noted. */
  readonly cause: string
  /** Only this tenant's. Default: all. */
  readonly tenant?: string
  /** Default: both. */
  readonly direction?: Delivery['direction']
}

/** Finds groups of dead letters. All that is given must hold. */
export interface FailureFilter extends Partial<FailureKey> {
  /** How many groups at most, 1 to 1,000. Default 100. */
  readonly limit?: number
}

/** A group of dead letters. With the tenant that the filter named, so that it can be handed on as a key. */
export interface FailureGroup extends FailureKey {
  readonly direction: Delivery['direction']
  readonly count: number
  /** When the first of them failed for good, in milliseconds since the epoch. */
  readonly oldestAtMs: number
  /** The same of the last one. */
  readonly newestAtMs: number
  /** The one whose event is the newest: what to look at first. */
  readonly sample: {
    readonly deliveryId: string
    readonly eventType: string
    /** In words, which may differ within the group. */
    readonly lastError: string | undefined
  }
}

/** Events and their deliveries: the queue. */
export interface DeliveryStore {
  /**
   * All or nothing: when it rejects, nothing was stored; with `store_outcome_unknown`, all of it may have been.
   * `transaction` is whatever the store's host uses for one: it is stored when that is committed. When it rejects there,
   * roll that back: PostgreSQL takes nothing more in it.
   */
  enqueue(events: readonly NewEvent[], options?: { readonly transaction?: unknown }): Promise<readonly EnqueueResult[]>
  /**
   * Takes due deliveries: one of each lane before a second of any, and the lanes in turn from claim to claim, so that
   * no backlog, however old, keeps another lane waiting. Leases that ran out count as due, and as a crash.
   */
  claim(request: ClaimRequest): Promise<readonly ClaimedDelivery[]>
  /**
   * Ends attempts. The answer tells which were changed; a delivery that somebody else holds by now, or that was
   * cancelled, is not. The attempt is kept all the same: it happened. Settling twice is harmless.
   */
  settle(settlements: readonly Settlement[]): Promise<readonly boolean[]>
  /** Prolongs leases that are still held; answers the tokens that are not. */
  renew(tokens: readonly string[], leaseUntilMs: number): Promise<readonly string[]>
  /**
   * When the next delivery falls due, or a lease runs out; a time that has passed when there is something to claim
   * already; `undefined` when nothing waits. May be too early on account of a skipped lane's retry, never too late.
   */
  nextDueAtMs(choice: LaneChoice): Promise<number | undefined>
  get(id: string, tenant?: string): Promise<{ readonly delivery: Delivery; readonly event: StoredEvent } | undefined>
  list(filter: DeliveryFilter): Promise<Page<Delivery>>
  /**
   * Makes finished deliveries due again, with all their tries, and answers how many; the attempts that were made become
   * their `attemptsBefore`. Succeeded ones only when they are named by `ids` or by `status`. Paging is ignored. When it
   * rejects, a part of them may be due already.
   */
  retry(filter: DeliveryFilter & { readonly ids?: readonly string[] }, dueAtMs: number): Promise<number>
  /**
   * Failed deliveries, counted by endpoint and cause; the largest groups first. Counted where they are: any number of
   * them may have failed.
   */
  failures(filter: FailureFilter): Promise<readonly FailureGroup[]>
  /** Makes failed deliveries that match cancelled ones, and answers how many. When it rejects, it may have begun. */
  discard(filter: Omit<DeliveryFilter, 'status' | keyof PageRequest>, atMs: number): Promise<number>
  /** Cancels a delivery that waits; one under way is not sent again. */
  cancel(id: string, atMs: number, tenant?: string): Promise<boolean>
  /**
   * Moves the due time of an endpoint's waiting deliveries: `later` never makes one earlier, `sooner` never later. Not
   * of those that are enqueued meanwhile. When it rejects, a part of them may have been moved.
   */
  reschedule(endpointId: string, dueAtMs: number, direction: 'later' | 'sooner'): Promise<void>
  /** Calls back when another process enqueued something, with the lanes if it can tell. Optional: workers poll as well. */
  onEnqueued?(wake: (lanes?: readonly LaneName[]) => void): () => void
}

/** Finds exchanges. All that is given must hold. */
export interface AttemptFilter extends PageRequest {
  readonly tenant?: string
  readonly endpointId?: string
  readonly deliveryId?: string
  readonly eventType?: string
  readonly subject?: string
  readonly outcome?: Attempt['outcome']
  /** An HTTP status, or a class of them by its first digit. */
  readonly status?: number | '2xx' | '3xx' | '4xx' | '5xx' | 'none'
  readonly direction?: Attempt['direction']
  readonly sinceMs?: number
  readonly untilMs?: number
  /** Text anywhere in the URL, the bodies or the error, taken literally. */
  readonly text?: string
}

/** The exchange log. Outbound attempts are written by `settle`. One whose id is stored already is not stored again. */
export interface AttemptStore {
  insert(attempts: readonly Attempt[]): Promise<void>
  list(filter: AttemptFilter): Promise<Page<Attempt>>
  /** Of an endpoint since a time, without tests. Percentiles are by nearest rank. */
  stats(endpointId: string, sinceMs: number): Promise<AttemptStats>
}

/** Figures of an endpoint's attempts. */
export interface AttemptStats {
  readonly total: number
  readonly succeeded: number
  readonly failed: number
  /** Milliseconds; `undefined` where there was no attempt. */
  readonly averageMs: number | undefined
  readonly p50Ms: number | undefined
  readonly p95Ms: number | undefined
  readonly p99Ms: number | undefined
  readonly lastAttemptAtMs: number | undefined
}
