import type { LifecycleSource } from '../emitter.ts'
import type { Deadlines } from '../model/deadlines.ts'
import type { Logger } from '../model/logger.ts'
import { OWN_TYPES } from './catalogue.ts'
import type { SenderLifecycle } from './lifecycle.ts'
import { type PublishHost, publishInTime } from './publisher.ts'

/** The events that a sender publishes about its own deliveries. */
export interface OwnEvents {
  /** Resolves once all that was told is stored, or has failed to be: whether there was any. */
  stored(): Promise<boolean>
}

/**
 * Publishes what the sender tells of its deliveries to the endpoints that subscribe to it by name, of the same tenant:
 * `webhook.delivery.exhausted` and so on. Nothing is published about the deliveries of these events themselves.
 */
export function publishOwnEvents(
  lifecycle: LifecycleSource<SenderLifecycle>,
  host: PublishHost,
  logger: Logger,
  deadlines: Deadlines,
): OwnEvents {
  const open: PublishHost = { ...host, catalogue: undefined }
  const underWay = new Set<Promise<void>>()
  let isAny = false
  for (const type of OWN_TYPES) {
    lifecycle.on(type.slice('webhook.'.length) as keyof SenderLifecycle, payload => {
      if (!host.cache.hasWatchers) return
      const about = describe(payload)
      if (about === undefined) return
      const { tenant, data } = about
      const publishing = publishInTime(type, data, tenant === undefined ? {} : { tenant }, open, deadlines)
        .then(
          () => {},
          (error: unknown) => logger.error('webhook event about a delivery was not published', { type, error }),
        )
        .finally(() => underWay.delete(publishing))
      underWay.add(publishing)
      isAny = true
    })
  }
  return {
    async stored() {
      while (underWay.size > 0) await Promise.all(underWay)
      const was = isAny
      isAny = false
      return was
    },
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
