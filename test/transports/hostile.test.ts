import { describe, expect, it } from 'vitest'
import type { Transport } from '../../src/transports/transport.ts'
import { type Expectation, HOSTILE_BEHAVIOURS, type HostileServer, startHostileServer } from './hostile-server.ts'
import { post, SUBJECT_NAMES, SUBJECTS } from './subjects.ts'

const TIMEOUT_MS = 1_000
const MAX_RESPONSE_BYTES = 4096

/** Where `fetch` cannot do what it is told, or hides the cause. */
const FETCH_EXPECTED: Readonly<Record<string, readonly Expectation[]>> = {
  // Its own rules for statuses and compressed bodies.
  'status 000': ['malformed_response', 'connection_failed', 'timeout', 0],
  'status 099': ['malformed_response', 'connection_failed', 'timeout', 99],
  'status 999': ['malformed_response', 'connection_failed', 999],
  'endless 1xx': ['malformed_response', 'timeout'],
  'a thousand encodings': [200, 'connection_failed', 'malformed_response'],
}

describe.each(SUBJECT_NAMES)('%s, against a hostile endpoint', subject => {
  it.concurrent.each(Object.keys(HOSTILE_BEHAVIOURS))('%s', async name => {
    const server = await startHostileServer(name)
    const transport = SUBJECTS[subject]()
    try {
      // Twice: the second attempt may meet a connection that the first one left behind.
      await attempt(server, transport, expectationsOf(subject, name, server))
      await attempt(server, transport, expectationsOf(subject, name, server))
      expect(server.usedConnections()).toBeLessThanOrEqual(2)
      // What was under way in the kernel's buffers, and no more.
      expect(server.bytesSent()).toBeLessThan(32_000_000)
    } finally {
      await transport.close?.()
      await server.close()
    }
  })
})

function expectationsOf(subject: string, name: string, server: HostileServer): readonly Expectation[] {
  return (subject === 'fetch' ? FETCH_EXPECTED[name] : undefined) ?? server.behaviour.expected
}

async function attempt(server: HostileServer, transport: Transport, expected: readonly Expectation[]): Promise<void> {
  const body = new Uint8Array(server.behaviour.requestBytes ?? 100).fill(0x78)
  const startedAt = performance.now()
  const result = await transport.send(
    post(server.url, { body, timeoutMs: TIMEOUT_MS, maxResponseBytes: MAX_RESPONSE_BYTES }),
  )
  expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + 1000)
  expect(expected, result.ok ? `status ${result.status}` : result.message).toContain(
    result.ok ? result.status : result.code,
  )
  if (result.ok) {
    expect(result.body.length).toBeLessThanOrEqual(MAX_RESPONSE_BYTES)
    expect(new TextDecoder().decode(result.body)).not.toContain('unsolicited')
  } else expect(result.message).toMatch(/^[\x20-\x7e]{1,300}$/)
}

describe('the behaviours', () => {
  it('are at least forty', () => {
    expect(Object.keys(HOSTILE_BEHAVIOURS).length).toBeGreaterThanOrEqual(40)
  })
})
