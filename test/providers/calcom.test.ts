import { type CalcomBooking, type CalcomEvents, calcom } from 'crm-webhooks/providers/calcom'
import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { EventOf } from '../../src/model/event.ts'
import { parseOne, request } from './support.ts'

const secret = 'cal-secret'
const provider = calcom({ secret })
const BODY = '{"triggerEvent":"BOOKING_CREATED","createdAt":"2024-01-01T00:00:00.000Z","payload":{"uid":"u1"}}'
const DIGEST = '0b5819863a56dc4a20e5419c49d3ae5c76ae13779f5f0fb7942ce769ceb6019e'

const at = '2026-01-02T09:30:00.538Z'
const read = (body: unknown) => parseOne(provider, request(body))
const booking = (triggerEvent: string, payload: object = { uid: 'u1' }, createdAt = at) => ({
  triggerEvent,
  createdAt,
  payload,
})

describe('signature', () => {
  const verify = (value: string) => provider.verify(request(BODY, { 'X-Cal-Signature-256': value }))

  it('is the bare hex digest of the body', () => {
    expect(verify(DIGEST)).toMatchObject({ ok: true })
    expect(verify(`sha256=${DIGEST}`)).toMatchObject({ ok: false })
    expect(verify(DIGEST.replace('0', '1'))).toMatchObject({ ok: false, code: 'signature_mismatch' })
    expect(provider.verify(request(BODY))).toMatchObject({ ok: false, code: 'missing_header' })
  })

  it('may say that there is none, which is a cause of its own', () => {
    expect(verify('no-secret-provided')).toMatchObject({ ok: false, code: 'unsupported_signature' })
  })

  it('is not asked for only on demand', async () => {
    const open = calcom({ unverified: true })
    expect(await open.verify(request(BODY, { 'x-cal-signature-256': 'no-secret-provided' }))).toMatchObject({
      ok: true,
    })
    expect(() => calcom({})).toThrow(/secret is missing/)
    expect(() => calcom({ secret, unverified: true })).toThrow(/unverified/)
    expect(() => calcom({ secret, unverified: 'false' as never })).toThrow(/unverified must be true or false/)
  })
})

describe('bookings', () => {
  it('have an id of trigger, uid and time', () => {
    const event = read(booking('BOOKING_CREATED'))
    expect(event).toMatchObject({
      id: `BOOKING_CREATED:u1:${at}`,
      idSource: 'composite',
      type: 'booking.created',
      entity: 'booking',
      action: 'created',
      recordId: 'u1',
      attempt: undefined,
    })
    expect(event.time?.toISOString()).toBe(at)
    expect(read(booking('BOOKING_CANCELLED')).id).not.toBe(event.id)
    expect(read(booking('BOOKING_CREATED', { uid: 'u2' })).id).not.toBe(event.id)
    expect(read(booking('BOOKING_CREATED', { uid: 'u1' }, '2026-01-02T09:31:00.000Z')).id).not.toBe(event.id)
  })

  it('get a new uid when they move, and name the old one', () => {
    const event = read(booking('BOOKING_RESCHEDULED', { uid: 'new', rescheduleUid: 'old' }))
    if (event.type !== 'booking.rescheduled') throw new Error(event.type)
    expect(event.recordId).toBe('new')
    expect(event.data.rescheduleUid).toBe('old')
  })

  it('keep their texts and every other field', () => {
    const payload = { uid: 'u1', startTime: '2026-01-05T09:30:00+00:00', destinationCalendar: 'x', later: { a: [1] } }
    expect(read(booking('BOOKING_CREATED', payload)).data).toEqual(payload)
    expect(read(booking('BOOKING_CREATED', { uid: 'u1', title: null, attendees: null })).known).toBe(true)
  })

  it.each([
    ['no uid', { title: 'x' }],
    ['a uid that is no text', { uid: 1 }],
    ['attendees that are no list', { uid: 'u1', attendees: {} }],
    ['an attendee that is no object', { uid: 'u1', attendees: ['a@example.com'] }],
  ])('are refused with %s', (_title, payload) => {
    expect(provider.parse(request(booking('BOOKING_CREATED', payload)))).toMatchObject({
      ok: false,
      code: 'invalid_data',
    })
  })

  it('are named with full stops by gateways', () => {
    expect(read(booking('BOOKING.CREATED'))).toMatchObject({ type: 'booking.created', nativeType: 'BOOKING.CREATED' })
    expect(read(booking('BOOKING_CONFIRMED'))).toMatchObject({ type: 'booking.confirmed', known: true })
  })

  it('can be marked as missed', () => {
    const event = read(
      booking('BOOKING_NO_SHOW_UPDATED', { bookingUid: 'u1', attendees: [{ email: 'a', noShow: true }] }),
    )
    expect(event).toMatchObject({ id: `BOOKING_NO_SHOW_UPDATED:u1:${at}`, recordId: 'u1' })
  })
})

describe('other triggers', () => {
  it('about meetings are flat, and dated by the meeting', () => {
    const meeting = {
      uid: 'u1',
      createdAt: at,
      startTime: '2026-01-05T09:30:00.000Z',
      endTime: '2026-01-05T10:30:00.000Z',
      attendees: [{ email: 'a@example.com' }],
    }
    const started = read({ triggerEvent: 'MEETING_STARTED', ...meeting })
    const ended = read({ triggerEvent: 'MEETING_ENDED', ...meeting })
    expect(started).toMatchObject({ id: `MEETING_STARTED:u1:${meeting.startTime}`, recordId: 'u1', data: meeting })
    expect(ended).toMatchObject({ id: `MEETING_ENDED:u1:${meeting.startTime}`, recordId: 'u1' })
    expect([started.time?.toISOString(), ended.time?.toISOString()]).toEqual([meeting.startTime, meeting.endTime])
  })

  it('about forms have no booking, so the body is the id', () => {
    const form = (topic: string) => ({ ...booking('FORM_SUBMITTED', { formId: 'f', responses: {} }), topic })
    const event = read(form('a'))
    expect(event).toMatchObject({ type: 'form.submitted', idSource: 'digest', raw: { topic: 'a' } })
    expect(read(form('a')).id).toBe(event.id)
    expect(read(form('b')).id).not.toBe(event.id)
  })

  it('include the test button', () => {
    const event = read(booking('PING', { type: 'Test', title: 'Test trigger event' }))
    expect(event).toMatchObject({ type: 'ping.received', known: true })
    expect(read({ triggerEvent: 'ping' })).toMatchObject({ type: 'ping.received', known: true })
  })

  it('that are new are unknown, not lost', () => {
    expect(read(booking('BOOKING_TELEPORTED'))).toMatchObject({ nativeType: 'BOOKING_TELEPORTED', known: false })
    expect(read({ triggerEvent: 'constructor' })).toMatchObject({ known: false })
  })

  it('are all listed', () => {
    for (const type of provider.eventTypes ?? []) expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/)
    expect(provider.nativeTypes).toMatchObject({
      INSTANT_MEETING: 'instant_meeting.created',
      OOO_CREATED: 'ooo.created',
    })
  })

  it('never throw, whatever is sent', () => {
    const triggers = Object.keys(provider.nativeTypes)
    const shapes = fc.record(
      {
        triggerEvent: fc.constantFrom(...triggers),
        createdAt: fc.jsonValue(),
        payload: fc.jsonValue(),
        uid: fc.jsonValue(),
      },
      { requiredKeys: ['triggerEvent'] },
    )
    fc.assert(
      fc.property(fc.oneof(shapes, fc.jsonValue()), body => {
        expect(typeof provider.parse(request(body)).ok).toBe('boolean')
      }),
    )
  })
})

describe('templates', () => {
  it('say where the type stands', () => {
    const own = calcom({ secret, template: { type: 'what', recordId: 'booking.id', time: 'at' } })
    const event = parseOne(own, request({ what: 'BOOKING_CANCELLED', booking: { id: 'u1' }, at }))
    expect(event).toMatchObject({ type: 'booking.cancelled', known: true, recordId: 'u1', idSource: 'digest' })
    expect(event.time?.toISOString()).toBe(at)
    expectTypeOf(event.data).toEqualTypeOf<unknown>()
  })

  it('that name no type stand for one', () => {
    const own = calcom({ secret, template: { type: { fixed: 'BOOKING_CREATED' } } })
    expect(parseOne(own, request({ content: 'A new event' }))).toMatchObject({ type: 'booking.created', known: true })
    expect(provider.parse(request({ content: 'A new event' }))).toMatchObject({ ok: false, code: 'invalid_data' })
  })

  it('that are not JSON come as forms', () => {
    const own = calcom({ secret, template: { type: 'type' } })
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    const event = parseOne(own, request('type=BOOKING_CREATED&name=Zo%C3%AB+M%C3%BCller', headers))
    expect(event).toMatchObject({ type: 'booking.created', data: { name: 'Zoë Müller' } })
    expect(own.parse(request('false', { 'content-type': 'application/json' }))).toMatchObject({ ok: false })
  })

  it.each(['$.type', '/type', '{{type}}', '', 'a..b', 'a[0]'])('cannot be read at %j', type => {
    expect(() => calcom({ secret, template: { type } })).toThrow(/template\.type/)
  })
})

it('has typed events', () => {
  type Event = EventOf<CalcomEvents>
  expectTypeOf<Extract<Event, { type: 'booking.created' }>['data']>().toEqualTypeOf<CalcomBooking>()
  expectTypeOf<Extract<Event, { type: 'booking.created' }>['data']['uid']>().toEqualTypeOf<string>()
  expectTypeOf<Extract<Event, { type: 'booking.rescheduled' }>['data']['rescheduleUid']>().toEqualTypeOf<
    string | null | undefined
  >()
})
