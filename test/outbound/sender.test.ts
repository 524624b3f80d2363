import { standardWebhooks } from 'crm-webhooks/signatures'
import { describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { bodyText, endpoint, rig, SECRET } from './support.ts'

describe('a published event', () => {
  it('goes to every endpoint that wants it, once, signed', async () => {
    const { sender, clock, transport } = rig()
    await sender.endpoints.create(endpoint())
    await sender.endpoints.create(endpoint({ name: 'All', events: ['*', 'lead.created'] }))
    await sender.endpoints.create(endpoint({ name: 'Others', events: ['call.*'] }))
    sender.start()
    const published = await sender.publish('lead.created', { id: 7, name: 'Zoë' }, { subject: '7' })
    expect(published).toMatchObject({ deliveries: 2, duplicate: false })
    await clock.advance(0)
    expect(transport.requests).toHaveLength(2)
    for (const request of transport.requests) {
      expect(JSON.parse(bodyText(request))).toEqual({
        type: 'lead.created',
        timestamp: '2026-01-05T09:00:00.000Z',
        data: { id: 7, name: 'Zoë' },
      })
      expect(request.headers).toMatchObject({
        'webhook-id': published.eventId,
        'X-Webhook-Event': 'lead.created',
        'X-Webhook-Attempt': '1',
        'Content-Type': 'application/json',
      })
      const verdict = standardWebhooks({ secret: SECRET }).verify(
        { method: 'POST', url: '/', headers: request.headers, body: request.body },
        { now: clock.now() },
      )
      expect(verdict).toMatchObject({ ok: true })
    }
    const ids = transport.requests.map(request => request.headers['X-Webhook-Delivery-Id'])
    expect(new Set(ids).size).toBe(2)
    const { items } = await sender.deliveries.list()
    expect(items.map(item => [item.status, item.attempts])).toEqual([
      ['succeeded', 1],
      ['succeeded', 1],
    ])
  })

  it('is repeated with the same id and bytes, freshly signed', async () => {
    const { sender, clock, transport } = rig([500, { error: 'timeout' }, 200])
    await sender.endpoints.create(endpoint({ retry: [60, 120] }))
    sender.start()
    await sender.publish('lead.created', { id: 1 })
    await clock.advance(60_000)
    await clock.advance(120_000)
    const [first, second, third] = transport.requests
    expect(transport.requests).toHaveLength(3)
    expect(second?.body).toEqual(first?.body)
    expect(third?.body).toEqual(first?.body)
    expect(new Set(transport.requests.map(request => request.headers['webhook-id'])).size).toBe(1)
    expect(transport.requests.map(request => request.headers['X-Webhook-Attempt'])).toEqual(['1', '2', '3'])
    const times = transport.requests.map(request => Number(request.headers['webhook-timestamp']))
    expect(times.map(time => time - (times[0] ?? 0))).toEqual([0, 60, 180])
    expect(new Set(transport.requests.map(request => request.headers['webhook-signature'])).size).toBe(3)
  })

  it('is stored once with the same idempotency key, for each tenant', async () => {
    const { sender } = rig()
    await sender.endpoints.create(endpoint({ tenant: 'a' }))
    const first = await sender.publish('lead.created', {}, { idempotencyKey: 'k', tenant: 'a' })
    const again = await sender.publish('lead.created', {}, { idempotencyKey: 'k', tenant: 'a' })
    const other = await sender.publish('lead.created', {}, { idempotencyKey: 'k', tenant: 'b' })
    expect(again).toEqual({ eventId: first.eventId, deliveries: 0, duplicate: true })
    expect(other).toMatchObject({ deliveries: 0, duplicate: false })
  })

  it('keeps to its tenant', async () => {
    const { sender } = rig()
    await sender.endpoints.create(endpoint({ tenant: 'a' }))
    await sender.endpoints.create(endpoint())
    expect(await sender.publish('lead.created', {}, { tenant: 'b' })).toMatchObject({ deliveries: 0 })
    expect(await sender.publish('lead.created', {}, { tenant: 'a' })).toMatchObject({ deliveries: 1 })
    expect(await sender.publish('lead.created', {})).toMatchObject({ deliveries: 1 })
  })

  it('goes only where the fields of interest changed', async () => {
    const { sender } = rig()
    await sender.endpoints.create(endpoint({ when: { changed: ['stage_id'] } }))
    const change = (changes: object) => sender.publish('lead.updated', { changes })
    expect(await change({ stage_id: { from: 1, to: 2 } })).toMatchObject({ deliveries: 1 })
    expect(await change({ title: { from: 'a', to: 'b' } })).toMatchObject({ deliveries: 0 })
    expect(await sender.publish('lead.created', { id: 1 })).toMatchObject({ deliveries: 0 })
  })

  it('is checked against the catalogue before anything is written', async () => {
    const { sender } = rig([200], { events: { 'lead.created': z.object({ id: z.number() }) } })
    await sender.endpoints.create(endpoint())
    await expect(sender.publish('lead.created', { id: 'x' } as never)).rejects.toMatchObject({
      code: 'invalid_event',
      message: expect.stringContaining('data.id') as string,
    })
    await expect(sender.publish('lead.create' as never, {} as never)).rejects.toMatchObject({
      message: expect.stringContaining("'lead.created'") as string,
    })
    expect((await sender.deliveries.list()).items).toEqual([])
  })

  it.each([
    ['', {}, 'type'],
    ['lead created', {}, 'type'],
    ['lead..created', {}, 'type'],
    ['lead.created', undefined, 'data'],
    ['lead.created', 1n, 'data'],
    ['lead.created', 'x'.repeat(300_000), 'data'],
  ])('%j with data %.20j is refused, naming %s', async (type, data, argument) => {
    const { sender } = rig()
    await expect(sender.publish(type, data)).rejects.toMatchObject({ code: 'invalid_event', argument })
  })

  it('with an option that there is not is refused, naming it and the one that was meant', async () => {
    const { sender } = rig()
    await expect(sender.publish('lead.created', {}, { idempotencykey: 'k' } as object)).rejects.toMatchObject({
      code: 'invalid_option',
      argument: 'idempotencykey',
      message: expect.stringContaining('did you mean idempotencyKey?') as string,
    })
    await sender.publish('lead.created', {}, { idempotencykey: undefined } as object)
  })
})

describe('envelopes', () => {
  it.each([
    ['standard', '{"type":"lead.created","timestamp":"2026-01-05T09:00:00.000Z","data":{"é":1}}'],
    ['whatscrm', '{"event":"lead.created","timestamp":"2026-01-05T09:00:00.000Z","data":{"é":1}}'],
    ['devlink', '{"event_type":"lead.created","payload":{"é":1},"timestamp":"2026-01-05T09:00:00.000Z"}'],
    ['bare', '{"é":1}'],
  ])('%s', async (envelope, body) => {
    const { sender, clock, transport } = rig()
    await sender.endpoints.create(endpoint({ envelope }))
    sender.start()
    await sender.publish('lead.created', { é: 1 })
    await clock.advance(0)
    expect(bodyText(transport.requests[0])).toBe(body)
  })

  it('a template makes the body', async () => {
    const { sender, clock, transport } = rig()
    await sender.endpoints.create(
      endpoint({ template: { ticket: { title: '{{subject}}', n: '{{n|json}}', type: '{{event.type}}' } } }),
    )
    sender.start()
    await sender.publish('lead.created', { subject: 'He said "hi"', n: 3 })
    await clock.advance(0)
    expect(JSON.parse(bodyText(transport.requests[0]))).toEqual({
      ticket: { title: 'He said "hi"', n: 3, type: 'lead.created' },
    })
  })
})

describe('outcomes', () => {
  it('410 disables the endpoint and ends what waits for it', async () => {
    const { sender, clock } = rig([410])
    const { endpoint: made } = await sender.endpoints.create(endpoint())
    const disabled = vi.fn()
    sender.lifecycle.on('endpoint.disabled', disabled)
    sender.start()
    await sender.publish('lead.created', { id: 1 })
    await clock.advance(0)
    expect(disabled).toHaveBeenCalledExactlyOnceWith({ endpointId: made.id, tenant: undefined, reason: 'gone' })
    expect(await sender.endpoints.get(made.id)).toMatchObject({ status: 'disabled', disabledReason: 'gone' })
    expect(await sender.publish('lead.created', { id: 2 })).toMatchObject({ deliveries: 0 })
    expect((await sender.deliveries.list()).items).toMatchObject([{ status: 'failed' }])
  })

  it.each([400, 401, 403, 404, 422, 301])('%d ends the delivery at once', async status => {
    const { sender, clock, transport } = rig([status])
    await sender.endpoints.create(endpoint())
    const exhausted = vi.fn()
    sender.lifecycle.on('delivery.exhausted', exhausted)
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(86_400_000)
    expect(transport.requests).toHaveLength(1)
    expect(exhausted).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: 'not_retryable' }))
  })

  it('Retry-After puts the next attempt off and spends no try', async () => {
    const { sender, clock, transport } = rig([{ status: 429, headers: { 'retry-after': '300' } }, 500, 200])
    await sender.endpoints.create(endpoint({ retry: [60] }))
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(299_000)
    expect(transport.requests).toHaveLength(1)
    await clock.advance(1_000)
    expect(transport.requests).toHaveLength(2)
    await clock.advance(60_000)
    expect(transport.requests).toHaveLength(3)
  })

  it('each delivery keeps its own clock when two endpoints fail differently', async () => {
    const { sender, clock, transport } = rig(request => (String(request.url).includes('slow') ? 503 : 500))
    await sender.endpoints.create(endpoint({ retry: [10, 10] }))
    await sender.endpoints.create(endpoint({ url: 'https://slow.example.com/', retry: [100, 100] }))
    sender.start()
    const startedAtMs = clock.now()
    const sent: Array<readonly [string, number]> = []
    sender.lifecycle.on(
      'delivery.failed',
      ({ attempt }) => void sent.push([new URL(attempt.url).hostname, attempt.startedAtMs - startedAtMs]),
    )
    await sender.publish('lead.created', {})
    await clock.advance(300_000)
    expect(sent).toEqual([
      ['billing.example.com', 0],
      ['slow.example.com', 0],
      ['billing.example.com', 10_000],
      ['billing.example.com', 20_000],
      ['slow.example.com', 100_000],
      ['slow.example.com', 200_000],
    ])
    expect(transport.requests).toHaveLength(6)
  })

  it('a failing endpoint is disabled after its time, probed with one delivery, and comes back', async () => {
    let healthy = false
    const { sender, clock, transport } = rig(() => (healthy ? 200 : 500), {
      disable: { afterSeconds: 3_600, minFailures: 3, probeEverySeconds: 600 },
    })
    const { endpoint: made } = await sender.endpoints.create(
      endpoint({ retry: { initialSeconds: 900, factor: 1, maxSeconds: 900, maxAttempts: 50 } }),
    )
    const events: string[] = []
    sender.lifecycle.on('endpoint.disabled', () => events.push('disabled'))
    sender.lifecycle.on('endpoint.recovered', () => events.push('recovered'))
    sender.start()
    for (let i = 0; i < 3; i++) await sender.publish('lead.created', { i })
    await clock.advance(3_600_000)
    expect(events).toEqual(['disabled'])
    const before = transport.requests.length
    await sender.publish('lead.created', { i: 3 })
    await clock.advance(599_000)
    expect(transport.requests.length).toBe(before)
    await clock.advance(1_000)
    expect(transport.requests.length).toBe(before + 1)
    healthy = true
    await clock.advance(600_000)
    expect(events).toEqual(['disabled', 'recovered'])
    await clock.advance(1_000)
    expect((await sender.deliveries.list({ endpointId: made.id, status: 'succeeded' })).items).toHaveLength(4)
    expect(await sender.endpoints.get(made.id)).toMatchObject({ status: 'active' })
  })
})

describe('order', () => {
  it('is kept for each subject, behind a retry too', async () => {
    const failures = new Map<string, number>([['A1', 2]])
    const order: string[] = []
    const { sender, clock } = rig(request => {
      const { name } = (JSON.parse(bodyText(request)) as { data: { name: string } }).data
      const left = failures.get(name) ?? 0
      failures.set(name, left - 1)
      if (left > 0) return 500
      order.push(name)
      return 200
    })
    await sender.endpoints.create(endpoint({ ordering: 'subject', retry: [30, 30, 30] }))
    sender.start()
    for (const name of ['A1', 'B1', 'A2', 'B2', 'A3'])
      await sender.publish('lead.updated', { name }, { subject: name[0] ?? '' })
    await clock.advance(0)
    expect(order).toEqual(['B1', 'B2'])
    await clock.advance(120_000)
    expect(order).toEqual(['B1', 'B2', 'A1', 'A2', 'A3'])
  })
})

describe('rate limits', () => {
  it('are kept, and everything arrives', async () => {
    const { sender, clock, transport } = rig()
    await sender.endpoints.create(endpoint({ rateLimit: { limit: 10, perSeconds: 1 } }))
    sender.start()
    for (let i = 0; i < 50; i++) await sender.publish('lead.created', { i })
    await clock.advance(0)
    expect(transport.requests.length).toBe(10)
    await clock.advance(1_000)
    expect(transport.requests.length).toBeGreaterThanOrEqual(18)
    expect(transport.requests.length).toBeLessThanOrEqual(21)
    await clock.advance(10_000)
    expect(transport.requests.length).toBe(50)
  })
})

describe('secrets', () => {
  it('are shown once, and both sign during a rotation', async () => {
    const { sender, clock, transport } = rig()
    const created = await sender.endpoints.create(endpoint({ secret: undefined }))
    expect(created.secret).toMatch(/^whsec_/)
    expect(JSON.stringify(await sender.endpoints.get(created.endpoint.id))).not.toContain(created.secret)
    const rotated = await sender.endpoints.rotateSecret(created.endpoint.id, { keepPreviousForSeconds: 60 })
    sender.start()
    const verifies = async (secret: string): Promise<boolean> => {
      await sender.publish('lead.created', {})
      await clock.advance(0)
      const request = transport.requests.at(-1)
      if (request === undefined) throw new Error('nothing was sent')
      const { headers, body } = request
      return standardWebhooks({ secret }).verify({ method: 'POST', url: '/', headers, body }, { now: clock.now() }).ok
    }
    expect(await verifies(created.secret)).toBe(true)
    expect(await verifies(rotated.secret)).toBe(true)
    await clock.advance(60_000)
    expect(await verifies(created.secret)).toBe(false)
    expect(await verifies(rotated.secret)).toBe(true)
  })

  it('never reach the exchange log or a view of the endpoint', async () => {
    const { sender, clock } = rig([
      { status: 200, body: '{"token":"canary-answer-secret"}', headers: { 'set-cookie': 'canary-cookie' } },
    ])
    const { endpoint: made } = await sender.endpoints.create(
      endpoint({
        url: 'https://billing.example.com/hooks?api_key=canary-url',
        auth: { type: 'bearer', token: 'canary-bearer' },
        headers: { 'X-Api-Key': 'canary-header' },
      }),
    )
    sender.start()
    await sender.publish('lead.created', { password: 'canary-password', author: 'visible' })
    await clock.advance(0)
    const seen = JSON.stringify([
      await sender.attempts.list(),
      await sender.endpoints.get(made.id),
      await sender.preview(made.id),
    ])
    expect(seen).not.toMatch(/canary-(bearer|header|url|cookie|password|answer)/)
    expect(seen).toContain('visible')
  })
})

describe('management', () => {
  it('retries, cancels and replays deliveries', async () => {
    let status = 400
    const { sender, clock, transport } = rig(() => status)
    const { endpoint: made } = await sender.endpoints.create(endpoint())
    sender.start()
    await sender.publish('lead.created', { n: 1 })
    await clock.advance(0)
    const [failed] = (await sender.deliveries.list({ status: 'failed' })).items
    status = 200
    await sender.deliveries.retry(failed?.id ?? '')
    await clock.advance(0)
    expect(await sender.deliveries.get(failed?.id ?? '')).toMatchObject({
      delivery: { status: 'succeeded', attempts: 2 },
    })
    expect(transport.requests[1]?.body).toEqual(transport.requests[0]?.body)
    expect(await sender.deliveries.replay({ endpointId: made.id, status: 'succeeded' })).toBe(1)
    await clock.advance(0)
    expect(transport.requests).toHaveLength(3)
    await sender.endpoints.disable(made.id)
    await expect(sender.deliveries.get('evt_x_0')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('does not send what was cancelled while it waited for its rate limit, until it is retried', async () => {
    const { sender, clock, transport } = rig()
    await sender.endpoints.create(endpoint({ rateLimit: { limit: 1, perSeconds: 10 } }))
    sender.start()
    for (let n = 0; n < 3; n++) await sender.publish('lead.created', { n })
    await clock.advance(100)
    const sent = (): unknown[] =>
      transport.requests.map(request => (JSON.parse(bodyText(request)) as { data: { n: number } }).data.n)
    const { items } = await sender.deliveries.list({ status: 'pending' })
    const [last, next] = items
    expect([sent(), items.length]).toEqual([[0], 2])
    expect(await sender.deliveries.cancel(next?.id ?? '')).toBe(true)
    await clock.advance(60_000)
    expect(sent()).toEqual([0, 2])
    expect((await sender.deliveries.get(next?.id ?? '')).delivery).toMatchObject({ status: 'cancelled', attempts: 0 })
    for (const one of [last, next]) {
      await sender.deliveries.cancel(one?.id ?? '')
      await sender.deliveries.retry(one?.id ?? '')
    }
    await clock.advance(60_000)
    expect(sent().slice(2).sort()).toEqual([1, 2])
  })

  it('goes on at once with what waited behind one that is cancelled', async () => {
    const { sender, clock, transport } = rig([500, 200], { worker: { pollSeconds: 60 } })
    await sender.endpoints.create(endpoint({ ordering: 'subject', retry: [3_600] }))
    sender.start()
    for (let n = 0; n < 2; n++) await sender.publish('lead.created', { n }, { subject: 'a' })
    await clock.advance(1_000)
    expect(transport.requests).toHaveLength(1)
    const { items } = await sender.deliveries.list()
    await sender.deliveries.cancel(items[1]?.id ?? '')
    await clock.advance(100)
    expect(transport.requests).toHaveLength(2)
  })

  it('tests an endpoint with one attempt, whatever its state, and records it as a test', async () => {
    const { sender, transport } = rig([{ status: 503, body: 'down' }])
    const { endpoint: made } = await sender.endpoints.create(endpoint())
    await sender.endpoints.disable(made.id)
    const attempt = await sender.test(made.id, { type: 'lead.created', data: { x: 1 } })
    expect(attempt).toMatchObject({ outcome: 'failed', status: 503, responseBody: 'down', isTest: true })
    expect(transport.requests).toHaveLength(1)
    expect((await sender.attempts.list({ endpointId: made.id })).items).toHaveLength(1)
    expect(await sender.stats(made.id)).toMatchObject({ total: 0, successRate: 0 })
  })

  it('keeps little of what succeeds where that is asked for, and everything of what fails and of tests', async () => {
    const { sender, clock } = rig(
      [
        { status: 503, body: 'down' },
        { status: 200, body: 'fine' },
      ],
      {
        logSuccesses: 'brief',
      },
    )
    const { endpoint: made } = await sender.endpoints.create(endpoint({ retry: [60] }))
    sender.start()
    await sender.publish('lead.created', { visible: 1 })
    await clock.advance(60_000)
    const [last, first] = (await sender.attempts.list()).items
    expect(first).toMatchObject({ outcome: 'failed', status: 503, responseBody: 'down' })
    expect(first?.requestBody).toContain('visible')
    expect(Object.keys(first?.requestHeaders ?? {}).length).toBeGreaterThan(3)
    expect(last).toMatchObject({
      ...{ outcome: 'succeeded', status: 200, number: 2, method: 'POST', url: made.url, eventType: 'lead.created' },
      ...{ requestHeaders: {}, requestBody: '', responseHeaders: {}, responseBody: '' },
    })
    expect(await sender.stats(made.id)).toMatchObject({ total: 2, succeeded: 1, failed: 1 })
    const tested = await sender.test(made.id, { type: 'lead.created', data: { x: 1 } })
    expect(tested).toMatchObject({ outcome: 'succeeded', responseBody: 'fine' })
    expect(tested.requestBody).toContain('"x":1')
  })

  it('exports the exchange log', async () => {
    const { sender, clock } = rig([500, 200])
    await sender.endpoints.create(endpoint({ retry: [1] }))
    sender.start()
    await sender.publish('lead.created', { n: 1 }, { subject: 'case-7' })
    await clock.advance(1_000)
    let text = ''
    for await (const piece of sender.attempts.export({ subject: 'case-7' }, 'ndjson')) text += piece
    expect(text.trim().split('\n')).toHaveLength(2)
  })

  it('keeps tenants apart in every call by id', async () => {
    const { sender } = rig()
    const { endpoint: made } = await sender.endpoints.create(endpoint({ tenant: 'a' }))
    const foreign = { tenant: 'b' }
    const calls = [
      () => sender.endpoints.get(made.id, foreign),
      () => sender.endpoints.update(made.id, { name: 'x' }, foreign),
      () => sender.endpoints.delete(made.id, foreign),
      () => sender.endpoints.enable(made.id, foreign),
      () => sender.endpoints.disable(made.id, foreign),
      () => sender.endpoints.rotateSecret(made.id, foreign),
      () => sender.test(made.id, foreign),
      () => sender.preview(made.id, foreign),
      () => sender.stats(made.id, foreign),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'not_found' })
    expect(await sender.endpoints.get(made.id, { tenant: 'a' })).toMatchObject({ status: 'active' })
  })

  it('what waits for a disabled endpoint is sent when it is enabled', async () => {
    const { sender, clock, transport } = rig([500, 200])
    const { endpoint: made } = await sender.endpoints.create(endpoint({ retry: [60] }))
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(0)
    await sender.endpoints.disable(made.id)
    await clock.advance(3_600_000)
    expect(transport.requests).toHaveLength(1)
    await sender.endpoints.enable(made.id)
    await clock.advance(1_000)
    expect(transport.requests).toHaveLength(2)
  })
})

describe("the sender's own events", () => {
  it('go to those who subscribe by name, not to *', async () => {
    const { sender, clock, transport } = rig(request => (String(request.url).includes('billing') ? 400 : 200))
    await sender.endpoints.create(endpoint())
    await sender.endpoints.create(
      endpoint({ url: 'https://watch.example.com/', events: ['webhook.delivery.exhausted'] }),
    )
    await sender.endpoints.create(endpoint({ url: 'https://all.example.com/', events: ['*'] }))
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(1_000)
    const urls = transport.requests.map(
      request => `${new URL(request.url).hostname} ${request.headers['X-Webhook-Event']}`,
    )
    expect(urls.sort()).toEqual([
      'all.example.com lead.created',
      'billing.example.com lead.created',
      'watch.example.com webhook.delivery.exhausted',
    ])
  })
})

describe('working', () => {
  it('drain sends what is due and returns', async () => {
    const { sender, transport } = rig()
    await sender.endpoints.create(endpoint())
    await sender.publish('lead.created', { n: 1 })
    await sender.publish('lead.created', { n: 2 })
    expect(transport.requests).toHaveLength(0)
    expect(await sender.drain()).toBe(2)
    expect(transport.requests).toHaveLength(2)
    expect(await sender.drain()).toBe(0)
  })

  it('a stop waits for what is under way and loses nothing', async () => {
    const { sender, clock, transport } = rig(() => ({ status: 200, afterMs: 100 }))
    await sender.endpoints.create(endpoint())
    sender.start()
    for (let n = 0; n < 20; n++) await sender.publish('lead.created', { n })
    await clock.advance(10)
    const stopped = sender.stop()
    await clock.advance(1_000)
    await stopped
    const sent = transport.requests.length
    expect((await sender.deliveries.list({ status: 'succeeded' })).items).toHaveLength(sent)
    sender.start()
    await clock.advance(5_000)
    expect((await sender.deliveries.list({ status: 'succeeded' })).items).toHaveLength(20)
    expect(transport.requests).toHaveLength(20)
  })
})
