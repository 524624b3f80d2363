import { attio } from 'crm-webhooks/providers/attio'
import { espocrm } from 'crm-webhooks/providers/espocrm'
import { mailgun } from 'crm-webhooks/providers/mailgun'
import { mautic } from 'crm-webhooks/providers/mautic'
import { microsoftGraph } from 'crm-webhooks/providers/microsoft-graph'
import { xTwitter } from 'crm-webhooks/providers/x-twitter'
import { zohoCrm } from 'crm-webhooks/providers/zoho-crm'
import { zoom } from 'crm-webhooks/providers/zoom'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { encodeBase64, utf8 } from '../../src/bytes/encoding.ts'
import { sha256Hex } from '../../src/bytes/hash.ts'
import { unverified } from '../../src/credentials/unverified.ts'
import { createReceiver } from '../../src/inbound/receiver.ts'
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
