import type { LifecycleSource } from '../emitter.ts'
import type { Logger } from '../model/logger.ts'
import { OWN_TYPES } from './catalogue.ts'
import type { SenderLifecycle } from './lifecycle.ts'
import { type PublishHost, publishEvent } from './publisher.ts'

/**
 * Publishes what the sender tells of its deliveries to the endpoints that subscribe to it by name, of the same tenant:
 * `webhook.delivery.exhausted` and so on. Nothing is published about the deliveries of these events themselves.
 */
export function publishOwnEvents(lifecycle: LifecycleSource<SenderLifecycle>, host: PublishHost, logger: Logger): void {
  const open: PublishHost = { ...host, catalogue: undefined }
  for (const type of OWN_TYPES) {
    lifecycle.on(type.slice('webhook.'.length) as keyof SenderLifecycle, payload => {
      if (!host.cache.hasWatchers) return
      const about = describe(payload)
      if (about === undefined) return
      const { tenant, data } = about
      publishEvent(type, data, tenant === undefined ? {} : { tenant }, open).catch((error: unknown) => {
        logger.error('webhook event about a delivery was not published', { type, error })
      })
    })
  }
}

type Payload = SenderLifecycle[keyof SenderLifecycle]

/** What others may know of it: ids, states and errors, no bodies. */
function describe(payload: Payload): { readonly tenant: string | undefined; readonly data: unknown } | undefined {
  if (!('delivery' in payload)) {
    const { tenant, endpointId } = payload
    return { tenant, data: { endpointId, ...('reason' in payload && { reason: payload.reason }) } }
  }
  const { delivery, attempt } = payload
  if (delivery.eventType.startsWith('webhook.')) return undefined
  const { id, endpointId, eventId, eventType, subject, attempts, status, externalId } = delivery
  const last = attempt && {
    number: attempt.number,
    status: attempt.status ?? null,
    errorCode: attempt.errorCode ?? null,
    errorMessage: attempt.errorMessage ?? null,
  }
  const data = { deliveryId: id, endpointId, eventId, eventType, subject, attempts, status, externalId, attempt: last }
  return { tenant: delivery.tenant, data: 'reason' in payload ? { ...data, reason: payload.reason } : data }
}
