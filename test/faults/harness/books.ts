import type { Arrival } from '../children/endpoint.ts'

/** An event for one endpoint, by what the endpoint knows of it. */
export interface Pair {
  readonly path: string
  readonly number: number
}

/** What is compared once everything has drained. */
export interface BookInput {
  /** What `publish` accepted. */
  readonly accepted: readonly Pair[]
  /** Everything that was ever given to `publish`, accepted or not. */
  readonly submitted: readonly Pair[]
  /** Pairs that are on record as given up: told of, so not lost. */
  readonly givenUp: readonly Pair[]
  /** What the endpoint wrote down before it answered: the truth. */
  readonly arrivals: readonly Arrival[]
}

/** The books of a run: valid when nothing is lost, unexpected or altered. */
export interface Books {
  /** What had to be delivered. */
  readonly accepted: number
  /** Accepted, but neither delivered nor given up on record. */
  readonly lost: number
  /** Delivered, though never submitted. */
  readonly unexpected: number
  /** Successes beyond the first. */
  readonly duplicates: number
  /** Delivered although `publish` did not resolve: allowed. */
  readonly recovered: number
  /** Requests of a pair with another webhook-id or other bytes than the first. */
  readonly altered: number
  /** Requests whose signature is wrong, and repeated successes that were not signed anew. */
  readonly wronglySigned: number
  /** The most requests that a pair took. */
  readonly mostRequests: number
}

/** Compares what was accepted with what arrived. */
export function checkBooks({ accepted, submitted, givenUp, arrivals }: BookInput): Books {
  const byPair = new Map<string, Arrival[]>()
  for (const arrival of arrivals) {
    const known = byPair.get(keyOf(arrival))
    if (known === undefined) byPair.set(keyOf(arrival), [arrival])
    else known.push(arrival)
  }
  const delivered = new Set(arrivals.filter(({ status }) => status === 200).map(keyOf))
  const [acceptedKeys, submittedKeys, givenUpKeys] = [accepted, submitted, givenUp].map(
    pairs => new Set(pairs.map(keyOf)),
  ) as [Set<string>, Set<string>, Set<string>]
  const books = { duplicates: 0, altered: 0, wronglySigned: 0, mostRequests: 0 }
  for (const requests of byPair.values()) {
    const successes = requests.filter(({ status }) => status === 200)
    books.duplicates += Math.max(0, successes.length - 1)
    books.altered += requests.filter(request => !isSame(request, requests[0])).length
    books.wronglySigned += requests.filter(({ signed }) => !signed).length
    books.wronglySigned += successes.filter((one, i) => isOlder(one, successes[i - 1])).length
    books.mostRequests = Math.max(books.mostRequests, requests.length)
  }
  return {
    ...books,
    accepted: acceptedKeys.size,
    lost: [...acceptedKeys].filter(key => !delivered.has(key) && !givenUpKeys.has(key)).length,
    unexpected: [...byPair.keys()].filter(key => !submittedKeys.has(key)).length,
    recovered: [...delivered].filter(key => !acceptedKeys.has(key)).length,
  }
}

function keyOf({ path, number }: Pair): string {
  return `${path} ${number}`
}

function isSame(one: Arrival, first: Arrival | undefined): boolean {
  return one.webhookId === first?.webhookId && one.digest === first.digest
}

/** A success is repeated only once a lease has run out, which takes longer than the second that timestamps tell. */
function isOlder(one: Arrival, before: Arrival | undefined): boolean {
  return before !== undefined && one.timestamp <= before.timestamp
}
