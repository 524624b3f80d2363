import { type Cidr, cidrContains, parseCidr, parseIp } from '../bytes/ip-address.ts'
import { WebhookError } from '../errors.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import { isPublicAddress } from './exchange/public-address.ts'
import { isLocalhost, REFUSED_NAMES, REFUSED_PORTS } from './exchange/refused-names.ts'

/** Finds all addresses of a name, of both families. Rejects, or finds none, when there are none. */
export type AddressLookup = (hostname: string) => Promise<readonly string[]>

/** Options of {@link createAddressGuard}. */
export interface AddressGuardOptions {
  /**
   * Finds the addresses of names: `nodeLookup()` from `crm-webhooks/transports/node`. `false` where the runtime cannot
   * resolve names (Cloudflare Workers): then only literals, ports and well-known names are judged, and a name that
   * leads to a private address passes. Use that only where the network itself has no private side.
   */
  readonly lookup: AddressLookup | false
  /** Ranges that may be reached although they are not public, as exact CIDRs: `['10.20.0.0/16']`. Default: none. */
  readonly allow?: readonly string[]
  /** Refuse `http:`. Default false. */
  readonly httpsOnly?: boolean
  /** Ports that are refused. Default: a list of ports that belong to other protocols (mail, databases, …). */
  readonly refusedPorts?: readonly number[]
}

/** What makes a look-up, and is none itself. */
const FACTORIES: ReadonlySet<string> = /* @__PURE__ */ new Set(['nodeLookup', 'systemLookup'])

const OPTIONS: FieldTable<AddressGuardOptions> = {
  lookup: true,
  allow: true,
  httpsOnly: true,
  refusedPorts: true,
}

/** Why a URL or an address was refused. */
export type AddressRefusalCode =
  | 'invalid_url'
  | 'scheme_refused'
  | 'credentials_refused'
  | 'port_refused'
  | 'name_refused'
  | 'address_refused'
  | 'dns_failed'

/** A refusal and its cause. */
export interface AddressRefusal {
  readonly ok: false
  readonly code: AddressRefusalCode
  readonly message: string
}

/** The addresses that a connection may go to. */
export type AddressesResult = { readonly ok: true; readonly addresses: readonly string[] } | AddressRefusal

/** A URL that may be requested, with the addresses that the connection may go to; none when `lookup` is `false`. */
export type GuardResult =
  | { readonly ok: true; readonly url: URL; readonly addresses: readonly string[] }
  | AddressRefusal

/** The part of the verdict that needs no look-up. `literal` is the address when the host is one. */
export type UrlResult = { readonly ok: true; readonly url: URL; readonly literal: string | undefined } | AddressRefusal

/** Decides where requests may go. */
export interface AddressGuard {
  /** The whole verdict, with one look-up. Never rejects. Use it on save. */
  check(url: string | URL): Promise<GuardResult>
  /** Everything but the look-up. Transports ask it for every attempt. Never throws. */
  checkUrl(url: string | URL): UrlResult
  /** Looks a name up once and judges every address. Transports ask it for every new connection. Never rejects. */
  resolve(hostname: string): Promise<AddressesResult>
}

/**
 * Keeps requests away from everything but the public internet (server-side request forgery).
 *
 * `http:` and `https:` only, no credentials in the URL, no port of another protocol. The host is judged as the WHATWG URL
 * parser reads it, so that `0x7f.1` and `2130706433` are 127.0.0.1. A name is looked up once; **every** address must be
 * global unicast or the name is refused; transports then connect to one of these addresses without asking again, so a
 * name that changes its answer gains nothing. Refused are loopback, private, link-local, carrier-grade NAT, benchmark,
 * documentation, reserved, multicast and unique-local addresses and all forms that embed another address (IPv4-mapped,
 * IPv4-compatible, NAT64, 6to4, Teredo).
 *
 * @throws {WebhookError} `invalid_option`, naming the option: `lookup` is missing, a range does not parse.
 * @example
 * const guard = createAddressGuard({ lookup: nodeLookup(), httpsOnly: true })
 * const checked = await guard.check(input.url)
 * if (!checked.ok) return badRequest(checked.message)
 */
export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  checkOptions(options, Object.keys(OPTIONS), 'createAddressGuard')
  const { lookup, httpsOnly = false } = options
  if (typeof lookup !== 'function' && lookup !== false) {
    throw invalid('lookup', 'must be a function, such as nodeLookup() from crm-webhooks/transports/node, or false')
  }
  if (lookup !== false && FACTORIES.has(lookup.name)) throw invalid('lookup', `must be ${lookup.name}(): call it`)
  if (typeof httpsOnly !== 'boolean') throw invalid('httpsOnly', 'must be true or false')
  const allow = parseAllowed(options.allow ?? [])
  const refusedPorts = options.refusedPorts === undefined ? REFUSED_PORTS : readPorts(options.refusedPorts)

  const checkUrl = (input: string | URL): UrlResult => {
    const url = typeof input === 'string' ? parseUrl(input) : input
    if (url === undefined) return refusal('invalid_url', 'the URL is not valid')
    if (url.protocol !== 'https:' && (httpsOnly || url.protocol !== 'http:')) {
      return refusal('scheme_refused', httpsOnly ? 'only https is allowed' : 'only http and https are allowed')
    }
    if (url.username !== '' || url.password !== '') {
      return refusal(
        'credentials_refused',
        'the URL has a user name or password: use the authentication of the endpoint',
      )
    }
    if (url.port !== '' && (url.port === '0' || refusedPorts.has(Number(url.port)))) {
      return refusal('port_refused', `port ${url.port} belongs to another protocol`)
    }
    const literal = literalOf(url.hostname)
    const refused = literal === undefined ? checkName(url.hostname) : judgeAddress(literal, allow)
    return refused ?? { ok: true, url, literal }
  }

  const resolve = async (hostname: string): Promise<AddressesResult> => {
    const name = stripDot(hostname)
    if (isLocalhost(name)) return judgeLocalhost(allow)
    if (lookup === false) return { ok: true, addresses: [] }
    let addresses: readonly unknown[]
    try {
      addresses = await lookup(name)
    } catch {
      return refusal('dns_failed', 'the name could not be looked up')
    }
    if (!Array.isArray(addresses) || addresses.length === 0) return refusal('dns_failed', 'the name has no address')
    for (const address of addresses) {
      const refused = judgeAddress(address, allow)
      if (refused !== undefined) return refused
    }
    return { ok: true, addresses: addresses as readonly string[] }
  }

  return {
    checkUrl,
    resolve,
    async check(input) {
      const checked = checkUrl(input)
      if (!checked.ok) return checked
      const { url, literal } = checked
      if (literal !== undefined) return { ok: true, url, addresses: [literal] }
      const resolved = await resolve(url.hostname)
      return resolved.ok ? { ok: true, url, addresses: resolved.addresses } : resolved
    },
  }
}

/** The parser would drop line breaks and turn backslashes: harmless here, but not to whoever reads the text otherwise. */
function parseUrl(text: string): URL | undefined {
  if (text.length > 8192 || hasControlOrBackslash(text)) return undefined
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

function hasControlOrBackslash(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 || code === 92 || code === 127) return true
  }
  return false
}

/** The URL parser has made a dotted quad of every host whose last label is a number, in whatever spelling. */
function literalOf(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return hostname.slice(1, -1)
  return /\.[0-9]+$/.test(hostname) ? hostname : undefined
}

function checkName(hostname: string): AddressRefusal | undefined {
  const name = stripDot(hostname)
  if (name === '' || name.length > 253) return refusal('invalid_url', 'the URL has no valid host name')
  return REFUSED_NAMES.has(name) ? refusal('name_refused', 'the host name is a private one') : undefined
}

/** `example.com.` is `example.com`, said absolutely. */
function stripDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function judgeAddress(text: unknown, allow: readonly Cidr[]): AddressRefusal | undefined {
  const address = typeof text === 'string' ? parseIp(text) : undefined
  if (address !== undefined && (allow.some(range => cidrContains(range, address)) || isPublicAddress(address))) {
    return undefined
  }
  return refusal('address_refused', 'the host is, or leads to, an address that is not public')
}

/** These names are loopback by definition (RFC 6761); nobody is asked. */
function judgeLocalhost(allow: readonly Cidr[]): AddressesResult {
  const addresses = ['127.0.0.1', '::1'].filter(address => judgeAddress(address, allow) === undefined)
  return addresses.length > 0 ? { ok: true, addresses } : refusal('name_refused', 'the host name means this machine')
}

function readPorts(ports: readonly number[]): ReadonlySet<number> {
  if (!Array.isArray(ports) || !ports.every(Number.isInteger)) throw invalid('refusedPorts', 'must be a list of ports')
  return new Set(ports)
}

function parseAllowed(list: readonly string[]): readonly Cidr[] {
  if (!Array.isArray(list)) throw invalid('allow', "must be a list of CIDRs: ['10.20.0.0/16']")
  return list.map((text: string, i) => {
    const range = parseCidr(text)
    if (range === undefined) throw invalid(`allow[${i}]`, 'must be an exact CIDR such as 10.20.0.0/16')
    return range
  })
}

function refusal(code: AddressRefusalCode, message: string): AddressRefusal {
  return { ok: false, code, message }
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `createAddressGuard: ${argument} ${problem}`, { argument })
}
