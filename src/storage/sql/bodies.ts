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

/** A delivery with its body as it was rendered. */
export async function openBody(delivery: Delivery, sealer: Sealer | undefined): Promise<Delivery> {
  const { body } = delivery
  if (body === undefined || !body.contentType.startsWith(MARK)) return delivery
  if (sealer === undefined) throw unreadable(true)
  const bytes = await sealer.open(body.bytes, placeOf(delivery.id))
  return { ...delivery, body: { bytes, contentType: body.contentType.slice(MARK.length) } }
}

async function sealBody(body: RenderedBody, id: string, sealer: Sealer): Promise<RenderedBody> {
  return { bytes: await sealer.seal(body.bytes, placeOf(id)), contentType: MARK + body.contentType }
}

function placeOf(id: string): string {
  return `delivery:${id}`
}
