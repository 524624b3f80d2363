import { setTimeout as delay } from 'node:timers/promises'
import type { Delivery, DeliveryFilter, Page } from 'crm-webhooks'

interface Lists {
  list(filter: DeliveryFilter): Promise<Page<Delivery>>
}

/** A machine under load may need longer than the few seconds that it takes. */
const PATIENCE_MS = 60_000

/** Every page of a list. */
export async function allDeliveries(deliveries: Lists, filter: DeliveryFilter): Promise<readonly Delivery[]> {
  const found: Delivery[] = []
  for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
    const page = await deliveries.list({ ...filter, limit: 250, ...(cursor !== undefined && { cursor }) })
    found.push(...page.items)
    cursor = page.cursor
  }
  return found
}

/** Waits until no delivery is pending: the store knows what every process has done. */
export async function ended(deliveries: Lists): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS
  while ((await deliveries.list({ status: 'pending', limit: 1 })).items.length > 0) {
    if (performance.now() > untilMs) throw new Error('there are deliveries that do not end')
    await delay(50)
  }
}
