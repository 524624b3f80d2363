/** An address in its canonical bytes: 4 or 16 of them. */
export interface IpAddress {
  readonly version: 4 | 6
  readonly bytes: Uint8Array
}

/** A range: all addresses that share the first `prefixLength` bits. */
export interface Cidr extends IpAddress {
  readonly prefixLength: number
}

/** The longest text form: eight groups of four digits, or six and a dotted quad. */
const MAX_TEXT_LENGTH = 45

/**
 * Reads an address strictly: canonical dotted quads (four decimal numbers up to 255 without leading zeros), and the
 * text forms of RFC 4291 section 2.2. Octal, hexadecimal, short and padded spellings, zone ids, ports and brackets are
 * refused: two programs that read such a text differently can be played off against each other.
 *
 * @returns `undefined` when the text is not an address.
 */
export function parseIp(text: string): IpAddress | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined
  if (text.includes(':')) {
    const bytes = parseIpv6(text)
    return bytes && { version: 6, bytes }
  }
  const bytes = parseIpv4(text)
  return bytes && { version: 4, bytes }
}

/**
 * Reads `address/length`, or an address alone, which is a range of one. Bits behind the prefix must be zero: a range
 * that says more than it means is a slip of the pen (`10.1.2.3/8`).
 *
 * @returns `undefined` when the text is not a range.
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const ip = parseIp(slash === -1 ? text : text.slice(0, slash))
  if (ip === undefined) return undefined
  const bits = ip.bytes.length * 8
  if (slash === -1) return { ...ip, prefixLength: bits }
  const length = text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > bits) return undefined
  const cidr = { ...ip, prefixLength: Number(length) }
  return hasHostBits(cidr) ? undefined : cidr
}

/** Whether an address lies in a range. An IPv4 address never lies in an IPv6 range: see {@link unmapIp}. */
export function cidrContains(cidr: Cidr, ip: IpAddress): boolean {
  if (cidr.version !== ip.version) return false
  const wholeBytes = cidr.prefixLength >> 3
  for (let i = 0; i < wholeBytes; i++) if (cidr.bytes[i] !== ip.bytes[i]) return false
  const rest = cidr.prefixLength & 7
  return rest === 0 || (((cidr.bytes[wholeBytes] ?? 0) ^ (ip.bytes[wholeBytes] ?? 0)) & (0xff00 >> rest) & 0xff) === 0
}

/** `::ffff:a.b.c.d`, as dual-stack sockets show IPv4 peers, is `a.b.c.d`. Every other address stays as it is. */
export function unmapIp(ip: IpAddress): IpAddress {
  if (ip.version === 4 || ip.bytes[10] !== 0xff || ip.bytes[11] !== 0xff) return ip
  for (let i = 0; i < 10; i++) if (ip.bytes[i] !== 0) return ip
  return { version: 4, bytes: ip.bytes.slice(12) }
}

function hasHostBits({ bytes, prefixLength }: Cidr): boolean {
  return bytes.some((byte, i) => (byte & (0xff >> Math.min(8, Math.max(0, prefixLength - 8 * i)))) !== 0)
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.', 5)
  if (parts.length !== 4) return undefined
  const bytes = new Uint8Array(4)
  for (const [i, part] of parts.entries()) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    bytes[i] = Number(part)
  }
  return bytes
}

function parseIpv6(text: string): Uint8Array | undefined {
  const gap = text.indexOf('::')
  if (gap === -1) {
    const groups = parseGroups(text, true)
    return groups?.length === 16 ? Uint8Array.from(groups) : undefined
  }
  // A second `::`, or `:::`, leaves an empty group behind, which does not parse.
  const head = parseGroups(text.slice(0, gap), false)
  const tail = parseGroups(text.slice(gap + 2), true)
  // `::` stands for at least one group.
  if (head === undefined || tail === undefined || head.length + tail.length > 14) return undefined
  const bytes = new Uint8Array(16)
  bytes.set(head)
  bytes.set(tail, 16 - tail.length)
  return bytes
}

/** Bytes of groups separated by colons; the last one may be a dotted quad. */
function parseGroups(text: string, mayEndInIpv4: boolean): readonly number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':', 9)
  for (const [i, group] of groups.entries()) {
    if (mayEndInIpv4 && i === groups.length - 1 && group.includes('.')) {
      const quad = parseIpv4(group)
      if (quad === undefined) return undefined
      bytes.push(...quad)
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    }
  }
  return bytes
}
