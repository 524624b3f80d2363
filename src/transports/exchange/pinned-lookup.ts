import type { AddressesResult, AddressGuard, AddressRefusal } from '../address-guard.ts'
import { type Failure, TransportFailure } from './failure.ts'

/** An address as `net.connect` takes it from a look-up. */
interface PinnedAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** The shape of `dns.lookup`, which `net.connect` and `tls.connect` accept. */
export type PinnedLookup = (
  hostname: string,
  options: { readonly all?: boolean | undefined },
  callback: (error: Error | null, address: string | PinnedAddress[], family?: number) => void,
) => void

/** A look-up that hands on only what the guard has checked, so that the connection goes where the verdict was about. */
export function pinnedLookup(guard: AddressGuard): PinnedLookup {
  return (hostname, options, callback) => {
    const answer = (result: AddressesResult): void => {
      const first = result.ok ? result.addresses[0] : undefined
      if (!result.ok) callback(new TransportFailure(refusalFailure(result)), [])
      else if (first === undefined) callback(new TransportFailure(UNPINNED), [])
      else if (options.all === true) callback(null, result.addresses.map(pin))
      else callback(null, first, familyOf(first))
    }
    guard.resolve(hostname).then(answer, () => callback(new TransportFailure(BROKEN_GUARD), []))
  }
}

function pin(address: string): PinnedAddress {
  return { address, family: familyOf(address) }
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4
}

/** A guard's refusal as the failure of an exchange. */
export function refusalFailure({ code, message }: AddressRefusal): Failure {
  return { code: code === 'dns_failed' ? 'dns_failed' : 'address_refused', message: `${code}: ${message}` }
}

const UNPINNED: Failure = {
  code: 'address_refused',
  message: 'the address guard has no look-up, so there is no checked address to connect to',
}
const BROKEN_GUARD: Failure = { code: 'address_refused', message: 'the address guard failed' }
