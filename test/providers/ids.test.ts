import { acuity } from 'crm-webhooks/providers/acuity'
import { attio } from 'crm-webhooks/providers/attio'
import { espocrm } from 'crm-webhooks/providers/espocrm'
import { mailgun } from 'crm-webhooks/providers/mailgun'
import { mautic } from 'crm-webhooks/providers/mautic'
import { microsoftGraph } from 'crm-webhooks/providers/microsoft-graph'
import { openphone } from 'crm-webhooks/providers/openphone'
import { pipedrive } from 'crm-webhooks/providers/pipedrive'
import { twilio } from 'crm-webhooks/providers/twilio'
import { webex } from 'crm-webhooks/providers/webex'
import { xTwitter } from 'crm-webhooks/providers/x-twitter'
import { zohoCrm } from 'crm-webhooks/providers/zoho-crm'
import { zoom } from 'crm-webhooks/providers/zoom'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { encodeBase64, utf8 } from '../../src/bytes/encoding.ts'
import { sha256Hex } from '../../src/bytes/hash.ts'
import { unverified } from '../../src/credentials/unverified.ts'
import { createReceiver } from '../../src/inbound/receiver.ts'
import { withHeaders } from '../../src/model/verification.ts'
import { describeProvider, firstOf, header, join, type Lookup, path } from '../../src/providers/describe.ts'
import type { AnyProvider } from '../../src/providers/provider.ts'
import { clock, signed } from './receiving.ts'
import { parseOne, request } from './support.ts'

vi.mock('../../src/bytes/hash.ts', async original => {
  const real = await original<typeof import('../../src/bytes/hash.ts')>()
  return { ...real, sha256Hex: vi.fn(real.sha256Hex) }
})

const secret = 'test-secret'
const list = (length: number): readonly object[] => Array.from({ length }, (_, n) => ({ n }))

function idsOf(provider: AnyProvider, body: unknown, headers: Readonly<Record<string, string>> = {}): string[] {
  const parsed = provider.parse(request(body, headers))
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.events.map(({ id }) => id)
}

describe('batches without ids', () => {
  beforeEach(() => {
    vi.mocked(sha256Hex).mockClear()
  })

  it.each<[string, AnyProvider, unknown, Record<string, string>]>([
    ['mautic', mautic({ secret }), { 'mautic.form_on_submit': list(500) }, {}],
    ['zoho-crm', zohoCrm({ token: secret }), { module: 'Leads', operation: 'insert', ids: list(500) }, {}],
    [
      'microsoft-graph',
      microsoftGraph({ clientState: secret }),
      { value: list(500).map(() => ({ subscriptionId: 's', changeType: 'updated', resource: 'r' })) },
      {},
    ],
    [
      'espocrm',
      espocrm({ webhooks: { w1: { secret, event: 'Account.create' } } }),
      Array.from({ length: 500 }, () => 'same'),
      { signature: encodeBase64(utf8(`w1:${'00'.repeat(32)}`)) },
    ],
  ])('%s: the body is hashed once, and the place tells the events apart', (_name, provider, body, headers) => {
    const ids = idsOf(provider, body, headers)
    expect(sha256Hex).toHaveBeenCalledTimes(1)
    expect(new Set(ids).size).toBe(500)
    expect(ids[499]).toMatch(/[0-9a-f]{64}:499$/)
    expect(idsOf(provider, body, headers)).toEqual(ids)
  })

  it('attio: the place is not searched for', () => {
    const search = vi.spyOn(Array.prototype, 'indexOf')
    const events = list(500).map(() => ({ event_type: 'record.updated', id: {} }))
    const ids = idsOf(attio({ secret }), { events }, { 'idempotency-key': 'k' })
    const searched = search.mock.contexts.filter(one => Array.isArray(one) && one.length === events.length)
    search.mockRestore()
    expect(searched).toHaveLength(0)
    expect([ids[0], ids[499]]).toEqual(['k:0', 'k:499'])
  })
})

describe('ids of senders that send none of their own', () => {
  it('zoom: what happens to two participants in one moment is two events', () => {
    const left = (user: string): object => ({
      event: 'meeting.participant_left',
      event_ts: 1_767_261_600_123,
      payload: { object: { id: '1', uuid: 'u==', participant: { user_id: user } } },
    })
    const provider = zoom({ secretToken: secret })
    const [one, two] = ['A', 'B'].map(user => parseOne(provider, request(left(user))))
    expect(one?.id).not.toBe(two?.id)
    expect(one).toMatchObject({ idSource: 'composite', id: parseOne(provider, request(left('A'))).id })
  })

  it('twilio: what happens to one message of a conversation is an event each time', () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const told = (fields: string) => parseOne(twilio({ authToken: secret }), request(fields, form))
    const events = [
      told('EventType=onMessageAdded&MessageSid=IM1&ConversationSid=CH1'),
      told('EventType=onMessageUpdated&MessageSid=IM1&ConversationSid=CH1'),
      told('EventType=onDeliveryUpdated&MessageSid=IM1&Status=delivered'),
      told('EventType=onDeliveryUpdated&MessageSid=IM1&Status=read'),
    ]
    expect(new Set(events.map(({ id }) => id)).size).toBe(4)
    expect(told('MessageSid=SM1&From=%2B1')).toMatchObject({ id: 'SM1', idSource: 'composite' })
  })

  it('webex: who comes back into a room is told of again', () => {
    const told = (resource: string, created: string) =>
      parseOne(webex({ secret }), request({ resource, event: 'created', data: { id: 'person:room', created } }))
    const [one, two] = ['2026-01-01', '2026-01-02'].map(created => told('memberships', created))
    expect(one?.id).not.toBe(two?.id)
    expect(told('messages', '2026-01-01').id).toBe('messages:created:person:room')
  })

  it('pipedrive: an empty id is none', () => {
    const told = (id: unknown, timestamp: string) => {
      const meta = { version: '2.0', action: 'change', entity: 'deal', entity_id: 7, company_id: 1, timestamp, id }
      return parseOne(pipedrive({ unverified: true }), request({ meta, data: { id: 7 }, previous: {} }))
    }
    expect(told('', '2026-01-01T00:00:00Z').id).toBe('1:deal:7:updated:2026-01-01T00:00:00Z')
    expect(told('m-1', '2026-01-01T00:00:00Z')).toMatchObject({ id: 'm-1', idSource: 'sender' })
  })

  it('x-twitter: one message is an event of each account that it concerns', () => {
    const provider = xTwitter({ consumerSecret: secret })
    const told = (account: string): string[] =>
      idsOf(provider, { for_user_id: account, direct_message_events: [{ id: '99' }] })
    expect([told('A'), told('B')]).toEqual([['A:direct_message_events:99'], ['B:direct_message_events:99']])
  })

  it('mailgun: a signature is good for one event', async () => {
    const receiver = createReceiver({ provider: mailgun({ secret }), clock })
    const handler = vi.fn()
    receiver.on('*', handler)
    const proved = await signed(mailgun({ secret }), request({ 'event-data': { event: 'delivered', id: 'a' } }))
    const body = JSON.parse(new TextDecoder().decode(proved.body)) as object
    const forged = request({ ...body, 'event-data': { event: 'complained', id: 'b' } })
    expect(await receiver.receive(proved)).toMatchObject({ status: 200 })
    expect(JSON.parse((await receiver.receive(forged)).body)).toMatchObject({ duplicate: true })
    expect(handler).toHaveBeenCalledTimes(1)
  })
})

describe('notifications that say no more than that something changed', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const graph = microsoftGraph({ clientState: secret })
  const told = (notification: object): object => ({ value: [{ subscriptionId: 's', ...notification }] })
  const send = async (provider: AnyProvider, body: unknown, headers = {}): Promise<readonly string[]> => {
    const receiver = createReceiver({ provider, clock })
    const seen: string[] = []
    receiver.on('*', ({ id }) => void seen.push(id))
    const proved = await signed(provider, request(body, headers))
    for (const _ of [1, 2]) expect((await receiver.receive(proved)).status).toBeLessThan(300)
    return seen
  }

  it.each<[string, AnyProvider, unknown, object]>([
    ['an appointment of Acuity', acuity({ secret }), 'action=changed&id=6020&calendarID=1', form],
    ['a file of Microsoft', graph, told({ changeType: 'updated', resource: 'me/drive/root' }), {}],
    [
      'what Microsoft Graph missed',
      graph,
      told({ lifecycleEvent: 'missed', subscriptionExpirationDateTime: '2026-01-03T10:00:00Z' }),
      {},
    ],
  ])('are all handled: %s', async (_name, provider, body, headers) => {
    const seen = await send(provider, body, headers)
    expect(seen).toHaveLength(2)
    expect(seen[0]).toMatch(/^[0-9a-f]{64}/)
  })

  it('are told from those that say what it was', async () => {
    const tag = { '@odata.type': '#Microsoft.Graph.Message', '@odata.etag': 'W/"1"', id: 'm1' }
    const mail = told({ changeType: 'updated', resource: 'me/messages/m1', resourceData: tag })
    expect(await send(graph, mail)).toEqual(['s:updated:me/messages/m1:W/"1"'])
    const step = { lifecycleEvent: 'reauthorizationRequired', subscriptionExpirationDateTime: '2026-01-03' }
    expect(await send(graph, told(step))).toEqual(['s:reauthorizationRequired:2026-01-03'])
  })
})

describe('a signed request that comes again', () => {
  it('openphone: is known again, whatever older signature stands beside the right one', async () => {
    const provider = openphone({ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })
    const receiver = createReceiver({ provider, clock })
    const handler = vi.fn()
    receiver.on('*', handler)
    const proved = await signed(provider, request({ id: 'EV1', type: 'call.completed' }, { 'webhook-id': 'msg_1' }))
    const again = withHeaders(proved, { 'openphone-signature': 'hmac;1;1;AAAA' })
    for (const one of [proved, again]) expect((await receiver.receive(one)).status).toBe(200)
    expect(handler).toHaveBeenCalledTimes(1)
  })
})

describe('an id', () => {
  const provider = (id: Lookup): AnyProvider =>
    describeProvider({ name: 'acme', verifier: unverified(), type: path('type'), id })
  const read = (id: Lookup, body: object, headers = {}) =>
    parseOne(provider(id), request({ type: 'a.b', ...body }, headers))

  it.each<[string, Lookup]>([
    ['path', path('id')],
    ['header', header('x-id')],
    ['join', join(':', path('type'), path('id'))],
    ['join with a header', join(':', path('type'), header('x-id'))],
    ['firstOf', firstOf(header('x-id'), path('id'))],
    ['own look-up', () => ''],
  ])('that is empty is none: %s', (_title, lookup) => {
    const [one, two] = [1, 2].map(n => read(lookup, { id: '', n }, { 'x-id': '' }))
    expect(one).toMatchObject({ idSource: 'digest', id: expect.stringMatching(/^[0-9a-f]{64}$/) as string })
    expect(two?.id).not.toBe(one?.id)
  })

  it('is looked for elsewhere when it is empty', () => {
    const lookup = firstOf(() => '', header('x-id'), path('id'))
    expect(read(lookup, { id: 'b' }, { 'x-id': '' })).toMatchObject({ id: 'b', idSource: 'sender' })
  })

  it('that was rounded is none', () => {
    const bodies = ['9007199254740992', '9007199254740993', '1e21', '1e400'].map(id => `{"type":"a.b","id":${id}}`)
    const events = bodies.map(body => parseOne(provider(path('id')), request(body)))
    expect(events.map(({ idSource }) => idSource)).toEqual(['digest', 'digest', 'digest', 'digest'])
    expect(new Set(events.map(({ id }) => id)).size).toBe(4)
    expect(read(path('id'), { id: Number.MAX_SAFE_INTEGER }).id).toBe('9007199254740991')
    expect(read(path('id'), { id: 1.5 }).id).toBe('1.5')
  })
})
