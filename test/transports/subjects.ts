import * as undici from 'undici'
import { type AddressLookup, createAddressGuard } from '../../src/transports/address-guard.ts'
import { fetchTransport } from '../../src/transports/fetch.ts'
import { nodeTransport } from '../../src/transports/node.ts'
import type { Transport, TransportRequest } from '../../src/transports/transport.ts'
import { undiciTransport } from '../../src/transports/undici.ts'

export const LOOPBACK = ['127.0.0.0/8', '::1/128']

export interface SubjectOptions {
  readonly lookup?: AddressLookup
  readonly allow?: readonly string[]
}

/** The three transports, as a test on loopback configures them. */
export const SUBJECTS: Readonly<Record<'node' | 'undici' | 'fetch', (options?: SubjectOptions) => Transport>> = {
  node: options => nodeTransport({ guard: guardFor(options) }),
  undici: options => undiciTransport({ undici, guard: guardFor(options) }),
  fetch: options => fetchTransport({ guard: guardFor(options) }),
}

export const SUBJECT_NAMES = ['node', 'undici', 'fetch'] as const

function guardFor({ lookup = () => Promise.resolve(['127.0.0.1']), allow = LOOPBACK }: SubjectOptions = {}) {
  return createAddressGuard({ lookup, allow })
}

export function post(url: string | URL, more: Partial<TransportRequest> = {}): TransportRequest {
  return {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1' },
    body: new TextEncoder().encode('{"type":"test"}'),
    timeoutMs: 5000,
    owner: 'endpoint_1',
    ...more,
  }
}

/** undici takes a connection for free only in the turn after its answer. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
