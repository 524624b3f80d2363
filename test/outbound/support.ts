import { createAddressGuard, type EventCatalogue, type SenderOptions } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import {
  type ManualClock,
  manualClock,
  type ScriptedAnswer,
  type ScriptedTransport,
  scriptedTransport,
} from 'crm-webhooks/testing'
import { createSender, type Sender } from '../../src/outbound/sender.ts'
import type { TransportRequest } from '../../src/transports/transport.ts'

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA='

export const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'], allow: ['127.0.0.0/8'] })

export interface Rig<Catalogue extends EventCatalogue> {
  readonly sender: Sender<Catalogue>
  readonly clock: ManualClock
  readonly transport: ScriptedTransport
}

/** A sender on the manual clock, without a network and without jitter. */
export function rig<const Catalogue extends EventCatalogue = EventCatalogue>(
  script: readonly ScriptedAnswer[] | ((request: TransportRequest, index: number) => ScriptedAnswer) = [200],
  options: Partial<SenderOptions<Catalogue>> = {},
): Rig<Catalogue> {
  const clock = manualClock(Date.UTC(2026, 0, 5, 9))
  const transport = scriptedTransport(script, clock)
  const store = memoryStore({ clock })
  const sender = createSender<Catalogue>({
    transport,
    guard,
    store,
    clock,
    random: () => 0,
    ...options,
  } as SenderOptions<Catalogue>)
  return { sender, clock, transport }
}

export const endpoint = (more: object = {}) => ({
  name: 'Billing',
  url: 'https://billing.example.com/hooks',
  events: ['lead.*'],
  secret: SECRET,
  ...more,
})

export const bodyText = (request: TransportRequest | undefined): string => new TextDecoder().decode(request?.body)
