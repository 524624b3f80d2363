import { type ReceivedEvent, WebhookError, type WebhookRequest } from 'crm-webhooks'
import { type CustomField, customFieldValue, type PipedriveChange, pipedrive } from 'crm-webhooks/providers/pipedrive'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import { hasChanged, isBulk, isDelete, isFromApi, isMerge, isRetry } from '../../src/model/record-change.ts'

const provider = pipedrive({ unverified: true })
const ENTITIES = [
  ...['activity', 'deal', 'lead', 'note', 'organization', 'person', 'pipeline', 'product', 'stage', 'user'],
  ...['deal_installment', 'deal_product', 'board', 'phase', 'project', 'task'],
]
const KEY = '0c7f2d4e9b1a4c55b0e1aa01b2c3d4e5f6071829'
const OTHER_KEY = '1d8f2d4e9b1a4c55b0e1aa01b2c3d4e5f6071830'

type Change = PipedriveChange<Record<string, unknown>>
type Parsed = ReceivedEvent<string, Change>

const request = (body: unknown): WebhookRequest => ({
  method: 'POST',
  url: '/',
  headers: {},
  body: utf8(typeof body === 'string' ? body : JSON.stringify(body)),
})

const parse = (body: unknown, from = provider): Parsed => {
  const parsed = from.parse(request(body))
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.events[0] as unknown as Parsed
}

const refusal = (body: unknown, from = provider): { code: string; message: string } => {
  const parsed = from.parse(request(body))
  if (parsed.ok) throw new Error('accepted')
  return { code: parsed.code, message: parsed.message }
}

const v2 = (entity: string, action: string, sides: object, meta: object = {}): object => ({
  ...sides,
  meta: { action, entity, entity_id: '7', id: 'ev-1', version: '2.0', timestamp: '2025-11-20T14:03:11.123Z', ...meta },
})
const v1 = (object: string, action: string, sides: object, meta: object = {}): object => ({
  v: 1,
  ...sides,
  meta: { v: 1, action, object, id: 7, company_id: 9, timestamp_micro: 1_763_647_391_123_456, ...meta },
  retry: 0,
  event: `${action}.${object}`,
})

const idOf = (entity: string): unknown => (entity === 'lead' || entity === 'user' ? '7' : 7)

describe('event types', () => {
  const actions = [
    ['create', 'created', (record: object) => ({ data: record, previous: null })],
    ['change', 'updated', (record: object) => ({ data: record, previous: {} })],
    ['delete', 'deleted', (record: object) => ({ data: null, previous: record })],
  ] as const
  const cases = ENTITIES.flatMap(entity =>
    actions.map(([native, action, sides]) => ({ entity, native, action, sides })),
  )

  it.each(cases)('v2 $native of $entity', ({ entity, native, action, sides }) => {
    const event = parse(v2(entity, native, sides({ id: idOf(entity) })))
    expect(event).toMatchObject({ type: `${entity}.${action}`, nativeType: `${native}.${entity}`, known: true })
    expect(event).toMatchObject({ entity, action, recordId: '7', provider: 'pipedrive' })
    expect(provider.eventTypes).toContain(event.type)
    expect(provider.nativeTypes[event.nativeType]).toBe(event.type)
  })

  it.each([
    ['added', 'created'],
    ['updated', 'updated'],
    ['deleted', 'deleted'],
  ])('v1 %s', (native, action) => {
    for (const object of [
      'activity',
      'activityType',
      'deal',
      'note',
      'organization',
      'person',
      'pipeline',
      'product',
      'stage',
    ]) {
      const event = parse(v1(object, native, { current: { id: 7 }, previous: { id: 7 } }))
      const entity = object === 'activityType' ? 'activity_type' : object
      expect(event).toMatchObject({ type: `${entity}.${action}`, nativeType: `${native}.${object}`, known: true })
      expect(provider.nativeTypes[event.nativeType]).toBe(event.type)
    }
  })

  it.each([
    v2('file', 'create', { data: { id: 1 }, previous: null }),
    v2('deal', 'archive', { data: { id: 1 }, previous: null }),
    v1('goal', 'added', { current: { id: 1 } }),
    v1('note', 'merged', { current: { id: 1 } }),
    v2('constructor', 'toString', { data: null }),
    v2('a.b c', 'x/y', { data: null }),
  ])('one that is not documented is delivered as unknown', body => {
    const event = parse(body)
    expect(event.known).toBe(false)
    expect(event.type).toMatch(/^[a-z0-9_]+\.[a-z0-9_]+$/)
    expect(provider.eventTypes).not.toContain(event.type)
  })
})

describe('the envelope', () => {
  it('reads v2', () => {
    const meta = { company_id: 88, user_id: '5', attempt: 3, is_bulk_edit: true, change_source: 'api' }
    const event = parse(v2('deal', 'create', { data: { id: 7 }, previous: null }, meta))
    expect(event).toMatchObject({ id: 'ev-1', idSource: 'sender', attempt: 3, recordId: '7' })
    expect(event.time).toEqual(new Date('2025-11-20T14:03:11.123Z'))
    expect(event.data).toMatchObject({ bulk: true, changeSource: 'api', companyId: '88', userId: '5', changes: {} })
    expect([isBulk(event), isFromApi(event), isRetry(event)]).toEqual([true, true, true])
  })

  it('reads v1, with ids as text or number', () => {
    const body = {
      ...v1('deal', 'updated', { current: { id: 7 }, previous: { id: 7 } }, { is_bulk_update: true }),
      retry: 2,
    }
    const event = parse(body)
    expect(event).toMatchObject({ id: '9:deal:7:updated:1763647391123456', idSource: 'composite', attempt: 3 })
    expect(event.time).toEqual(new Date(1_763_647_391_123))
    expect(event.data).toMatchObject({ bulk: true, changeSource: undefined, companyId: '9' })
    const text = v1('deal', 'updated', { current: { id: 7 }, previous: { id: 7 } }, { id: '7', company_id: '9' })
    expect(parse(text).id).toBe(event.id)
  })

  it('keeps the id over the retries of either version', () => {
    const first = v1('deal', 'updated', { current: { id: 7 }, previous: { id: 7 } })
    expect(parse({ ...first, retry: 3 }).id).toBe(parse(first).id)
    const ids = [1, 2].map(attempt => parse(v2('user', 'change', { data: { id: '7' }, previous: {} }, { attempt })).id)
    expect(ids[0]).toBe(ids[1])
  })

  it('does not take the user id that v2 sends as event id of users for unique', () => {
    const event = (timestamp: unknown): Parsed =>
      parse(v2('user', 'change', { data: { id: '7' }, previous: {} }, { id: '7', timestamp }))
    expect(event(1_763_647_391)).toMatchObject({ id: ':user:7:updated:1763647391', idSource: 'composite' })
    expect(event(1_763_647_391).time).toEqual(new Date(1_763_647_391_000))
    expect(event('2025-11-20T14:03:11Z').id).not.toBe(event('2025-11-20T14:03:12Z').id)
  })

  it('needs nothing of meta but action, object and id', () => {
    const event = parse({ event: 'updated.deal', meta: { action: 'updated', object: 'deal', id: 12345 } })
    expect(event).toMatchObject({ type: 'deal.updated', idSource: 'digest', attempt: undefined, time: undefined })
    expect(event.data).toMatchObject({ current: null, previous: null, changes: {}, bulk: false })
  })

  it.each([
    {},
    [],
    1,
    'null',
    { meta: null },
    { meta: {} },
    { meta: { action: 'updated', object: 'deal' } },
    { meta: { action: 'updated', object: '', id: 1 } },
    { meta: { action: 1, object: 'deal', id: 1 } },
    { meta: { version: '2.0', action: 'change', object: 'deal', id: 'x', entity_id: '1' } },
    { meta: { version: '2.0', action: 'change', entity: 'deal', id: 'x', entity_id: null } },
    v2('deal', 'change', { data: 'text', previous: null }),
    v2('deal', 'change', { data: { id: 1 }, previous: 5 }),
    v2('deal', 'create', { data: { title: 'without id' }, previous: null }),
  ])('refuses what is no envelope: %j', body => {
    expect(refusal(body).code).toBe('invalid_data')
  })

  it('refuses what is not JSON', () => {
    for (const body of ['', '{', '{"__proto__": {}}', `${'['.repeat(300)}${']'.repeat(300)}`]) {
      expect(refusal(body).code).toBe('malformed_body')
    }
  })
})

describe('record changes', () => {
  it('completes the previous record of v2, and lists only what differs', () => {
    const data = {
      id: 7,
      title: 'Neu',
      value: 5,
      custom_fields: { [KEY]: { type: 'varchar', value: 'web' }, [OTHER_KEY]: null },
    }
    const previous = { title: 'Alt', value: 5, custom_fields: { [KEY]: { type: 'varchar', value: 'fair' } } }
    const { data: change } = parse(v2('deal', 'change', { data, previous }))
    expect(change.previous).toEqual({
      id: 7,
      title: 'Alt',
      value: 5,
      custom_fields: { [KEY]: 'fair', [OTHER_KEY]: null },
    })
    expect(change.current).toEqual({
      id: 7,
      title: 'Neu',
      value: 5,
      custom_fields: { [KEY]: 'web', [OTHER_KEY]: null },
    })
    expect(change.changes).toEqual({ title: { from: 'Alt', to: 'Neu' }, [KEY]: { from: 'fair', to: 'web' } })
    expect(hasChanged(change, 'stage_id')).toBe(false)
    expect(hasChanged(change, KEY, 'web')).toBe(true)
  })

  it('tells both sides of a merge', () => {
    const survivor = parse(v2('deal', 'change', { data: { id: 7 }, previous: {} }, { merged_from_id: 8 }))
    expect(survivor).toMatchObject({
      type: 'deal.merged',
      known: true,
      nativeType: 'change.deal',
      data: { mergedFrom: '8' },
    })
    const gone = parse(v2('deal', 'delete', { data: null, previous: { id: 8 } }, { merged_to_id: '7' }))
    expect(gone).toMatchObject({ type: 'deal.deleted', data: { mergedInto: '7', current: null } })
    const old = parse(v1('person', 'merged', { current: { id: 7 }, previous: { id: 7 } }))
    expect(old.type).toBe('person.merged')
    expect([survivor, gone, old].map(isMerge)).toEqual([true, true, true])
    expect(isDelete(gone)).toBe(true)
  })

  it('takes v1 users out of their lists, and keeps a deactivation an update', () => {
    const body = v1('user', 'updated', { current: [{ id: 7, name: 'Jo' }], previous: [{ id: 7, name: 'J' }] })
    expect(parse(body).data).toMatchObject({ current: { name: 'Jo' }, changes: { name: { from: 'J', to: 'Jo' } } })
    const gone = parse(v2('user', 'change', { data: { id: '7', active_flag: false }, previous: { active_flag: true } }))
    expect(gone.type).toBe('user.updated')
    expect(hasChanged(gone.data, 'active_flag', false)).toBe(true)
  })

  it('keeps parts of v1 custom fields from becoming prototypes', () => {
    const body = `{"meta":{"action":"added","object":"deal","id":1},"current":{"id":1,"${KEY}":1,"${KEY}___proto__":{"polluted":1}}}`
    const { data } = parse(body)
    expect(JSON.stringify(data.current)).not.toContain(`"custom_fields":{"${KEY}":{`)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(data.current?.custom_fields)).toBe(Object.prototype)
  })
})

/** A custom field in both spellings. */
type Spelling = readonly [v2: CustomField | null, v1: Readonly<Record<string, unknown>>]
const flat = (value: unknown, parts: object = {}): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({ '': value, ...parts }).map(([part, v]) => [part === '' ? KEY : `${KEY}_${part}`, v]),
  )
const day = fc.constantFrom('2025-01-01', '2025-02-28')
const spelling: fc.Arbitrary<Spelling> = fc.oneof(
  fc.constant([null, flat(null)] as const),
  fc.constant([null, flat(null, { currency: null })] as const),
  fc.string().map(value => [{ type: 'varchar', value }, flat(value)] as const),
  fc.integer().map(value => [{ type: 'double', value }, flat(value)] as const),
  fc.nat().map(id => [{ type: 'enum', id }, flat(id)] as const),
  fc.nat().map(id => [{ type: 'people', id }, flat(id)] as const),
  fc
    .tuple(fc.nat(), fc.constantFrom('EUR', 'CZK'))
    .map(([value, currency]) => [{ type: 'monetary', value, currency }, flat(value, { currency })] as const),
  fc.tuple(day, day).map(([from, until]) => [{ type: 'daterange', from, until }, flat(from, { until })] as const),
  fc
    .tuple(fc.constantFrom('09:00:00', '10:30:00'), fc.nat(400))
    .map(([value, timezone_id]) => [{ type: 'time', value, timezone_id }, flat(value, { timezone_id })] as const),
  fc.string({ minLength: 1 }).map(value => {
    const parts = { formatted_address: value, country: 'Estonia', locality: '' }
    return [{ type: 'address', value, ...parts }, flat(value, parts)] as const
  }),
)
const fields = fc.record({
  title: fc.string(),
  value: fc.integer(),
  stage_id: fc.nat(3),
  lost_reason: fc.option(fc.string()),
  label_ids: fc.array(fc.nat(3), { maxLength: 2 }),
  probability: fc.option(fc.nat(100)),
})

describe('both versions', () => {
  it('give the same change for the same edit', () => {
    fc.assert(
      fc.property(fields, fields, spelling, spelling, fc.boolean(), (before, now, oldField, newField, bulk) => {
        const partial: Record<string, unknown> = {}
        for (const [name, value] of Object.entries(before)) {
          if (JSON.stringify(value) !== JSON.stringify(now[name as keyof typeof now])) partial[name] = value
        }
        if (JSON.stringify(oldField[0]) !== JSON.stringify(newField[0])) partial.custom_fields = { [KEY]: oldField[0] }
        const data = { id: 7, ...now, custom_fields: { [KEY]: newField[0] } }
        const who = { company_id: 9, user_id: 5, change_source: 'app' }
        const modern = parse(v2('deal', 'change', { data, previous: partial }, { ...who, is_bulk_edit: bulk }))
        const sides = { current: { id: 7, ...now, ...newField[1] }, previous: { id: 7, ...before, ...oldField[1] } }
        const old = parse(v1('deal', 'updated', sides, { ...who, is_bulk_update: bulk }))
        expect(modern.data).toEqual(old.data)
        expect(modern.type).toBe(old.type)
        for (const { from, to } of Object.values(modern.data.changes)) expect(from).not.toEqual(to)
      }),
    )
  })
})

describe('customFieldValue', () => {
  it.each([
    [{ type: 'varchar', value: 'short' }, 'short'],
    [{ type: 'text', value: 'long' }, 'long'],
    [{ type: 'varchar_auto', value: 'Hello' }, 'Hello'],
    [{ type: 'double', value: 123 }, 123],
    [
      { type: 'monetary', value: 200, currency: 'EUR' },
      { value: 200, currency: 'EUR' },
    ],
    [{ type: 'people', id: 17818 }, 17818],
    [{ type: 'org', id: 1 }, 1],
    [{ type: 'user', id: 13_075_973 }, 13_075_973],
    [{ type: 'phone', value: '1234-5678' }, '1234-5678'],
    [
      { type: 'time', value: '00:45:00', timezone_id: 310 },
      { value: '00:45:00', timezone_id: 310 },
    ],
    [
      { type: 'timerange', from: '00:00:00', until: '01:15:00', timezone_id: 310 },
      { from: '00:00:00', until: '01:15:00', timezone_id: 310 },
    ],
    [{ type: 'date', value: '2023-06-27' }, '2023-06-27'],
    [
      { type: 'daterange', from: '2023-06-06', until: '2023-06-14' },
      { from: '2023-06-06', until: '2023-06-14' },
    ],
    [{ type: 'enum', id: 17 }, 17],
    [{ type: 'set', values: [{ id: 13 }, { id: 14 }] }, [13, 14]],
    [null, null],
    [undefined, null],
  ] as const)('unwraps %j', (field, value) => {
    expect(customFieldValue(field as CustomField | null | undefined)).toEqual(value)
  })
})

describe('validation', () => {
  const wrong = v2('deal', 'create', { data: { id: 7, value: 'much' }, previous: null })

  it('names a wrong field without repeating its value', () => {
    const { code, message } = refusal(wrong)
    expect(code).toBe('invalid_data')
    expect(message).toBe('data.value: invalid_type, expected number')
  })

  it('leaves the fields alone when only the envelope is asked for', () => {
    expect(parse(wrong, pipedrive({ unverified: true, validation: 'envelope' })).data.current).toMatchObject({
      value: 'much',
    })
  })

  it('keeps fields that are not described', () => {
    const body = v2('deal', 'create', { data: { id: 7, brand_new: { deep: true } }, previous: null })
    expect(parse(body).data.current).toMatchObject({ brand_new: { deep: true } })
    expect(parse(body).raw).toEqual(body)
  })
})

describe('hostile bodies', () => {
  it('never throw, whatever stands where', () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>(1e308, -0, '', [], {}, 'constructor', 'toString', KEY),
    )
    const shape = fc.record(
      {
        v: odd,
        meta: fc.oneof(
          odd,
          fc.record(
            {
              action: odd,
              object: odd,
              entity: fc.oneof(odd, fc.constantFrom(...ENTITIES)),
              id: odd,
              entity_id: odd,
              version: odd,
              timestamp: odd,
              attempt: odd,
              merged_from_id: odd,
            },
            { requiredKeys: [] },
          ),
        ),
        current: odd,
        previous: odd,
        data: fc.oneof(odd, fc.record({ id: odd, custom_fields: odd, value: odd, [KEY]: odd }, { requiredKeys: [] })),
        retry: odd,
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(shape, body => {
        const parsed = provider.parse(request(body))
        if (parsed.ok) expect(parsed.events).toHaveLength(1)
        else expect(['invalid_data', 'malformed_body']).toContain(parsed.code)
      }),
    )
  })

  it('costs one message for a list with a hundred thousand faults', () => {
    const body = v2('deal', 'create', { data: { id: 7, label_ids: Array(100_000).fill('x') }, previous: null })
    expect(refusal(body).message).toBe('data.label_ids.0: invalid_type, expected number')
  })
})

describe('options', () => {
  const misuse = (build: () => unknown): WebhookError => {
    try {
      build()
    } catch (error) {
      if (error instanceof WebhookError) return error
    }
    throw new Error('did not throw')
  }

  it('need a check, or the word unverified', () => {
    expect(misuse(() => pipedrive({})).message).toContain('unverified: true')
    expect(misuse(() => pipedrive({ unverified: true, signature: { secret: 's' } })).code).toBe('invalid_option')
  })

  it.each(['false', 'true', false, 1, null])('take no other word than true for unverified: %o', word => {
    const made = (more: object) => misuse(() => pipedrive({ unverified: word as true, ...more }))
    expect(made({})).toMatchObject({ code: 'invalid_option', argument: 'unverified' })
    expect(made({ signature: { secret: 's' } })).toMatchObject({ code: 'invalid_option', argument: 'unverified' })
  })

  it.each(['basicAuth', 'signature', 'allow'])('drop no check that is given: %s', check => {
    const given = { basicAuth: { username: 'crm', password: 'p' }, [check]: null }
    expect(misuse(() => pipedrive(given as never)).code).toMatch(/^invalid_(option|secret)$/)
    expect(misuse(() => pipedrive({ basicAuth: { username: 'crm', password: '' } })).code).toBe('invalid_secret')
    expect(misuse(() => pipedrive({ signature: { secret: '{{PIPEDRIVE_SECRET}}' } })).code).toBe('invalid_secret')
  })

  it('verify by Basic credentials', async () => {
    const basic = pipedrive({ basicAuth: { username: 'crm', password: 'p:ß' } })
    const authorization = `Basic ${Buffer.from('crm:p:ß').toString('base64')}`
    expect(await basic.verify({ ...request({}), headers: { authorization } })).toMatchObject({ ok: true })
    expect(await basic.verify(request({}))).toMatchObject({ ok: false, code: 'missing_credential' })
  })

  it('verify by signature: the vector of the Laravel package', async () => {
    const signed = pipedrive({ signature: { secret: 'your_custom_secret_key' } })
    const body = utf8('{"event":"updated.deal","meta":{"action":"updated","object":"deal","id":12345}}')
    const signature = 'ea5b5684a10bfb2d8de81c625b0643adf47ec3004948f0584463ec301d3cb319'
    const call = { ...request({}), body, headers: { 'x-pipedrive-signature': signature } }
    expect(await signed.verify(call)).toMatchObject({ ok: true })
    expect(await signed.verify({ ...call, headers: {} })).toMatchObject({ ok: false })
    const renamed = pipedrive({ signature: { secret: 'your_custom_secret_key', header: 'x-gateway-signature' } })
    expect(await renamed.verify({ ...call, headers: { 'x-gateway-signature': signature } })).toMatchObject({ ok: true })
  })

  it('verify with all checks that are given, not with any', async () => {
    const both = pipedrive({
      basicAuth: { username: 'crm', password: 'secret' },
      allow: { addresses: ['203.0.113.0/24'] },
    })
    const authorization = `Basic ${Buffer.from('crm:secret').toString('base64')}`
    const good = { ...request({}), headers: { authorization }, remoteAddress: '203.0.113.9' }
    expect(await both.verify(good)).toMatchObject({ ok: true })
    expect(await both.verify({ ...good, remoteAddress: '198.51.100.9' })).toMatchObject({
      ok: false,
      code: 'address_not_allowed',
    })
    expect(await both.verify({ ...good, headers: {} })).toMatchObject({ ok: false, code: 'missing_credential' })
  })
})
