import { WebhookError } from '../../errors.ts'
import type { Delivery, RenderedBody } from '../../model/delivery.ts'
import { unreadable } from '../encryption/sealed-text.ts'
import type { Sealer } from '../encryption/sealer.ts'
import type { Settlement } from '../store.ts'

/** Stands before the content type of a sealed body. A body may hold what authorises it: a key that a service wants. */
const MARK = 'sealed;'

/** A settlement whose body is sealed. */
export async function sealSettlement(settlement: Settlement, sealer: Sealer): Promise<Settlement> {
  const { next, deliveryId } = settlement
  if (next.status === 'returned' || next.body === undefined) return settlement
  return { ...settlement, next: { ...next, body: await sealBody(next.body, deliveryId, sealer) } }
}

/** A delivery with its body as it was rendered; without one where that cannot be read, and why. */
export interface OpenedDelivery {
  readonly delivery: Delivery
  readonly problem: string | undefined
}

/** Opens the body of a delivery. One that cannot be read is nobody else's trouble: never rejects on account of it. */
export async function openBody(delivery: Delivery, sealer: Sealer | undefined): Promise<OpenedDelivery> {
  if (delivery.body === undefined) return { delivery, problem: undefined }
  try {
    return { delivery: { ...delivery, body: await readBody(delivery.body, delivery.id, sealer) }, problem: undefined }
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error
    return { delivery: { ...delivery, body: undefined }, problem: error.message }
  }
}

/**
 * A stored body, sealed with the first of the keys; `undefined` when it is already.
 *
 * @throws {WebhookError} `store_encryption` when it cannot be read.
 */
export async function resealBody(body: RenderedBody, id: string, sealer: Sealer): Promise<RenderedBody | undefined> {
  if (body.contentType.startsWith(MARK) && sealer.isCurrent(body.bytes)) return undefined
  return sealBody(await readBody(body, id, sealer), id, sealer)
}

/** @throws {WebhookError} `store_encryption`. */
async function readBody(body: RenderedBody, id: string, sealer: Sealer | undefined): Promise<RenderedBody> {
  if (!body.contentType.startsWith(MARK)) return body
  if (sealer === undefined) throw unreadable(true)
  return { bytes: await sealer.open(body.bytes, placeOf(id)), contentType: body.contentType.slice(MARK.length) }
}

async function sealBody(body: RenderedBody, id: string, sealer: Sealer): Promise<RenderedBody> {
  return { bytes: await sealer.seal(body.bytes, placeOf(id)), contentType: MARK + body.contentType }
}

function placeOf(id: string): string {
  return `delivery:${id}`
}
