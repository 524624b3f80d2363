import { describe, expect, it } from 'vitest'
import { type IpAllowlistOptions, ipAllowlist } from '../../src/credentials/ip-allowlist.ts'
import type { HeadersInput } from '../../src/model/http.ts'

const ALLOW = ['203.0.113.7', '198.51.100.0/24', '2001:db8:1::/48']
const PROXIES = ['10.0.0.0/8', 'fd00::/8']

function verdict(
  remoteAddress: string | undefined,
  headers: HeadersInput = {},
  options: Partial<IpAllowlistOptions> = {},
): string {
  const check = ipAllowlist({ allow: ALLOW, ...options })
  const result = check.verify({ method: 'POST', url: '/', headers, body: new Uint8Array(), remoteAddress })
  return result.ok ? 'ok' : result.code
}

describe('ipAllowlist without proxies', () => {
  it.each([
    ['203.0.113.7', 'ok'],
    ['203.0.113.8', 'address_not_allowed'],
    ['198.51.100.0', 'ok'],
    ['198.51.100.255', 'ok'],
    ['198.51.101.0', 'address_not_allowed'],
    ['::ffff:203.0.113.7', 'ok'],
    ['::ffff:cb00:7107', 'ok'],
    ['::203.0.113.7', 'address_not_allowed'],
    ['64:ff9b::203.0.113.7', 'address_not_allowed'],
    ['2001:db8:1:ffff::1', 'ok'],
    ['2001:DB8:1::1', 'ok'],
    ['2001:db8:2::1', 'address_not_allowed'],
    [undefined, 'address_unknown'],
    ['', 'address_unknown'],
    ['203.0.113.07', 'address_unknown'],
    ['203.0.113.7 ', 'address_unknown'],
    ['203.0.113.7:443', 'address_unknown'],
    ['0xcb007107', 'address_unknown'],
    ['[2001:db8:1::1]', 'address_unknown'],
    ['2001:db8:1::1%eth0', 'address_unknown'],
    ['localhost', 'address_unknown'],
  ])('%s → %s', (address, expected) => {
    expect(verdict(address)).toBe(expected)
  })

  it.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip'])(
    'does not believe %s',
    name => {
      expect(verdict('192.0.2.66', { [name]: '203.0.113.7' })).toBe('address_not_allowed')
      expect(verdict('203.0.113.7', { [name]: '192.0.2.66' })).toBe('ok')
    },
  )
})

describe('ipAllowlist behind trusted proxies', () => {
  const via = (forwarded: string | readonly string[] | undefined, peer = '10.0.0.1'): string =>
    verdict(peer, forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded }, { trustedProxies: PROXIES })

  it.each([
    ['203.0.113.7', 'ok'],
    ['192.0.2.66', 'address_not_allowed'],
    // What a stranger writes stands left of what the proxy appends.
    ['203.0.113.7, 192.0.2.66', 'address_not_allowed'],
    ['203.0.113.7,192.0.2.66,10.0.0.2', 'address_not_allowed'],
    ['192.0.2.66, 203.0.113.7', 'ok'],
    ['garbage, 203.0.113.7', 'ok'],
    ['203.0.113.7, 10.0.0.2, 10.9.9.9', 'ok'],
    ['203.0.113.7, garbage', 'address_unknown'],
    ['203.0.113.7,', 'address_unknown'],
    ['203.0.113.7, garbage, 10.0.0.2', 'address_unknown'],
    ['203.0.113.7, 192.0.2.066', 'address_unknown'],
    ['"203.0.113.7"', 'address_unknown'],
    ['203.0.113.7:1234', 'address_unknown'],
    ['::ffff:203.0.113.7', 'ok'],
    [' \t203.0.113.7\t ', 'ok'],
    ['203.0.113.7\u00a0', 'address_unknown'],
    ['unknown', 'address_unknown'],
    ['', 'address_unknown'],
    [undefined, 'address_unknown'],
    ['10.0.0.2', 'address_not_allowed'],
  ])('forwarded %j → %s', (forwarded, expected) => {
    expect(via(forwarded)).toBe(expected)
  })

  it('reads repeated headers as one list', () => {
    expect(via(['203.0.113.7', '192.0.2.66'])).toBe('address_not_allowed')
    expect(via(['192.0.2.66', '203.0.113.7'])).toBe('ok')
  })

  it('looks at the header only when the peer is a trusted proxy', () => {
    expect(via('203.0.113.7', '192.0.2.66')).toBe('address_not_allowed')
    expect(via('203.0.113.7', 'fd00::1')).toBe('ok')
    expect(via('203.0.113.7', '::ffff:10.0.0.1')).toBe('ok')
    expect(via('203.0.113.7', '::10.0.0.1')).toBe('address_not_allowed')
  })

  it('takes the leftmost address when the whole chain is trusted, and needs the proxy to name one', () => {
    const options = { allow: ['10.0.0.0/8'], trustedProxies: ['10.0.0.0/8'] }
    expect(verdict('10.0.0.1', { 'x-forwarded-for': '10.1.1.1, 10.0.0.2' }, options)).toBe('ok')
    expect(verdict('10.0.0.1', {}, options)).toBe('address_unknown')
  })

  it('reads another header when told to, and only that', () => {
    const options = { trustedProxies: PROXIES, forwardedHeader: 'CF-Connecting-IP' }
    expect(verdict('10.0.0.1', { 'cf-connecting-ip': '203.0.113.7' }, options)).toBe('ok')
    expect(verdict('10.0.0.1', { 'x-forwarded-for': '203.0.113.7' }, options)).toBe('address_unknown')
  })

  it('judges a very long list without effort', () => {
    expect(via(`${'203.0.113.7,'.repeat(200_000)}192.0.2.66`)).toBe('address_not_allowed')
    expect(via('10.0.0.2,'.repeat(200_000))).toBe('address_unknown')
  })
})

describe('ipAllowlist as it is built', () => {
  it.each([
    [{ allow: [] }],
    [{ allow: undefined }],
    [{ allow: '203.0.113.7' }],
    [{ allow: [''] }],
    [{ allow: ['203.0.113.7', undefined] }],
    [{ allow: ['203.0.113.999'] }],
    [{ allow: ['203.0.113.7/24'] }],
    [{ allow: ['203.0.113.0/33'] }],
    [{ allow: ['203.0.113.*'] }],
    [{ allow: ['crm.example.com'] }],
    [{ allow: ['::ffff:203.0.113.7'] }],
    [{ allow: ['203.0.113.7'], trustedProxies: ['all'] }],
    [{ allow: ['203.0.113.7'], trustedProxies: 'all' }],
  ])('refuses %j', options => {
    expect(() => ipAllowlist(options as unknown as IpAllowlistOptions)).toThrow(
      expect.objectContaining({ name: 'WebhookError', code: 'invalid_option' }),
    )
  })

  it('authenticates as the first address of the list', () => {
    for (const options of [{ allow: ALLOW }, { allow: ['10.1.0.0/16'], trustedProxies: ['10.0.0.0/8'] }]) {
      const check = ipAllowlist(options)
      const request = check.authenticate({ method: 'POST', url: '/', headers: {}, body: new Uint8Array() })
      expect(check.verify(request)).toEqual({ ok: true })
    }
  })
})
