import { type Cidr, cidrContains, type IpAddress, parseCidr } from '../../bytes/ip-address.ts'

/**
 * IPv4 ranges that are not, or not only, the public internet: the IANA special-purpose registry (RFC 6890) and
 * multicast.
 */
const REFUSED_IPV4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, cloud metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
]

/**
 * IPv6 has one range for global unicast. Whatever lies outside is refused with it: loopback and unspecified,
 * IPv4-compatible and IPv4-mapped (`::/96`, `::ffff:0:0/96`), NAT64 (`64:ff9b::/96`, `64:ff9b:1::/48`), discard
 * (`100::/64`), SRv6 (`5f00::/16`), unique-local, link-local, site-local, multicast.
 */
const GLOBAL_IPV6 = '2000::/3'

/** Inside it, forms that embed or stand for other addresses, and documentation. */
const REFUSED_IPV6 = [
  '2001::/23', // protocol assignments: Teredo, benchmarks, ORCHID
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '3fff::/20', // documentation (RFC 9637)
]

/** Whether an address is global unicast. */
export function isPublicAddress(address: IpAddress): boolean {
  const ranges = parsedTables()
  if (address.version === 4) return !ranges.ipv4.some(range => cidrContains(range, address))
  return (
    ranges.globalIpv6.some(range => cidrContains(range, address)) &&
    !ranges.ipv6.some(range => cidrContains(range, address))
  )
}

/** Built on first use: importing the module costs nothing. */
let tables: ReturnType<typeof parseTables> | undefined

function parsedTables(): ReturnType<typeof parseTables> {
  tables ??= parseTables()
  return tables
}

function parseTables() {
  const parse = (list: readonly string[]): readonly Cidr[] => list.flatMap(text => parseCidr(text) ?? [])
  return { ipv4: parse(REFUSED_IPV4), globalIpv6: parse([GLOBAL_IPV6]), ipv6: parse(REFUSED_IPV6) }
}
