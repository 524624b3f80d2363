import { type Cidr, cidrContains, type IpAddress, parseCidr, parseIp, unmapIp } from '../bytes/ip-address.ts'
import { trimBlanks } from '../bytes/trim-blanks.ts'
import { WebhookError } from '../errors.ts'
import { headerValues, type WebhookRequest } from '../model/http.ts'
import { checkOptions } from '../model/known-fields.ts'
import { type Refusal, refuse, withHeaders } from '../model/verification.ts'
import type { Credential } from './credential.ts'

/** Options of {@link ipAllowlist}. */
export interface IpAllowlistOptions {
  /** Addresses and CIDR ranges: `['185.166.142.0/24', '2001:db8::1']`. */
  readonly allow: readonly string[]
  /** Your own proxies. Only what they say of the caller is believed. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** Default `x-forwarded-for`. */
  readonly forwardedHeader?: string
}

/** A list longer than any chain of proxies. */
const MAX_FORWARDED = 64

/**
 * Only callers with these addresses. The socket's peer decides; where that is a trusted proxy, the forwarded
 * addresses are read from the right, past further trusted proxies; when all are trusted, the leftmost one is the
 * caller. What cannot be read is refused. `::ffff:a.b.c.d` is `a.b.c.d`.
 *
 * @throws {WebhookError} `invalid_option` for an empty list or an entry that is no address or range.
 * @example ipAllowlist({ allow: ['100.20.5.228'], trustedProxies: ['10.0.0.0/8'] })
 */
export function ipAllowlist(options: IpAllowlistOptions): Credential {
  checkOptions(options, ['allow', 'trustedProxies', 'forwardedHeader'], 'ipAllowlist')
  const { forwardedHeader = 'x-forwarded-for' } = options
  const allow = parseRanges('allow', options.allow)
  if (allow.length === 0) throw invalid('allow', 'is empty: it would refuse everybody')
  const trusted = parseRanges('trustedProxies', options.trustedProxies ?? [])
  return {
    verify(request) {
      const caller = findCaller(request, trusted, forwardedHeader)
      if ('ok' in caller) return caller
      return isIn(allow, caller)
        ? { ok: true }
        : refuse('address_not_allowed', 'the address of the caller is not on the list')
    },
    authenticate(request) {
      const [address = ''] = options.allow[0]?.split('/') ?? []
      const called = { ...request, remoteAddress: address }
      const ip = readIp(address)
      return ip !== undefined && isIn(trusted, ip) ? withHeaders(called, { [forwardedHeader]: address }) : called
    },
  }
}

function findCaller(request: WebhookRequest, trusted: readonly Cidr[], header: string): IpAddress | Refusal {
  const peer = readIp(request.remoteAddress)
  if (peer === undefined) return refuse('address_unknown', 'the host did not say which address the request came from')
  if (!isIn(trusted, peer)) return peer
  const entries = headerValues(request.headers, header).flatMap(value => value.split(','))
  let address: IpAddress | undefined
  for (const entry of entries.slice(-MAX_FORWARDED).reverse()) {
    address = readIp(trimBlanks(entry))
    if (address === undefined) return refuse('address_unknown', 'a forwarded address cannot be read')
    if (!isIn(trusted, address)) return address
  }
  return address ?? refuse('address_unknown', 'the trusted proxy did not say who called')
}

function readIp(text: string | undefined): IpAddress | undefined {
  const ip = text === undefined ? undefined : parseIp(text)
  return ip && unmapIp(ip)
}

function isIn(ranges: readonly Cidr[], address: IpAddress): boolean {
  return ranges.some(range => cidrContains(range, address))
}

function parseRanges(argument: string, texts: readonly string[]): readonly Cidr[] {
  if (!Array.isArray(texts)) throw invalid(argument, 'must be a list of addresses and ranges')
  return texts.map((text: string, i) => {
    const range = typeof text === 'string' ? parseCidr(text) : undefined
    // Peers are unmapped before they are compared: a mapped entry would match nothing.
    if (range === undefined || unmapIp(range).version !== range.version) {
      throw invalid(
        `${argument}[${i}]`,
        `'${String(text)}' is no address or CIDR range. Are bits set beyond the prefix, or is it an IPv4 address in IPv6 form?`,
      )
    }
    return range
  })
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `${argument} ${problem}`, { argument })
}
