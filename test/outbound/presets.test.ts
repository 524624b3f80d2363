import { createSender, type EndpointInput, type Sender } from 'crm-webhooks'
import { generic } from 'crm-webhooks/presets/generic'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { definePreset, type Preset } from '../../src/presets/preset.ts'
import type { Transport } from '../../src/transports/transport.ts'
import { findPresets } from '../presets/support/presets.ts'
import { FLAT_CASE, SAMPLES } from '../presets/support/samples.ts'
import { TARGETS, type TargetAnswer } from '../presets/support/targets.ts'
import { loopbackGuard, startWireRig, type WireRig } from './wire-rig.ts'

/** What each target calls the record that it made; those that are not named say nothing. */
const EXTERNAL_IDS: Readonly<Record<string, string>> = {
  jira: 'SUPPORT-24',
  'jira-service-request': 'HELPDESK-1',
  servicenow: 'INC0010002',
  otrs: '2025010410000001',
  zendesk: '12345',
  freshdesk: '77',
  generic: 'VD-1',
  discord: '998877',
  'hubspot-ticket': '5512',
  telegram: '42',
  'google-chat': 'spaces/AAAA/messages/BBB',
}

const PRESETS = (await findPresets()).map(({ name, create }) => ({ name, preset: create() }))
const NAMES = PRESETS.map(({ name }) => name)

let rig: WireRig
let wire: Transport
beforeAll(async () => {
  rig = await startWireRig()
  wire = nodeTransport({ guard: loopbackGuard })
})
afterAll(async () => {
  await wire.close?.()
  await rig.close()
})

/** Sends to the local server what is meant for the target, and keeps where it was meant to go. */
let meantFor: string[] = []
const rerouted: Transport = {
  send(request) {
    const url = String(request.url)
    meantFor.push(url)
    return wire.send({ ...request, url: rig.url + url.slice(url.indexOf('/', url.indexOf('://') + 3)) })
  },
}
beforeEach(() => {
  meantFor = []
})

function presetRig(presets: readonly Preset[] = PRESETS.map(({ preset }) => preset)) {
  const clock = manualClock(Date.UTC(2026, 0, 5, 9))
  const guard = loopbackGuard
  const sender = createSender({
    transport: rerouted,
    guard,
    store: memoryStore({ clock }),
    clock,
    presets,
    random: () => 0,
  })
  return { sender, clock }
}

const create = (
  sender: Sender,
  name: string,
  more: Partial<EndpointInput> = {},
  settings = SAMPLES[name]?.settings ?? {},
) => sender.endpoints.create({ name, events: ['service_case.*'], preset: { name, settings }, retry: [10, 20], ...more })

/** The target's answer to what was captured: it validates credential, path and body as the real one does. */
function answerOf(name: string, index: number): TargetAnswer {
  const request = rig.captured[index]
  if (request === undefined) return { status: 404 }
  const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]))
  const path = request.path.replace(/requestId=[\w-]+/, 'requestId=dlv_0123456789abcdef')
  const body = JSON.parse(request.body.toString('utf8')) as unknown
  return TARGETS[name]?.({ method: request.method, path, headers, body }) ?? { status: 404 }
}

const wireAnswer = ({ status, headers, body }: TargetAnswer) => ({
  status,
  ...(headers && { headers }),
  body: typeof body === 'string' ? body : JSON.stringify(body ?? ''),
})

async function everythingSeen(sender: Sender, endpointId: string): Promise<string> {
  let exported = ''
  for (const format of ['ndjson', 'curl', 'csv'] as const) {
    for await (const piece of sender.attempts.export({ endpointId }, format)) exported += piece
  }
  const views = [sender.attempts.list(), sender.deliveries.list(), sender.endpoints.list(), sender.preview(endpointId)]
  return JSON.stringify(await Promise.all<unknown>(views)) + exported
}

describe.each(NAMES)('%s', name => {
  it('is accepted by its target, which tells its id', async () => {
    const { sender } = presetRig()
    const { endpoint } = await create(sender, name)
    // First to see what is sent, then with what the target makes of it.
    const before = rig.captured.length
    rig.answers = [{ status: 500 }]
    await sender.test(endpoint.id, { type: 'service_case.created', data: FLAT_CASE })
    rig.answers = [wireAnswer(answerOf(name, before))]
    await sender.publish('service_case.created', FLAT_CASE)
    await sender.drain()
    const [delivery] = (await sender.deliveries.list()).items
    expect(delivery, JSON.stringify((await sender.attempts.list()).items)).toMatchObject({
      status: 'succeeded',
      attempts: 1,
    })
    expect(delivery?.externalId).toBe(EXTERNAL_IDS[name] ?? delivery?.externalId)
    if (EXTERNAL_IDS[name] === undefined) expect(['slack', 'teams', 'mattermost', 'pagerduty']).toContain(name)
    expect((await sender.attempts.list()).items[0]?.externalId).toBe(delivery?.externalId)
    const sent = rig.captured.at(-1)
    const headerNames = sent?.rawHeaders.filter((_, i) => i % 2 === 0).map(text => text.toLowerCase()) ?? []
    expect(new Set(headerNames).size).toBe(headerNames.length)
    expect(meantFor[0]).toMatch(/^https:\/\//)
  })

  it('shows its credentials to nobody, not even when the target repeats them', async () => {
    const { sender } = presetRig()
    const { endpoint } = await create(sender, name)
    const before = rig.captured.length
    rig.answers = [{ status: 400, body: 'no' }]
    await sender.test(endpoint.id, { type: 'service_case.created', data: FLAT_CASE })
    const sent = rig.captured[before]
    const echo = `you sent ${meantFor[0]} ${sent?.rawHeaders.join(' ')} ${sent?.body.toString('utf8')}`
    const texts = [echo, JSON.stringify({ error: { message: echo }, ok: false })]
    for (const status of [200, 400, 500]) {
      for (const body of texts) {
        rig.answers = [{ status, body, headers: { 'x-echo': encodeURI(meantFor[0] ?? '') } }]
        await sender.test(endpoint.id, { type: 'service_case.created', data: FLAT_CASE })
        await sender.publish('service_case.created', FLAT_CASE)
        await sender.drain()
      }
    }
    const seen = await everythingSeen(sender, endpoint.id)
    for (const secret of SAMPLES[name]?.secrets ?? []) {
      expect(seen).not.toContain(secret)
      expect(seen).not.toContain(JSON.stringify(secret).slice(1, -1))
      if (secret.startsWith('https')) expect(seen).not.toContain(secret.slice(secret.lastIndexOf('/') + 1))
    }
    const authorization = sent?.headers.authorization?.split(' ')[1]
    if (authorization !== undefined) expect(seen).not.toContain(authorization)
  })

  it('sends the same bytes again', async () => {
    const { sender, clock } = presetRig()
    await create(sender, name)
    const before = rig.captured.length
    rig.answers = [{ status: 500 }, { status: 503 }]
    await sender.publish('service_case.created', FLAT_CASE)
    await sender.drain()
    await clock.advance(10_000)
    await sender.drain()
    await clock.advance(20_000)
    await sender.drain()
    const bodies = rig.captured.slice(before).map(({ body, path }) => path + body.toString('latin1'))
    expect(bodies).toHaveLength(3)
    expect(new Set(bodies).size).toBe(1)
  })
})

describe('200 with an error', () => {
  const slackBot = { channel: 'C1', auth: { type: 'bearer', token: 'tok-en-0123456789' } }
  const fault = (code: string) => ({ Error: { ErrorCode: code, ErrorMessage: 'It failed.' } })
  const ticket = { TicketID: '123', TicketNumber: '2025010410000001', ArticleID: '456' }

  it.each<readonly [string, unknown, unknown, object | undefined]>([
    ['otrs', fault('TicketCreate.AuthFail'), undefined, undefined],
    ['otrs', fault('TicketCreate.MissingParameter'), undefined, undefined],
    ['otrs', fault('TicketCreate.InternalError'), ticket, undefined],
    ['slack', { ok: false, error: 'channel_not_found' }, undefined, slackBot],
    ['slack', { ok: false, error: 'invalid_auth' }, undefined, slackBot],
    ['slack', { ok: false, error: 'ratelimited' }, { ok: true, channel: 'C1', ts: '1736000000.000100' }, slackBot],
    ['generic', { success: false, message: 'no such queue' }, undefined, undefined],
    ['generic', { status: 503, error: 'busy' }, { success: true, ticket_id: 'VD-1' }, undefined],
    ['telegram', { ok: false, description: 'chat not found' }, undefined, undefined],
  ])('%s %j is followed by %j', async (name, first, second, settings) => {
    const { sender, clock } = presetRig()
    const { endpoint } = await create(sender, name, {}, settings as never)
    const reasons: string[] = []
    sender.lifecycle.on('delivery.exhausted', ({ reason }) => void reasons.push(reason))
    rig.answers = [wireAnswer({ status: 200, body: first }), wireAnswer({ status: 200, body: second })]
    await sender.publish('service_case.created', FLAT_CASE)
    await sender.drain()
    await clock.advance(10_000)
    await sender.drain()
    const { items } = await sender.attempts.list({ endpointId: endpoint.id })
    expect(items.at(-1)).toMatchObject({ outcome: 'failed', status: 200, errorCode: 'response_error' })
    expect(items).toHaveLength(second === undefined ? 1 : 2)
    const [delivery] = (await sender.deliveries.list()).items
    expect(delivery?.status).toBe(second === undefined ? 'failed' : 'succeeded')
    expect(reasons).toEqual(second === undefined ? ['not_retryable'] : [])
    if (second !== undefined) expect(delivery?.externalId).toBeDefined()
  })
})

describe('a wait that the target asks for', () => {
  it.each<readonly [string, TargetAnswer, number]>([
    [
      'telegram',
      { status: 429, body: { ok: false, description: 'Too Many Requests', parameters: { retry_after: 90 } } },
      90,
    ],
    ['discord', { status: 429, body: { message: 'You are being rate limited.', retry_after: 64.57 } }, 65],
    ['discord', { status: 429, headers: { 'retry-after': '33' }, body: {} }, 33],
    ['slack', { status: 429, headers: { 'retry-after': '30' }, body: 'rate_limited' }, 30],
    ['jira', { status: 503, headers: { 'retry-after': new Date(Date.UTC(2026, 0, 5, 9, 2)).toUTCString() } }, 120],
    ['zendesk', { status: 429, headers: { 'retry-after': '3' } }, 10],
  ])('%s %j: %i s', async (name, answer, seconds) => {
    const { sender, clock } = presetRig()
    await create(sender, name)
    rig.answers = [wireAnswer(answer)]
    await sender.publish('service_case.created', FLAT_CASE)
    await sender.drain()
    const [delivery] = (await sender.deliveries.list()).items
    expect((delivery?.dueAtMs ?? 0) - clock.now()).toBe(seconds * 1000)
  })
})

const own = (parts: Partial<Preset>) =>
  definePreset({
    name: 'own',
    documentationUrl: 'https://own.example.com/docs',
    secretSettings: [],
    settings: input => ({ ok: true, value: input }),
    request: ({ event }) => ({
      method: 'POST',
      url: 'https://own.example.com/x',
      headers: {},
      contentType: 'application/json',
      body: event.data,
      confidential: { url: false, headers: [], bodyPaths: [] },
    }),
    outcome: ({ status }) => (status === 200 ? { ok: true } : { ok: false, message: 'no' }),
    ...parts,
  })

describe('presets that misbehave', () => {
  const broken = () => {
    throw new Error('broken')
  }
  const runOwn = async (preset: Preset, status = 200) => {
    const { sender, clock } = presetRig([preset])
    await create(sender, 'own', {}, {})
    rig.answers = [{ status }]
    await sender.publish('service_case.created', FLAT_CASE)
    for (let i = 0; i < 4; i++) {
      await sender.drain()
      await clock.advance(60_000)
    }
    return { delivery: (await sender.deliveries.list()).items[0], attempts: (await sender.attempts.list()).items }
  }

  it('on an answer: every attempt is recorded, the schedule is kept, and it ends', async () => {
    const { delivery, attempts } = await runOwn(own({ outcome: broken }))
    expect(delivery).toMatchObject({ status: 'failed', attempts: 3 })
    expect(attempts).toHaveLength(3)
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ status: 200, errorCode: 'response_error', outcome: 'failed' })
  })

  it('on an event: nothing is sent, and the reason is recorded', async () => {
    let calls = 0
    const request: Preset['request'] = (input, settings) => {
      if (calls++ > 0) throw new Error('cannot read the phone number')
      return own({}).request(input, settings)
    }
    const before = rig.captured.length
    const { delivery, attempts } = await runOwn(own({ request }))
    expect(rig.captured).toHaveLength(before)
    expect(delivery).toMatchObject({ status: 'failed', attempts: 1, lastError: 'cannot read the phone number' })
    expect(attempts).toMatchObject([{ errorCode: 'render_failed', errorMessage: 'cannot read the phone number' }])
  })

  it('is not registered in the process that sends: the reason is recorded, and one that knows it sends it', async () => {
    const clock = manualClock(Date.UTC(2026, 0, 5, 9))
    const store = memoryStore({ clock })
    const common = { guard: loopbackGuard, store, clock, random: () => 0 }
    const transport = scriptedTransport([200], clock)
    const first = createSender({ ...common, transport, presets: [generic()] })
    await create(first, 'generic')
    await first.publish('service_case.created', FLAT_CASE)
    const second = createSender({ ...common, transport })
    await second.drain()
    expect(transport.requests).toHaveLength(0)
    expect((await second.attempts.list()).items).toMatchObject([
      { errorCode: 'not_registered', errorMessage: "the preset 'generic' is not registered with this sender" },
    ])
    await clock.advance(60_000)
    await first.drain()
    expect(transport.requests).toHaveLength(1)
  })
})

describe('headers of an endpoint and of its preset', () => {
  it('of one name go out once, the preset’s; and a signature can come on top', async () => {
    const { sender } = presetRig()
    const headers = { Authorization: 'mine', ACCEPT: 'text/plain', 'X-Mine': '1' }
    await create(sender, 'generic', { headers, signature: 'sha256', auth: { type: 'bearer', token: 'other-token' } })
    rig.answers = [{ status: 200 }]
    await sender.publish('service_case.created', FLAT_CASE)
    await sender.drain()
    const { rawHeaders = [], headers: sent } = rig.captured.at(-1) ?? {}
    expect(sent).toMatchObject({ authorization: 'Bearer tok-en-0123456789', accept: 'application/json', 'x-mine': '1' })
    expect(sent?.['x-webhook-signature']).toMatch(/^sha256=[0-9a-f]{64}$/)
    const names = rawHeaders.filter((_, i) => i % 2 === 0).map(name => name.toLowerCase())
    expect(new Set(names).size).toBe(names.length)
  })

  const OURS = ['webhook-id', 'webhook-timestamp', 'X-WEBHOOK-EVENT', 'x-webhook-delivery-id', 'x-webhook-attempt']

  it.each([...OURS, 'content-type', 'expect', 'transfer-encoding', '__proto__'])(
    'the preset cannot set %s: refused on save, and left out when it does so later',
    async name => {
      const headers = (id: string) => Object.fromEntries(id === 'evt_check' ? [] : [[name, 'theirs']])
      const request: Preset['request'] = (input, settings) => ({
        ...own({}).request(input, settings),
        headers: headers(input.event.id),
      })
      const clock = manualClock(Date.UTC(2026, 0, 5, 9))
      const transport = scriptedTransport([200], clock)
      const sender = createSender({ guard: loopbackGuard, transport, clock, presets: [own({ request })] })
      await create(sender, 'own', {}, {})
      await sender.publish('service_case.created', FLAT_CASE)
      await sender.drain()
      const [sent] = transport.requests
      expect(Object.values(sent?.headers ?? {})).not.toContain('theirs')
      expect(sent?.headers).toMatchObject({ 'Content-Type': 'application/json', 'X-Webhook-Attempt': '1' })

      const always: Preset['request'] = (input, settings) => ({
        ...own({}).request(input, settings),
        headers: headers(''),
      })
      const strict = createSender({ guard: loopbackGuard, transport, clock, presets: [own({ request: always })] })
      await expect(create(strict, 'own', {}, {})).rejects.toMatchObject({
        code: 'invalid_endpoint',
        argument: 'preset.settings',
        message: expect.stringContaining(name) as string,
      })
    },
  )
})
