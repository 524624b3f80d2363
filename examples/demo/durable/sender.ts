import { createAddressGuard, createSender, type Sender } from 'crm-webhooks'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { nodeLookup, nodeTransport } from 'crm-webhooks/transports/node'

/** How long a worker that died keeps its deliveries; the default is a minute. */
export const LEASE_SECONDS = 2

/** A sender on the store in this file, as each process of an application would make it. */
export function openSender(file: string): { readonly sender: Sender; close(): Promise<void> } {
  const guard = createAddressGuard({ lookup: nodeLookup(), allow: ['127.0.0.0/8'] })
  const transport = nodeTransport({ guard })
  const store = sqliteStore(file)
  const sender = createSender({ guard, transport, store, worker: { leaseSeconds: LEASE_SECONDS } })
  return {
    sender,
    async close() {
      await sender.stop()
      await transport.close?.()
      await store.close()
    },
  }
}
