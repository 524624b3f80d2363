import { afterEach, describe, expect, it } from 'vitest'
import type { AddressLookup } from '../../src/transports/address-guard.ts'
import type { Transport, TransportResult } from '../../src/transports/transport.ts'
import { answer } from './raw-socket.ts'
import { type RecordingOptions, type RecordingServer, startRecordingServer } from './recording-server.ts'
import { nextTurn, post, SUBJECT_NAMES, SUBJECTS, type SubjectOptions } from './subjects.ts'

const cleanups: Array<() => Promise<void> | undefined> = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(options?: RecordingOptions): Promise<RecordingServer> {
  const server = await startRecordingServer(options)
  cleanups.push(() => server.close())
  return server
}

function open(subject: keyof typeof SUBJECTS, options?: SubjectOptions): Transport {
  const transport = SUBJECTS[subject](options)
  cleanups.push(() => transport.close?.())
  return transport
}

function outcome(result: TransportResult): number | string {
  return result.ok ? result.status : result.code
}

const text = (result: TransportResult): string => (result.ok ? new TextDecoder().decode(result.body) : result.message)

describe.each(SUBJECT_NAMES)('the %s transport', subject => {
  it('sends exactly the bytes, and gives back the answer', async () => {
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0x00, 0x7d])
    const server = await start({
      respond: (_request, socket) =>
        void socket.write(answer(201, 'héllo', 'x-one: 1\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n')),
    })
    const result = await open(subject).send(
      post(`${server.url}hook?a=1&b=%20#fragment`, {
        body,
        method: 'PUT',
        headers: { 'X-Custom': 'välue', 'webhook-id': 'm' },
      }),
    )
    expect(result).toMatchObject({ ok: true, status: 201, truncated: false })
    expect(text(result)).toBe('héllo')
    expect(result.ok && result.headers['x-one']).toBe('1')
    expect(result.ok && result.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(result.durationMs).toBeGreaterThanOrEqual(0)
    const [request] = server.requests
    expect(request?.text).toMatch(/^PUT \/hook\?a=1&b=%20 HTTP\/1\.1\r\n/)
    expect(request?.text).toMatch(/\r\ncontent-length: 5\r\n/i)
    expect(request?.text).toMatch(new RegExp(`\r\nhost: 127.0.0.1:${server.port}\r\n`, 'i'))
    expect(request?.text).toMatch(/\r\nx-custom: v\xe4lue\r\n/i)
    expect(request?.text.endsWith('\r\n\r\n{"\xff\0}')).toBe(true)
  })

  it('sends an empty body', async () => {
    const server = await start()
    expect(outcome(await open(subject).send(post(server.url, { body: new Uint8Array() })))).toBe(200)
    expect(server.requests[0]?.text).toMatch(/\r\ncontent-length: 0\r\n/i)
  })

  it.each([301, 302, 303, 307, 308])('does not follow a %i', async status => {
    const canary = await start()
    const server = await start({
      respond: (_request, socket) => void socket.write(answer(status, '', `location: ${canary.url}\r\n`)),
    })
    expect(outcome(await open(subject).send(post(server.url)))).toBe(status)
    expect(server.requests).toHaveLength(1)
    expect(canary.connections()).toBe(0)
  })

  it('keeps exactly the first bytes of a long answer', async () => {
    const server = await start({
      respond: (_request, socket) => void socket.write(answer(200, 'abcdefghij'.repeat(10))),
    })
    const transport = open(subject)
    const cut = await transport.send(post(server.url, { maxResponseBytes: 25 }))
    expect([text(cut), cut.ok && cut.truncated]).toEqual(['abcdefghijabcdefghijabcde', true])
    const whole = await transport.send(post(server.url, { maxResponseBytes: 100 }))
    expect([text(whole).length, whole.ok && whole.truncated]).toEqual([100, false])
    const none = await transport.send(post(server.url, { maxResponseBytes: 0 }))
    expect([text(none), none.ok && none.truncated]).toEqual(['', true])
  })

  it('keeps 64 KiB by default', async () => {
    const server = await start({ respond: (_request, socket) => void socket.write(answer(200, 'x'.repeat(200_000))) })
    const result = await open(subject).send(post(server.url))
    expect([text(result).length, result.ok && result.truncated]).toEqual([65_536, true])
  })

  it('refuses headers that would change the message, before anything is sent', async () => {
    const server = await start()
    const transport = open(subject)
    const bad: ReadonlyArray<Record<string, string>> = [
      ...['a\r\nb: c', 'a\nb', 'a\rb', 'a\0b', 'a\u0001', '€', '\u0100', '\ud83d\ude00'].map(value => ({
        'x-a': value,
      })),
      ...['', ' ', 'a b', 'a:b', 'a\r\nb', 'ü', 'a\0', '(x)', 'x,y'].map(name => ({ [name]: 'v' })),
      ...[
        'Host',
        'host',
        'Content-Length',
        'Transfer-Encoding',
        'Connection',
        'TE',
        'Upgrade',
        'Expect',
        'Trailer',
      ].map(name => ({ [name]: 'x' })),
      { 'keep-alive': 'timeout=9' },
      { 'proxy-connection': 'close' },
      { 'x-a': 5 as unknown as string },
      { 'x-a': undefined as unknown as string },
      { 'x-a': ['b', 'c'] as unknown as string },
    ]
    for (const headers of bad)
      expect(outcome(await transport.send(post(server.url, { headers })))).toBe('invalid_request')
    for (const method of ['', 'PO ST', 'POST\r\n', 'CONNECT']) {
      expect(outcome(await transport.send(post(server.url, { method })))).toBe('invalid_request')
    }
    for (const timeoutMs of [0, -1, Number.NaN]) {
      expect(outcome(await transport.send(post(server.url, { timeoutMs })))).toBe('invalid_request')
    }
    expect(server.connections()).toBe(0)
  })

  it.each(['http://10.0.0.1/', 'http://169.254.169.254/', 'http://[::ffff:7f00:1]/', 'file:///etc/passwd', 'nonsense'])(
    'refuses %s',
    async url => {
      expect(outcome(await open(subject).send(post(url)))).toBe('address_refused')
    },
  )

  it('does not connect to loopback by whatever spelling or name', async () => {
    const canary = await start()
    const transport = open(subject, { allow: [] })
    const hosts = [
      '127.0.0.1',
      'localhost',
      '127.1',
      '2130706433',
      '0x7f000001',
      '[::1]',
      'rebind.example',
      'localhost.',
    ]
    for (const host of hosts) {
      expect(outcome(await transport.send(post(`http://${host}:${canary.port}/`)))).toBe('address_refused')
    }
    expect(canary.connections()).toBe(0)
  })

  it('ignores proxies of the environment', async () => {
    const proxy = await start()
    const server = await start()
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']
    const before = names.map(name => process.env[name])
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.url
    try {
      expect(outcome(await open(subject).send(post(server.url)))).toBe(200)
    } finally {
      for (const [i, name] of names.entries()) {
        if (before[i] === undefined) delete process.env[name]
        else process.env[name] = before[i]
      }
    }
    expect(proxy.connections()).toBe(0)
    expect(server.requests).toHaveLength(1)
  })

  it('gives up when it is told to', async () => {
    const server = await start({ respond: () => {} })
    const transport = open(subject)
    const controller = new AbortController()
    const pending = transport.send(post(server.url, { signal: controller.signal }))
    controller.abort()
    expect(outcome(await pending)).toBe('aborted')
    expect(outcome(await transport.send(post(server.url, { signal: AbortSignal.abort() })))).toBe('aborted')
  })

  it('ends everything when it is closed', async () => {
    const server = await start({ respond: () => {} })
    const transport = open(subject)
    const pending = transport.send(post(server.url))
    await transport.close?.()
    expect(outcome(await pending)).toBe('aborted')
    expect(outcome(await transport.send(post(server.url)))).toBe('aborted')
  })

  it('fails when a name cannot be looked up, and in time when the look-up hangs', async () => {
    const failing = open(subject, { lookup: () => Promise.reject(new Error('SERVFAIL')) })
    expect(outcome(await failing.send(post('http://name.example/')))).toBe('dns_failed')
    const hanging = open(subject, { lookup: () => new Promise(() => {}) })
    expect(outcome(await hanging.send(post('http://name.example/', { timeoutMs: 100 })))).toBe('timeout')
  })
})

describe.each(['node', 'undici'] as const)('the %s transport alone', subject => {
  it('keeps a connection for its owner, and for nobody else', async () => {
    const server = await start()
    const transport = open(subject)
    const owners = ['a', 'b', 'a', 'b', 'a', undefined, undefined, 'a']
    for (const owner of owners) {
      expect(outcome(await transport.send(post(server.url, { owner })))).toBe(200)
      await nextTurn()
    }
    const [a, b, ...single] = [
      server.requests.filter((_, i) => owners[i] === 'a'),
      server.requests.filter((_, i) => owners[i] === 'b'),
      ...server.requests.filter((_, i) => owners[i] === undefined).map(request => [request]),
    ].map(requests => [...new Set(requests.map(request => request.connection))])
    expect([a, b, ...single].every(connections => connections?.length === 1)).toBe(true)
    expect(server.connections()).toBe(4)
  })

  it('looks a name up once for each connection, and stays with the checked address', async () => {
    const server = await start()
    let lookups = 0
    const transport = open(subject, {
      lookup: async () => {
        lookups++
        return ['127.0.0.1']
      },
    })
    const url = `http://hooks.example.test:${server.port}/`
    for (let i = 0; i < 3; i++) {
      expect(outcome(await transport.send(post(url)))).toBe(200)
      await nextTurn()
    }
    expect([lookups, server.connections()]).toEqual([1, 1])
    expect(server.requests[0]?.text).toContain(`hooks.example.test:${server.port}`)
  })

  it('never reaches a private address through a name that changes its answer', async () => {
    const canary = await start()
    const allowed = await start({ host: '127.0.0.2' })
    let lookups = 0
    // Stands for a public address; the canary's is the private one.
    const lookup: AddressLookup = async () => (lookups++ % 2 === 0 ? ['127.0.0.2'] : ['127.0.0.1'])
    const transport = open(subject, { lookup, allow: ['127.0.0.2'] })
    const url = `http://rebind.example:${canary.port}/`
    const outcomes = new Set<number | string>()
    for (let i = 0; i < 200; i++) outcomes.add(outcome(await transport.send(post(url, { owner: undefined }))))
    expect(outcomes).toEqual(new Set(['connection_refused', 'address_refused']))
    expect(lookups).toBe(200)
    expect(canary.connections()).toBe(0)
    expect(allowed.connections()).toBe(0)
  })

  it('refuses a name of which one address is private', async () => {
    const canary = await start()
    const transport = open(subject, { lookup: async () => ['127.0.0.2', '127.0.0.1'], allow: ['127.0.0.2'] })
    expect(outcome(await transport.send(post(`http://mixed.example:${canary.port}/`)))).toBe('address_refused')
    expect(canary.connections()).toBe(0)
  })

  it('drops a connection that talks without being asked', async () => {
    const server = await start({
      respond: ({ connection }, socket) => {
        socket.write(answer(200, `real ${connection}`))
        if (connection === 1) setTimeout(() => socket.write(answer(200, 'unsolicited')), 10)
      },
    })
    const transport = open(subject)
    expect(text(await transport.send(post(server.url)))).toBe('real 1')
    while (server.openConnections() > 0) await nextTurn()
    expect(text(await transport.send(post(server.url)))).toBe('real 2')
  })

  it('does not decompress', async () => {
    const server = await start({
      respond: (_request, socket) => void socket.write(answer(200, 'not gzip', 'content-encoding: gzip\r\n')),
    })
    expect(text(await open(subject).send(post(server.url)))).toBe('not gzip')
    expect(server.requests[0]?.text).not.toMatch(/accept-encoding/i)
  })
})
