import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AddressLookup, createAddressGuard } from '../../src/transports/address-guard.ts'

const PUBLIC_LOOKUP: AddressLookup = () => Promise.resolve(['93.184.216.34', '2606:2800:220:1::1'])
const guard = createAddressGuard({ lookup: PUBLIC_LOOKUP })

async function codeFor(url: string, lookup: AddressLookup = PUBLIC_LOOKUP): Promise<string> {
  const result = await createAddressGuard({ lookup }).check(url)
  return result.ok ? 'ok' : result.code
}

/** First, last and an inner address of every range that is not public. */
const REFUSED_IPV4: readonly string[] = [
  ...['0.0.0.0', '0.0.0.1', '0.255.255.255', '10.0.0.0', '10.1.2.3', '10.255.255.255'],
  ...['100.64.0.0', '100.100.100.200', '100.127.255.255', '127.0.0.0', '127.0.0.1', '127.255.255.255'],
  ...['169.254.0.0', '169.254.169.254', '169.254.170.2', '169.254.255.255'],
  ...['172.16.0.0', '172.20.10.1', '172.31.255.255', '192.0.0.0', '192.0.0.9', '192.0.0.170', '192.0.0.255'],
  ...['192.0.2.0', '192.0.2.1', '192.0.2.255', '192.88.99.0', '192.88.99.1', '192.88.99.255'],
  ...['192.168.0.0', '192.168.1.1', '192.168.255.255', '198.18.0.0', '198.19.255.255'],
  ...['198.51.100.0', '198.51.100.255', '203.0.113.0', '203.0.113.255', '224.0.0.0', '224.0.0.251', '239.255.255.255'],
  ...['240.0.0.0', '250.1.2.3', '255.255.255.254', '255.255.255.255'],
]

/** The neighbours of those ranges, and well-known hosts. */
const ALLOWED_IPV4: readonly string[] = [
  ...['1.0.0.0', '1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0'],
  ...['126.255.255.255', '128.0.0.0', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0'],
  ...['191.255.255.255', '192.0.1.0', '192.0.1.255', '192.0.3.0', '192.88.98.255', '192.88.100.0', '192.167.255.255'],
  ...['192.169.0.0', '198.17.255.255', '198.20.0.0', '198.51.99.255', '198.51.101.0', '203.0.112.255', '203.0.114.0'],
  ...['208.67.222.222', '223.255.255.255'],
]

const REFUSED_IPV6: readonly string[] = [
  ...['::', '::1', '::2', '::127.0.0.1', '::10.0.0.1', '::8.8.8.8', '::169.254.169.254'],
  ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:192.168.1.1', '::ffff:169.254.169.254', '::ffff:8.8.8.8'],
  ...['::ffff:7f00:1', '0:0:0:0:0:ffff:7f00:1', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::8.8.8.8'],
  ...['64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', '100::', '100::1', '100:0:0:1::1'],
  ...['1::1', '1000::1', '1fff:ffff::1', '2001::', '2001::1', '2001:0:7f00:1::', '2001:2::1', '2001:10::1'],
  ...['2001:20::1', '2001:1ff:ffff::1', '2001:db8::', '2001:db8::1', '2001:db8:ffff:ffff::1', '2002::1'],
  ...['2002:7f00:1::1', '2002:a9fe:a9fe::', '2002:808:808::1', '2002:ffff:ffff::1', '3fff::', '3fff::1'],
  ...['3fff:fff:ffff::1', '4000::1', '5f00::1', '5f00:ffff::1', '8000::1', 'c000::1', 'e000::1', 'f000::1'],
  ...['fc00::', 'fc00::1', 'fd00::1', 'fd00:ec2::254', 'fdff:ffff::1', 'fe00::1', 'fe80::', 'fe80::1', 'febf::1'],
  ...['fec0::1', 'feff::1', 'ff00::', 'ff02::1', 'ff05::2', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
]

const ALLOWED_IPV6: readonly string[] = [
  ...['2000::1', '2001:200::1', '2001:4860:4860::8888', '2001:db7:ffff::1', '2001:db9::1', '2003::1'],
  ...['2606:4700:4700::1111', '2620:fe::fe', '2a00:1450:4001::1', '3ffe::1', '3fff:1000::1', '2400:cb00::1'],
]

/** Other spellings that a URL parser reads as 127.0.0.1, 10.0.0.1, 169.254.169.254 or 192.168.1.1. */
const REFUSED_SPELLINGS: readonly string[] = [
  ...['127.1', '127.0.1', '0177.0.0.1', '0x7f.0.0.1', '0x7f.1', '0x7f000001', '0x7F000001', '2130706433'],
  ...['017700000001', '00000177.0.0.1', '127.0x0.0.1', '127.0.0.0x1', '127.0.0.01', '127.0.0.1.', '127.1.', '0', '0x0'],
  ...['0.0', '00', '10.1', '012.1', '0xa.1', '167772161', '0x0a000001', '169.254.43518', '0xa9fea9fe', '2852039166'],
  ...['025177524776', '0xA9.0xFE.0xA9.0xFE', '192.168.257', '0300.0250.1.1', '3232235777', '4294967295', '0xffffffff'],
  ...['①②⑦.⓪.⓪.①', '１２７.０.０.１', '127。0。0。1', '127．0．0．1', '%31%32%37.0.0.1', '127%2e0%2e0%2e1'],
  ...['[::1]', '[0:0:0:0:0:0:0:1]', '[::0001]', '[::ffff:127.0.0.1]', '[::FFFF:7F00:1]', '[0:0:0:0:0:ffff:127.0.0.1]'],
]

describe('literal addresses', () => {
  it.each(REFUSED_IPV4)('refuses %s', async address => {
    expect(await codeFor(`http://${address}/`)).toBe('address_refused')
    expect(await codeFor(`https://${address}:8443/hook?a=1`)).toBe('address_refused')
    expect(await codeFor('https://name.example/', async () => [address])).toBe('address_refused')
    expect(await codeFor('https://name.example/', async () => ['8.8.8.8', address])).toBe('address_refused')
    expect(await codeFor('https://name.example/', async () => [address, '2606:4700:4700::1111'])).toBe(
      'address_refused',
    )
    expect(await codeFor(`https://[::ffff:${address}]/`)).toBe('address_refused')
  })

  it.each(REFUSED_IPV6)('refuses %s', async address => {
    expect(await codeFor(`http://[${address}]/`)).toBe('address_refused')
    expect(await codeFor(`https://[${address.toUpperCase()}]:8443/`)).toBe('address_refused')
    expect(await codeFor('https://name.example/', async () => [address])).toBe('address_refused')
    expect(await codeFor('https://name.example/', async () => ['8.8.8.8', address])).toBe('address_refused')
  })

  it.each(REFUSED_SPELLINGS)('refuses the spelling %s', async host => {
    expect(await codeFor(`http://${host}/`)).toBe('address_refused')
    expect(await codeFor(`https://${host}:8443/`)).toBe('address_refused')
  })

  it.each([...ALLOWED_IPV4, ...ALLOWED_IPV6])('allows %s', async address => {
    const host = address.includes(':') ? `[${address}]` : address
    const result = await guard.check(`https://${host}/hook`)
    expect(result).toMatchObject({ ok: true, addresses: [address] })
    expect(await codeFor('https://name.example/', async () => [address])).toBe('ok')
  })

  it('refuses anything outside 2000::/3, and every embedding of a private address', () => {
    const group = fc.integer({ min: 0, max: 0xffff })
    fc.assert(
      fc.property(fc.tuple(group, group, group, group, group, group, group, group), groups => {
        const address = groups.map(value => value.toString(16)).join(':')
        const verdict = guard.checkUrl(`http://[${address}]/`)
        const first = groups[0]
        if (first < 0x2000 || first > 0x3fff || first === 0x2002) expect(verdict.ok).toBe(false)
        else if (first !== 0x2001 && first !== 0x3fff) expect(verdict.ok).toBe(true)
      }),
    )
  })
})

describe('URLs', () => {
  it.each<[string, string]>([
    ['', 'invalid_url'],
    ['example.com', 'invalid_url'],
    ['//example.com/', 'invalid_url'],
    ['/hook', 'invalid_url'],
    ['https://', 'invalid_url'],
    ['https://?x', 'invalid_url'],
    ['http://127.0.0.1%00.example.com/', 'invalid_url'],
    ['http://localhost%40example.com/', 'invalid_url'],
    ['http://exa mple.com/', 'invalid_url'],
    ['http://exa\nmple.com/', 'invalid_url'],
    ['http://exa\tmple.com/', 'invalid_url'],
    ['http://example.com/\r\nx-injected: 1', 'invalid_url'],
    ['http://example.com\0.evil.example/', 'invalid_url'],
    ['http://example.com\\@127.0.0.1/', 'invalid_url'],
    ['http:\\\\127.0.0.1\\', 'invalid_url'],
    ['http://1.2.3.256/', 'invalid_url'],
    ['http://256.1.1.1/', 'invalid_url'],
    ['http://1.2.3.4.5/', 'invalid_url'],
    ['http://0x100000000/', 'invalid_url'],
    ['http://4294967296/', 'invalid_url'],
    ['http://[::1', 'invalid_url'],
    ['http://[fe80::1%25eth0]/', 'invalid_url'],
    ['http://[::127.0.0.256]/', 'invalid_url'],
    ['http://example.com:99999/', 'invalid_url'],
    ['http://example.com:-1/', 'invalid_url'],
    ['http://./', 'invalid_url'],
    [`http://${'a.'.repeat(130)}com/`, 'invalid_url'],
    [`https://example.com/${'a'.repeat(9000)}`, 'invalid_url'],
    ['file:///etc/passwd', 'scheme_refused'],
    ['ftp://example.com/', 'scheme_refused'],
    ['gopher://localhost:6379/_INFO', 'scheme_refused'],
    ['dict://localhost:11211/', 'scheme_refused'],
    ['ldap://localhost/', 'scheme_refused'],
    ['data:text/plain,x', 'scheme_refused'],
    ['javascript:alert(1)', 'scheme_refused'],
    ['blob:https://example.com/1', 'scheme_refused'],
    ['ws://example.com/', 'scheme_refused'],
    ['wss://example.com/', 'scheme_refused'],
    ['unix:/var/run/docker.sock', 'scheme_refused'],
    ['http+unix://%2Fvar%2Frun%2Fdocker.sock/', 'scheme_refused'],
    ['https://user:password@example.com/', 'credentials_refused'],
    ['https://user@example.com/', 'credentials_refused'],
    ['https://:password@example.com/', 'credentials_refused'],
    ['https://example.com@127.0.0.1/', 'credentials_refused'],
    ['https://127.0.0.1@example.com/', 'credentials_refused'],
    ['https://a@b@example.com/', 'credentials_refused'],
    ['https://example.com:0/', 'port_refused'],
    ['https://example.com:22/', 'port_refused'],
    ['https://example.com:25/', 'port_refused'],
    ['https://example.com:3306/', 'port_refused'],
    ['https://example.com:5432/', 'port_refused'],
    ['https://example.com:6379/', 'port_refused'],
    ['https://example.com:11211/', 'port_refused'],
    ['https://example.com:27017/', 'port_refused'],
    ['http://localhost/', 'name_refused'],
    ['http://localhost:80/', 'name_refused'],
    ['http://LOCALHOST/', 'name_refused'],
    ['http://localhost./', 'name_refused'],
    ['http://LocalHost.:8080/', 'name_refused'],
    ['http://api.localhost/', 'name_refused'],
    ['http://api.localhost./', 'name_refused'],
    ['http://ｌｏｃａｌｈｏｓｔ/', 'name_refused'],
    ['http://local%68ost/', 'name_refused'],
    ['http://localhost.localdomain/', 'name_refused'],
    ['http://ip6-localhost/', 'name_refused'],
    ['http://ip6-loopback/', 'name_refused'],
    ['http://kubernetes.default/', 'name_refused'],
    ['http://kubernetes.default.svc/', 'name_refused'],
    ['http://metadata.google.internal/', 'name_refused'],
    ['http://metadata.google.internal./computeMetadata/v1/', 'name_refused'],
    ['http://instance-data/latest/', 'name_refused'],
  ])('refuses %j as %s', async (url, code) => {
    expect(await codeFor(url)).toBe(code)
  })

  it.each([
    'https://example.com/',
    'https://example.com:443/',
    'http://example.com/',
    'http://example.com:80/',
    'http://example.com:8080/hook',
    'https://example.com:8443/hook',
    'https://example.com./hook',
    'HTTPS://EXAMPLE.COM/HOOK',
    'https://hooks.slack.com/services/T00/B00/xxx',
    'https://webhook.site/test?a=%20b&c=@#fragment',
    'https://münchen.example/',
    'https://xn--mnchen-3ya.example/',
    'https://under_score.example/',
    'https://1and1.com/',
    'https://9to5.example/',
    'https://my-localhost.example/',
    'https://localhost.example.com/',
    'https://10.0.0.1.example.com/',
    'https://example.com/@127.0.0.1',
    'https://example.com/http://127.0.0.1/',
    'https://example.com/a%00b',
  ])('allows %s', async url => {
    expect(await guard.check(url)).toMatchObject({ ok: true, addresses: ['93.184.216.34', '2606:2800:220:1::1'] })
  })

  it('takes only https when told so', async () => {
    const strict = createAddressGuard({ lookup: PUBLIC_LOOKUP, httpsOnly: true })
    expect(await strict.check('http://example.com/')).toMatchObject({ ok: false, code: 'scheme_refused' })
    expect(await strict.check('https://example.com/')).toMatchObject({ ok: true })
  })

  it('never throws on any text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map(text => `http://${text}`),
        ),
        async text => {
          expect(typeof (await guard.check(text)).ok).toBe('boolean')
        },
      ),
    )
  })
})

describe('look-ups', () => {
  it('are made once a check, for the name without its final dot', async () => {
    const asked: string[] = []
    const counting = createAddressGuard({
      lookup: async name => {
        asked.push(name)
        return ['8.8.8.8']
      },
    })
    await counting.check('https://Example.com./')
    expect(asked).toEqual(['example.com'])
    await counting.check('https://8.8.4.4/')
    await counting.check('http://localhost/')
    expect(asked).toHaveLength(1)
  })

  it.each<[string, AddressLookup]>([
    ['fails', () => Promise.reject(new Error('ENOTFOUND'))],
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['finds nothing', async () => []],
  ])('that %s refuse the name', async (_case, lookup) => {
    expect(await codeFor('https://example.com/', lookup)).toBe('dns_failed')
  })

  it.each(['', 'example.com', '8.8.8', '08.8.8.8', '8.8.8.8 ', '8.8.8.8/32', 'fe80::1%eth0', '2606:::1'])(
    'that answer %j refuse the name',
    async address => {
      expect(await codeFor('https://example.com/', async () => [address])).toBe('address_refused')
    },
  )

  it('may be done without, and then only literals and known names are judged', async () => {
    const blind = createAddressGuard({ lookup: false })
    expect(await blind.check('https://example.com/')).toMatchObject({ ok: true, addresses: [] })
    for (const url of ['http://127.0.0.1/', 'http://localhost/', 'http://metadata.google.internal/', 'http://[::1]/']) {
      expect(await blind.check(url)).toMatchObject({ ok: false })
    }
  })
})

describe('options', () => {
  it('let exact ranges through, and nothing beside them', async () => {
    const open = createAddressGuard({
      lookup: async () => ['10.20.1.1'],
      allow: ['10.20.0.0/16', '127.0.0.1', 'fd00::/8'],
    })
    const codes = async (urls: readonly string[]) => Promise.all(urls.map(async url => (await open.check(url)).ok))
    expect(
      await codes(['http://10.20.255.255/', 'http://internal.example/', 'http://127.1/', 'http://[fd12::1]/']),
    ).toEqual([true, true, true, true])
    expect(
      await codes(['http://10.21.0.0/', 'http://127.0.0.2/', 'http://[::ffff:10.20.0.1]/', 'http://[fc00::1]/']),
    ).toEqual([false, false, false, false])
  })

  it('let localhost through where loopback is allowed', async () => {
    const open = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
    expect(await open.check('http://localhost:3000/')).toMatchObject({ ok: true, addresses: ['127.0.0.1'] })
  })

  it('replace the refused ports', async () => {
    const own = createAddressGuard({ lookup: PUBLIC_LOOKUP, refusedPorts: [8080] })
    expect(await own.check('https://example.com:8080/')).toMatchObject({ code: 'port_refused' })
    expect(await own.check('https://example.com:5432/')).toMatchObject({ ok: true })
  })

  it.each(['10.0.0.0/33', '10.0.0.1/8', '10.0.0/8', 'localhost', '', '::/129'])('refuse the range %j', range => {
    expect(() => createAddressGuard({ lookup: false, allow: [range] })).toThrowError(/allow\[0\]/)
  })

  it('need a look-up, or a plain no', () => {
    const options = {} as unknown as Parameters<typeof createAddressGuard>[0]
    expect(() => createAddressGuard(options)).toThrowError(/lookup must be a function, such as nodeLookup\(\)/)
  })
})
