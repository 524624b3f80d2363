import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidrContains, type IpAddress, parseCidr, parseIp, unmapIp } from '../../src/bytes/ip-address.ts'

const hex = (ip: IpAddress | undefined): string | undefined => ip && Buffer.from(ip.bytes).toString('hex')

describe('parseIp', () => {
  it.each([
    ['192.0.2.1', 'c0000201'],
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['1::', `0001${'0'.repeat(28)}`],
    // The examples of RFC 4291 section 2.2.
    ['ABCD:EF01:2345:6789:ABCD:EF01:2345:6789', 'abcdef0123456789abcdef0123456789'],
    ['2001:DB8:0:0:8:800:200C:417A', '20010db80000000000080800200c417a'],
    ['2001:DB8::8:800:200C:417A', '20010db80000000000080800200c417a'],
    ['FF01::101', 'ff010000000000000000000000000101'],
    ['0:0:0:0:0:0:13.1.68.3', '0000000000000000000000000d014403'],
    ['::13.1.68.3', '0000000000000000000000000d014403'],
    ['::FFFF:129.144.52.38', '00000000000000000000ffff81903426'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ])('reads %s', (text, bytes) => {
    expect(hex(parseIp(text))).toBe(bytes)
  })

  it.each([
    ['', ' ', '127.1', '127.0.1', '2130706433', '0x7f.0.0.1', '0177.0.0.1', '01.2.3.4', '1.2.3.04', '256.1.1.1'],
    ['1.2.3.4 ', ' 1.2.3.4', '1.2.3.4\n', '1.2.3.4:80', '1.2.3.4.', '.1.2.3.4', '1.2.3.4.5', '1..3.4', '+1.2.3.4'],
    [
      '１.2.3.4',
      '1。2.3.4',
      '1e0.2.3.4',
      '1.2.3.-4',
      '1.2.3',
      'localhost',
      '1.2.3.4/32',
      '[::1]',
      '::1%lo',
      'fe80::1%1',
    ],
    [
      ':::',
      ':',
      '1:',
      ':1',
      '1::2::3',
      '12345::',
      'g::',
      '::1 ',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '::1:2:3:4:5:6:7:8',
    ],
    [
      '1:2:3:4:5:6:7:1.2.3.4',
      '::1.2.3.4:5',
      '::ffff:1.2.3',
      '::ffff:01.2.3.4',
      '::ffff:256.2.3.4',
      '::ffff:0x7f.1',
      '::-1',
    ],
  ])('refuses %j and the like', (...texts) => {
    for (const text of texts) expect(parseIp(text), JSON.stringify(text)).toBeUndefined()
  })

  it('agrees with Node about any text, apart from zone ids', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(...'0123456789abfF::::..%/ '), maxLength: 24 }),
    )
    const agrees = (candidate: string): boolean =>
      candidate.includes('%') || (parseIp(candidate)?.version ?? 0) === isIP(candidate)
    fc.assert(fc.property(text, agrees), { numRuns: 5_000 })
  })

  it('refuses a very long text at once', () => {
    expect(parseIp('1:'.repeat(1_000_000))).toBeUndefined()
    expect(parseIp('1.'.repeat(1_000_000))).toBeUndefined()
  })
})

describe('parseCidr and cidrContains', () => {
  const inRange = (range: string, address: string): boolean => {
    const [cidr, ip] = [parseCidr(range), parseIp(address)]
    if (cidr === undefined || ip === undefined) throw new Error(`unreadable: ${range} ${address}`)
    return cidrContains(cidr, ip)
  }

  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['192.0.2.4/30', '192.0.2.7', true],
    ['192.0.2.4/30', '192.0.2.8', false],
    ['192.0.2.4', '192.0.2.4', true],
    ['192.0.2.4', '192.0.2.5', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::', false],
    ['::/0', '1.2.3.4', false],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['::ffff:0:0/96', '::ffff:1.2.3.4', true],
  ])('%s contains %s: %s', (range, address, expected) => {
    expect(inRange(range, address)).toBe(expected)
  })

  it.each([
    '10.1.2.3/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/+8',
    '10.0.0.0/8/8',
    '10.0.0.0/8 ',
    '/8',
    '::1/64',
    '::/129',
    '10.0.0.0/1e1',
  ])('refuses %s', text => {
    expect(parseCidr(text)).toBeUndefined()
  })

  it('contains the addresses that share the prefix, and no others', () => {
    const address = fc.tuple(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.integer({ min: 0, max: 32 }),
    )
    const quad = (value: number): string => [24, 16, 8, 0].map(shift => (value >>> shift) & 255).join('.')
    fc.assert(
      fc.property(address, ([base, other, bits]) => {
        const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
        expect(inRange(`${quad((base & mask) >>> 0)}/${bits}`, quad(other))).toBe((base & mask) === (other & mask))
      }),
    )
  })
})

describe('unmapIp', () => {
  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['::192.0.2.1', '::192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::192.0.2.1'],
    ['2002:c000:0201::', '2002:c000:0201::'],
    ['::fffe:192.0.2.1', '::fffe:192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
  ])('%s is %s', (text, expected) => {
    const ip = parseIp(text)
    expect(ip && hex(unmapIp(ip))).toBe(hex(parseIp(expected)))
  })
})
