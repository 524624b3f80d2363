import { readdirSync } from 'node:fs'
import { createReceiver, type WebhookRequest } from 'crm-webhooks'
import { sampleTypes, signedRequest, toWebRequest } from 'crm-webhooks/testing'
import { describe, expect, it, vi } from 'vitest'
import { headerEntries } from '../../src/model/http.ts'
import { withHeaders } from '../../src/model/verification.ts'
import type { AnyProvider } from '../../src/providers/provider.ts'
import type { ProviderFixtures, RequestFixture } from '../../src/testing/fixtures.ts'

/** Files of the folder that are not providers but what providers are made of. */
const SHARED = new Set(['provider', 'describe', 'schema'])

const names = readdirSync(new URL('../../src/providers/', import.meta.url))
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -3))
  .filter(name => !SHARED.has(name))

const NOW = Date.UTC(2026, 5, 1, 12)

describe.each(names)('%s', async name => {
  const module = (await import(`../../src/providers/${name}.ts`)) as Record<string, unknown>
  const { fixtures } = (await import(`../../src/testing/fixtures/${name}.ts`)) as { fixtures: ProviderFixtures }
  const provider = fixtures.create()
  const samples = Object.entries(fixtures.requests)
  const send = async (sample: string, overrides = {}): Promise<WebhookRequest> =>
    signedRequest(provider, sample, { now: NOW, ...overrides })

  it('exports a factory named after its file, and a provider of that name', () => {
    const factory = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    expect(Object.keys(module).some(key => key === factory || key === `${factory}Sender`)).toBe(true)
    expect(provider.name).toBe(name)
    expect(provider.methods.length).toBeGreaterThan(0)
  })

  it('refuses options that are none, and names that it does not know', () => {
    const wanted = name.replaceAll('-', '')
    const found = Object.entries(module).find(([key]) => [wanted, `${wanted}sender`].includes(key.toLowerCase()))
    const factory = found?.[1] as (options?: unknown) => unknown
    for (const none of [undefined, null, 'whsec_secret', []]) {
      expect(() => factory(none)).toThrow(expect.objectContaining({ code: 'invalid_option', argument: 'options' }))
    }
    expect(() => factory({ nobodyReadsThis: 1 })).toThrow(
      expect.objectContaining({ code: 'invalid_option', argument: 'nobodyReadsThis' }),
    )
  })

  it('has samples that the testing kit finds', async () => {
    expect(samples.length).toBeGreaterThan(0)
    expect(await sampleTypes(provider)).toEqual(samples.map(([sample]) => sample))
  })

  it.each(samples)('%s: verified and read', async (sample, fixture) => {
    const request = await send(sample)
    expect(await provider.verify(request, { now: NOW })).toMatchObject({ ok: true })
    const parsed = provider.parse(request)
    if (!parsed.ok) throw new Error(parsed.message)
    expect(parsed.events).toHaveLength(fixture.events ?? 1)
    if (fixture.expected !== undefined) expect(parsed.events[0]).toMatchObject(fixture.expected)
    for (const event of parsed.events) expectWellFormed(event, provider)
  })

  it.each(samples)('%s: the same id again, when the sender tries again', async sample => {
    const [first, again] = [await send(sample), await send(sample, { now: NOW + 60_000 })]
    expect(idsOf(provider, again)).toEqual(idsOf(provider, first))
  })

  it.each(samples)('%s: goes through a receiver, in plain and Web form', async (sample, fixture) => {
    const receiver = createReceiver({ provider, clock: { now: () => NOW, setTimer: () => () => {} } })
    const handler = vi.fn()
    receiver.on('*', handler)
    const request = await send(sample)
    expect((await receiver.receive(request)).status).toBeLessThan(300)
    expect(handler).toHaveBeenCalledTimes(fixture.events ?? 1)
    if (request.method === 'GET') return
    expect((await receiver.handle(toWebRequest(request))).status).toBeLessThan(300)
  })

  it('refuses a request without its proof, and tells the sender nothing', async () => {
    const [sample = '', fixture] = samples[0] ?? []
    if (fixture === undefined) throw new Error('no sample')
    const verdict = await provider.verify(bare(provider, sample, fixture), { now: NOW })
    expect(verdict).toMatchObject({
      ok: false,
      code: expect.any(String) as string,
      message: expect.any(String) as string,
    })
  })

  it.runIf(fixtures.provesBody !== false)('refuses a changed body', async () => {
    const [sample = ''] = samples[0] ?? []
    const request = await send(sample)
    for (const at of [0, Math.floor(request.body.length / 2), request.body.length - 1]) {
      const body = request.body.slice()
      body[at] = (body[at] ?? 0) ^ 1
      expect(await provider.verify({ ...request, body }, { now: NOW })).toMatchObject({ ok: false })
    }
    const longer = new Uint8Array([...request.body, 0x20])
    expect(await provider.verify({ ...request, body: longer }, { now: NOW })).toMatchObject({ ok: false })
  })

  it('refuses spoilt headers without throwing', async () => {
    const request = await send(samples[0]?.[0] ?? '')
    const proof = headerEntries(request.headers).filter(([key]) => key !== 'content-type')
    for (const [key, value] of proof) {
      for (const spoilt of ['', ' ', '\0', 'x'.repeat(100_000), `${String(value)},${String(value)}`, '=,=,=', 'é']) {
        const verdict = await provider.verify(withHeaders(request, { [key]: spoilt }), { now: NOW })
        expect(typeof verdict.ok).toBe('boolean')
      }
    }
  })

  it('reads hostile bodies without throwing', async () => {
    const request = await send(samples[0]?.[0] ?? '')
    for (const body of HOSTILE_BODIES) {
      const parsed = provider.parse({ ...request, body })
      if (parsed.ok) for (const event of parsed.events) expectWellFormed(event, provider)
      else expect(parsed.code).toMatch(/^(malformed_body|invalid_data)$/)
      expect(typeof (await provider.verify({ ...request, body }, { now: NOW })).ok).toBe('boolean')
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it.each(samples)('%s: reads it with odd things in any place without throwing', async (sample, { body }) => {
    if (typeof body === 'string') return
    const request = await send(sample)
    for (const odd of [{ toString: 1, valueOf: 1 }, { length: { toString: 1, valueOf: 1 } }, [[null]], null]) {
      for (const spoilt of replacedBy(odd, body)) {
        const parsed = provider.parse({ ...request, body: new TextEncoder().encode(JSON.stringify(spoilt)) })
        if (parsed.ok) for (const event of parsed.events) expectWellFormed(event, provider)
      }
    }
  })

  it.each(Object.entries(fixtures.challenges ?? {}))('answers the set-up request %s', async (_title, challenge) => {
    const receiver = createReceiver({ provider, clock: { now: () => NOW, setTimer: () => () => {} } })
    let request = toRequest(provider, challenge.request)
    if (challenge.signed) {
      const authenticate =
        provider.authenticate ?? ((draft: WebhookRequest) => fixtures.authenticate?.(draft, NOW) ?? draft)
      const unsigned = await receiver.receive(request)
      expect(unsigned.status).toBeGreaterThanOrEqual(400)
      request = await authenticate(request, { now: NOW })
    }
    const answer = await receiver.receive(request)
    expect(answer.status).toBe(challenge.answer.status)
    if (challenge.answer.body !== undefined) expect(answer.body).toBe(challenge.answer.body)
    for (const [key, value] of headerEntries(challenge.answer.headers ?? {})) {
      expect(Object.fromEntries(Object.entries(answer.headers).map(([k, v]) => [k.toLowerCase(), v]))).toMatchObject({
        [key.toLowerCase()]: value,
      })
    }
  })
})

function expectWellFormed(
  event: { id: string; type: string; provider: string; known: boolean },
  provider: AnyProvider,
): void {
  expect(event.id).toEqual(expect.any(String))
  expect(event.id).not.toBe('')
  expect(event.provider).toBe(provider.name)
  expect(event.type).toEqual(expect.any(String))
  if (event.known && provider.eventTypes !== undefined) expect(provider.eventTypes).toContain(event.type)
}

function idsOf(provider: AnyProvider, request: WebhookRequest): readonly string[] {
  const parsed = provider.parse(request)
  return parsed.ok ? parsed.events.map(event => event.id) : []
}

function toRequest(provider: AnyProvider, fixture: RequestFixture): WebhookRequest {
  const { body } = fixture
  return {
    method: fixture.method ?? 'POST',
    url: fixture.url ?? `https://hooks.example.com/${provider.name}`,
    headers: { 'content-type': 'application/json', ...fixture.headers },
    body: new TextEncoder().encode(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)),
  }
}

function bare(provider: AnyProvider, _sample: string, fixture: RequestFixture): WebhookRequest {
  return toRequest(provider, fixture)
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** A value with each of its parts replaced in turn. */
function replacedBy(odd: unknown, value: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [odd]
  const list: readonly unknown[] | undefined = Array.isArray(value) ? value : undefined
  const parts = Object.entries(value).flatMap(([key, part]) =>
    replacedBy(odd, part).map(
      spoilt => list?.map((kept, at) => (String(at) === key ? spoilt : kept)) ?? { ...value, [key]: spoilt },
    ),
  )
  return [odd, ...parts]
}

const HOSTILE_BODIES: readonly Uint8Array[] = [
  '',
  ' ',
  'null',
  'true',
  '0',
  '""',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '[1,"a",{}]',
  '{"event":null,"type":null,"meta":null,"data":null,"payload":null}',
  '{"event":{},"type":[],"meta":[],"data":"x","payload":7,"triggerEvent":{},"call":[]}',
  '{"event":"","type":"","meta":{},"triggerEvent":""}',
  '{"event":"constructor","type":"__proto__","triggerEvent":"toString","meta":{"action":"valueOf","entity":"hasOwnProperty"}}',
  '{"__proto__":{"polluted":true}}',
  '{"\\u005f_proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":1,"a":2}',
  '{"n":1e400,"i":123456789012345678901234567890}',
  '"\\ud800"',
  '{"event":',
  '{} trailing',
  '\ufeff{}',
  '['.repeat(100_000),
  `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`,
  'a=b&a=c&__proto__=x&%=%&&&==',
  '<xml/>',
]
  .map(text)
  .concat(new Uint8Array([0xff, 0xfe, 0x7b, 0x7d]), new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]))
