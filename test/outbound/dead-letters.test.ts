import { telegram } from 'crm-webhooks/presets/telegram'
import type { ScriptedAnswer } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { endpoint, rig } from './support.ts'

describe('dead letters', () => {
  /** Two endpoints, of which one answers with what it is told to. */
  async function failing(answer: () => ScriptedAnswer, retry: readonly number[] = [60]) {
    const made = rig(() => answer())
    const { endpoint: billing } = await made.sender.endpoints.create(endpoint({ retry }))
    made.sender.start()
    const publish = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n++) await made.sender.publish('lead.created', { n })
      await made.clock.advance(300_000)
    }
    return { ...made, billing, publish }
  }

  it('are one group for each endpoint and cause, whatever the words of the error are', async () => {
    let answer: ScriptedAnswer = 500
    const { sender, publish, billing, clock } = await failing(() => answer)
    const startMs = clock.now()
    await publish(3)
    answer = 'hang'
    await publish(2)
    answer = 404
    await publish(1)
    const groups = await sender.deliveries.failures()
    expect(groups).toMatchObject([
      { endpointId: billing.id, cause: 'http_500', count: 3, direction: 'outbound' },
      { cause: 'timeout', count: 2 },
      { cause: 'http_404', count: 1, oldestAtMs: startMs + 600_000, newestAtMs: startMs + 600_000 },
    ])
    const { delivery } = await sender.deliveries.get(groups[0]?.sample.deliveryId ?? '')
    expect([delivery.cause, groups[0]?.sample]).toMatchObject(['http_500', { eventType: 'lead.created' }])
    expect(await sender.deliveries.failures({ cause: 'timeout' })).toHaveLength(1)
    expect(await sender.deliveries.failures({ limit: 2 })).toHaveLength(2)
  })

  it('are one group where only the words differ that a service has for its error', async () => {
    let chat = 0
    const { sender, clock } = rig(() => ({ status: 400, body: `{"ok":false,"description":"no chat ${chat++}"}` }), {
      presets: [telegram()],
    })
    const preset = { name: 'telegram', settings: { chatId: '7', auth: { type: 'bearer', token: '123456:ABCDEFGHIJ' } } }
    await sender.endpoints.create({ name: 'Chat', events: ['lead.*'], preset })
    sender.start()
    for (const n of [1, 2]) await sender.publish('lead.created', { n })
    await clock.advance(0)
    const errors = (await sender.deliveries.list()).items.map(({ lastError }) => lastError)
    expect(new Set(errors).size).toBe(2)
    expect(await sender.deliveries.failures()).toMatchObject([{ cause: 'http_400', count: 2 }])
  })

  it('are sent once more by the group, at once and with all their tries', async () => {
    let answer: ScriptedAnswer = 500
    const { sender, publish, clock, transport } = await failing(() => answer)
    await publish(3)
    answer = 404
    await publish(1)
    const [group] = await sender.deliveries.failures()
    if (group === undefined) throw new Error('nothing failed')
    answer = 200
    const before = transport.requests.length
    expect(await sender.deliveries.retryFailures({ ...group, cause: 'timeout' })).toBe(0)
    expect(await sender.deliveries.retryFailures(group)).toBe(3)
    await clock.advance(0)
    expect(transport.requests).toHaveLength(before + 3)
    expect((await sender.deliveries.failures()).map(({ cause }) => cause)).toEqual(['http_404'])
    expect((await sender.deliveries.list({ status: 'succeeded' })).items).toHaveLength(3)
  })

  it('are put away by the group: listed as cancelled, never sent, not even by a replay', async () => {
    const { sender, publish, clock, transport, billing } = await failing(() => 500)
    await publish(2)
    const sent = transport.requests.length
    const key = { endpointId: billing.id, cause: 'http_500' }
    expect(await sender.deliveries.discardFailures({ ...key, endpointId: 'ep_other' })).toBe(0)
    expect(await sender.deliveries.discardFailures(key)).toBe(2)
    expect(await sender.deliveries.failures()).toEqual([])
    expect(await sender.deliveries.replay({ endpointId: billing.id })).toBe(0)
    await clock.advance(86_400_000)
    expect(transport.requests).toHaveLength(sent)
    expect((await sender.deliveries.list({ status: 'cancelled', cause: 'http_500' })).items).toHaveLength(2)
  })

  it('are a tenant’s own: a group that was asked for by tenant is retried and discarded for that tenant only', async () => {
    const { sender, clock } = rig([500])
    for (const tenant of ['t1', 't2']) await sender.endpoints.create(endpoint({ tenant, retry: [] }))
    sender.start()
    for (const tenant of ['t1', 't1', 't2']) await sender.publish('lead.created', {}, { tenant })
    await clock.advance(0)
    const [mine] = await sender.deliveries.failures({ tenant: 't1' })
    if (mine === undefined) throw new Error('nothing failed')
    expect([mine.tenant, mine.count]).toEqual(['t1', 2])
    expect(await sender.deliveries.discardFailures({ ...mine, tenant: 't2' })).toBe(0)
    expect(await sender.deliveries.discardFailures(mine)).toBe(2)
    expect((await sender.deliveries.failures()).map(({ count }) => count)).toEqual([1])
  })

  it('need a whole key: half of one would name too many', async () => {
    const { sender, publish } = await failing(() => 500)
    await publish(1)
    for (const half of [{}, { endpointId: 'ep_1' }, { cause: 'http_500' }]) {
      const key = half as { readonly endpointId: string; readonly cause: string }
      await expect(sender.deliveries.discardFailures(key)).rejects.toMatchObject({ code: 'invalid_option' })
      await expect(sender.deliveries.retryFailures(key)).rejects.toMatchObject({ code: 'invalid_option' })
    }
    expect(await sender.deliveries.failures()).toMatchObject([{ count: 1 }])
  })

  it('are what waits for an endpoint that says that it is gone, until that is enabled and they are retried', async () => {
    let answer: ScriptedAnswer = 500
    const { sender, publish, clock, transport, billing } = await failing(() => answer, [86_400])
    await publish(25)
    expect(await sender.deliveries.failures()).toEqual([])
    answer = 410
    await publish(1)
    const sent = transport.requests.length
    expect(sent).toBe(26)
    const [group, ...others] = await sender.deliveries.failures()
    expect([group?.endpointId, group?.cause, group?.count, others]).toEqual([billing.id, 'endpoint_gone', 26, []])
    if (group === undefined) throw new Error('nothing failed')
    answer = 200
    await sender.endpoints.enable(billing.id)
    await clock.advance(0)
    expect(transport.requests).toHaveLength(sent)
    expect(await sender.deliveries.retryFailures(group)).toBe(26)
    await clock.advance(1_000)
    expect((await sender.deliveries.list({ status: 'succeeded' })).items).toHaveLength(26)
  })

  it('are there at once when the endpoint that is gone had a rate limit', async () => {
    let answer: ScriptedAnswer = 500
    const { sender, clock } = rig(() => answer)
    await sender.endpoints.create(endpoint({ retry: [86_400], rateLimit: { limit: 2, perSeconds: 3_600 } }))
    sender.start()
    for (let n = 0; n < 20; n++) await sender.publish('lead.created', { n })
    await clock.advance(0)
    answer = 410
    await clock.advance(3_600_000)
    expect(await sender.deliveries.failures()).toMatchObject([{ cause: 'endpoint_gone', count: 20 }])
  })

  it('are what waits for an endpoint that was deleted', async () => {
    const { sender, publish, billing, clock } = await failing(() => 500, [86_400])
    await publish(2)
    await sender.endpoints.delete(billing.id)
    await clock.advance(5_000)
    expect(await sender.deliveries.failures()).toMatchObject([{ cause: 'endpoint_deleted', count: 2 }])
  })
})
