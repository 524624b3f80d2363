import { afterEach, describe, expect, it } from 'vitest'
import { manualClock } from '../../src/testing/manual-clock.ts'
import { createAddressGuard } from '../../src/transports/address-guard.ts'
import { type NodeTransportOptions, nodeLookup, nodeTransport, systemLookup } from '../../src/transports/node.ts'
import type { Transport } from '../../src/transports/transport.ts'
import { startDnsServer } from './dns-server.ts'
import { answer } from './raw-socket.ts'
import { type RecordingOptions, startRecordingServer } from './recording-server.ts'
import { LOOPBACK, nextTurn, post } from './subjects.ts'

const cleanups: Array<() => Promise<void> | undefined> = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(options?: RecordingOptions) {
  const server = await startRecordingServer(options)
  cleanups.push(() => server.close())
  return server
}

function open(options: NodeTransportOptions = {}): Transport {
  const transport = nodeTransport({ guard: createAddressGuard({ lookup: false, allow: LOOPBACK }), ...options })
  cleanups.push(() => transport.close?.())
  return transport
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn()
}

describe('connections that are not used', () => {
  it('are bounded over all owners, the oldest going first', async () => {
    const server = await start()
    const transport = open({ maxIdleConnections: 2 })
    for (const owner of ['a', 'b', 'c', 'd']) await transport.send(post(server.url, { owner }))
    await until(() => server.openConnections() === 2)
    for (const owner of ['c', 'd']) await transport.send(post(server.url, { owner }))
    expect(server.connections()).toBe(4)
    await transport.send(post(server.url, { owner: 'a' }))
    expect(server.connections()).toBe(5)
  })

  it('close after a while, which a slow answer is no part of', async () => {
    const server = await start({
      respond: (_request, socket) => void setTimeout(() => socket.write(answer(200, 'slow')), 150),
    })
    const transport = open({ idleTimeoutMs: 30 })
    expect(await transport.send(post(server.url))).toMatchObject({ ok: true, status: 200 })
    await until(() => server.openConnections() === 0)
  })

  it('close when the transport does', async () => {
    const server = await start()
    const transport = open()
    await transport.send(post(server.url))
    await transport.close?.()
    await until(() => server.openConnections() === 0)
  })
})

describe('the time limit', () => {
  it('is kept by the clock that was handed in', async () => {
    const server = await start({ respond: () => {} })
    const clock = manualClock()
    const pending = open({ clock }).send(post(server.url, { timeoutMs: 30_000 }))
    await until(() => server.requests.length === 1)
    await clock.advance(29_999)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    expect(await pending).toMatchObject({ ok: false, code: 'timeout', durationMs: 30_000 })
    expect(clock.pending).toBe(0)
  })

  it('leaves no timer behind', async () => {
    const server = await start()
    const clock = manualClock()
    expect((await open({ clock }).send(post(server.url))).ok).toBe(true)
    expect(clock.pending).toBe(0)
  })
})

describe('IPv6', () => {
  it('is dialled as a literal and as the answer of a look-up', async () => {
    const server = await start({ host: '::1' })
    const transport = open({ guard: createAddressGuard({ lookup: async () => ['::1'], allow: LOOPBACK }) })
    for (const host of ['[::1]', 'six.example']) {
      expect(await transport.send(post(`http://${host}:${server.port}/`))).toMatchObject({ ok: true, status: 200 })
    }
    expect(server.requests[0]?.text).toContain(`host: [::1]:${server.port}\r\n`)
  })

  it('is given up for IPv4 where nobody answers', async () => {
    const server = await start()
    const transport = open({ guard: createAddressGuard({ lookup: async () => ['::1', '127.0.0.1'], allow: LOOPBACK }) })
    expect(await transport.send(post(`http://both.example:${server.port}/`))).toMatchObject({ ok: true, status: 200 })
  })
})

describe('a guard', () => {
  it('without a look-up lets no name through', async () => {
    expect(await open().send(post('http://name.example/'))).toMatchObject({ ok: false, code: 'address_refused' })
  })

  it('that breaks lets nothing through', async () => {
    const sound = createAddressGuard({ lookup: false })
    const broken = { ...sound, resolve: () => Promise.reject(new Error('bug')) }
    expect(await open({ guard: broken }).send(post('http://name.example/'))).toMatchObject({ code: 'address_refused' })
    const throwing = {
      ...sound,
      checkUrl: () => {
        throw new Error('bug')
      },
    }
    expect((await open({ guard: throwing }).send(post('http://name.example/'))).ok).toBe(false)
  })

  it('is by default the strict one', async () => {
    const canary = await start()
    const transport = nodeTransport()
    cleanups.push(() => transport.close?.())
    expect(await transport.send(post(canary.url))).toMatchObject({ ok: false, code: 'address_refused' })
    expect(canary.connections()).toBe(0)
  })
})

describe('nodeLookup', () => {
  it('asks the name servers, and connects to what was checked', async () => {
    const server = await start()
    const dns = await startDnsServer(name => (name === 'hooks.example.test' ? ['127.0.0.1'] : []))
    cleanups.push(() => dns.close())
    const lookup = nodeLookup({ servers: [dns.server] })
    const transport = open({ guard: createAddressGuard({ lookup, allow: LOOPBACK }) })
    const url = `http://hooks.example.test:${server.port}/`
    expect(await transport.send(post(url))).toMatchObject({ ok: true, status: 200 })
    expect(await transport.send(post(`http://other.example:${server.port}/`))).toMatchObject({ code: 'dns_failed' })
    expect(dns.questions).toEqual(['hooks.example.test', 'other.example'])
  })

  it('does not let a rebinding name server reach a private address', async () => {
    const canary = await start()
    let asked = 0
    const dns = await startDnsServer(() => (asked++ % 2 === 0 ? ['127.0.0.2'] : ['127.0.0.1']))
    cleanups.push(() => dns.close())
    const lookup = nodeLookup({ servers: [dns.server] })
    const transport = open({ guard: createAddressGuard({ lookup, allow: ['127.0.0.2'] }) })
    const codes = new Set<string>()
    for (let i = 0; i < 100; i++) {
      const result = await transport.send(post(`http://rebind.example:${canary.port}/`, { owner: undefined }))
      codes.add(result.ok ? 'ok' : result.code)
    }
    expect(codes).toEqual(new Set(['connection_refused', 'address_refused']))
    expect(canary.connections()).toBe(0)
  })

  it('does not outlast the time limit when nobody answers', async () => {
    const dns = await startDnsServer(() => undefined)
    cleanups.push(() => dns.close())
    const transport = open({ guard: createAddressGuard({ lookup: nodeLookup({ servers: [dns.server] }) }) })
    expect(await transport.send(post('http://name.example/', { timeoutMs: 100 }))).toMatchObject({ code: 'timeout' })
  })
})

describe('systemLookup', () => {
  it('asks the operating system', async () => {
    const addresses = await systemLookup()('localhost')
    expect(addresses.length).toBeGreaterThan(0)
    expect(addresses.every(address => address === '127.0.0.1' || address === '::1')).toBe(true)
  })
})
