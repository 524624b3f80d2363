import { createServer, type TlsOptions } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { TransportResult } from '../../src/transports/transport.ts'
import { makeCertificates } from './certificates.ts'
import { type RecordingServer, startRecordingServer } from './recording-server.ts'
import { nextTurn, post, SUBJECTS } from './subjects.ts'

const certificates = makeCertificates()
const { ca, good, client } = certificates
const servers: RecordingServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function startTls(options: TlsOptions): Promise<RecordingServer> {
  const server = await startRecordingServer({
    create: listener => createServer(options, listener).on('tlsClientError', () => {}),
  })
  servers.push(server)
  return server
}

function describeResult(result: TransportResult): number | string {
  return result.ok ? result.status : result.code
}

describe.each(['node', 'undici'] as const)('%s, over TLS', subject => {
  it('reaches a server whose certificate is right, by name and by address', async () => {
    const server = await startTls(good)
    const transport = SUBJECTS[subject]()
    const urls = [`https://hooks.example.test:${server.port}/`, `https://127.0.0.1:${server.port}/`]
    for (const url of urls) expect(describeResult(await transport.send(post(url, { tls: { ca } })))).toBe(200)
    expect(server.requests[0]?.text).toMatch(new RegExp(`host: hooks.example.test:${server.port}\r\n`, 'i'))
    await transport.close?.()
  })

  it('names the server, and verifies the name, although it dials the address', async () => {
    const names: string[] = []
    const server = await startTls({
      ...good,
      SNICallback: (name, done) => {
        names.push(name)
        done(null)
      },
    })
    const transport = SUBJECTS[subject]()
    expect(
      describeResult(await transport.send(post(`https://hooks.example.test:${server.port}/`, { tls: { ca } }))),
    ).toBe(200)
    expect(names).toEqual(['hooks.example.test'])
    await transport.close?.()
  })

  it.each(['selfSigned', 'wrongName', 'expired'] as const)('refuses a %s certificate', async name => {
    const server = await startTls(certificates[name])
    const transport = SUBJECTS[subject]()
    const result = await transport.send(post(`https://hooks.example.test:${server.port}/`, { tls: { ca } }))
    expect(describeResult(result)).toBe('tls_failed')
    expect(server.requests).toEqual([])
    await transport.close?.()
  })

  it('refuses an unknown authority, whatever the environment says', async () => {
    const server = await startTls(good)
    const transport = SUBJECTS[subject]()
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      const result = await transport.send(post(`https://hooks.example.test:${server.port}/`))
      expect(describeResult(result)).toBe('tls_failed')
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
    expect(server.requests).toEqual([])
    await transport.close?.()
  })

  it('refuses TLS 1.1', async () => {
    const server = await startTls({ ...good, maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' })
    const transport = SUBJECTS[subject]()
    const result = await transport.send(post(`https://hooks.example.test:${server.port}/`, { tls: { ca } }))
    expect(['tls_failed', 'connection_reset']).toContain(describeResult(result))
    expect(server.requests).toEqual([])
    await transport.close?.()
  })

  it('presents a client certificate, and never on the connection of a request without it', async () => {
    const server = await startTls({ ...good, ca, requestCert: true, rejectUnauthorized: true })
    const transport = SUBJECTS[subject]()
    const url = `https://hooks.example.test:${server.port}/`
    const tls = { ca, cert: client.cert, key: client.key }
    expect(describeResult(await transport.send(post(url, { tls })))).toBe(200)
    await nextTurn()
    expect(describeResult(await transport.send(post(url, { tls })))).toBe(200)
    expect(server.connections()).toBe(1)
    expect(describeResult(await transport.send(post(url, { tls: { ca } })))).not.toBe(200)
    expect(server.requests).toHaveLength(2)
    await transport.close?.()
  })

  it('fails on a client certificate that cannot be read', async () => {
    const server = await startTls(good)
    const transport = SUBJECTS[subject]()
    const tls = { ca, cert: 'not a certificate', key: 'secret-key-material' }
    const result = await transport.send(post(`https://hooks.example.test:${server.port}/`, { tls }))
    expect(result.ok).toBe(false)
    expect(JSON.stringify(result)).not.toContain('secret-key-material')
    await transport.close?.()
  })
})

describe('fetch, over TLS', () => {
  it('refuses a certificate of an unknown authority', async () => {
    const server = await startTls(good)
    const result = await SUBJECTS.fetch().send(post(`https://127.0.0.1:${server.port}/`))
    expect(describeResult(result)).toBe('tls_failed')
  })

  it('does not pretend to present a client certificate', async () => {
    const result = await SUBJECTS.fetch().send(post('https://127.0.0.1/', { tls: { ca } }))
    expect(describeResult(result)).toBe('invalid_request')
  })
})
