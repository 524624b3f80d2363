import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { definePreset } from '../../src/presets/preset.ts'
import { bodyErrorText, errorText, externalId, semanticError } from '../../src/presets/shared/response-body.ts'
import { CASE_VARIABLES, caseVariables, toServiceCase } from '../../src/presets/shared/service-case.ts'
import { cleanText, clip, html, jsonBytes, markdown, mrkdwn } from '../../src/presets/shared/text.ts'
import { valueAt } from '../../src/presets/shared/value-at.ts'
import { compileTemplate } from '../../src/templates/template.ts'
import { DOTTED_CASE, FLAT_CASE, inputOf } from './support/samples.ts'

describe('clip', () => {
  it.each([
    ['short', 10, 'short'],
    ['exactly ten', 11, 'exactly ten'],
    ['too long', 5, 'too …'],
    ['😀😀😀', 4, '😀…'],
    ['😀😀', 4, '😀😀'],
    ['x', 0, ''],
    ['', 0, ''],
    ['abc', 1, '…'],
    ['abc', -5, ''],
  ])('%j at %d gives %j', (text, limit, expected) => expect(clip(text, limit)).toBe(expected))

  it('keeps to the limit and to whole escapes, whatever the text', () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 80 })
    fc.assert(
      fc.property(anyText, fc.nat(100), fc.constantFrom(html, mrkdwn, markdown), (text, limit, escaping) => {
        const cut = clip(text, limit, escaping)
        const whole = [...text].map(escaping)
        const expected = whole.join('').length <= limit ? [whole.length] : [...whole.keys()]
        expect(cut.length).toBeLessThanOrEqual(limit)
        const ends = expected.map(count => whole.slice(0, count).join(''))
        expect(cut === '' || ends.includes(cut) || ends.includes(cut.slice(0, -1))).toBe(true)
      }),
    )
  })
  it('counts bytes as JSON in UTF-8 does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const clean = cleanText(text).replaceAll('\n', '').replaceAll('\t', '')
        expect(jsonBytes(clean)).toBe(new TextEncoder().encode(JSON.stringify(clean)).length - 2)
      }),
    )
  })
  it('does no more work than the limit asks for', () => {
    expect(clip('x'.repeat(50_000_000), 10)).toBe('xxxxxxxxx…')
  })
})

it('cleans text', () => {
  expect(cleanText('  a\r\nb\rc\u0000\u0007\u009b\u202ed\ud800\t😀\n ')).toBe('a\nb\nc\u0064\ufffd\t😀')
})

describe('externalId', () => {
  it.each([
    [{ success: true, ticket_id: 'VD-2025-00123', status: 'created' }, 'VD-2025-00123'],
    [{ id: '67890', key: 'SUPPORT-456', self: 'x' }, '67890'],
    [{ sys_id: 'abc123', number: 'INC0012345' }, 'INC0012345'],
    [{ result: { sys_id: 'abc123', number: 'INC0012345' } }, 'INC0012345'],
    [{ ticket: { id: 12345 } }, '12345'],
    [{ TicketID: '123', TicketNumber: '2025' }, '2025'],
    [{ id: '', ticket_id: 'VD-123' }, 'VD-123'],
    [{ id: 0 }, '0'],
    [{ id: '0' }, '0'],
    [{ id: { nested: 'x' }, ticket_id: 'VD-789' }, 'VD-789'],
    [{ data: { ticket_id: 'VD-nested' } }, 'VD-nested'],
    [{ id: 123.45 }, '123.45'],
    [{ id: null, key: [1] }, undefined],
    [{ id: ' \n ' }, undefined],
    [{ id: true }, undefined],
    [{ id: 'a\u0000b\u001bc' }, 'abc'],
    [{ id: 'Ü-1' }, 'Ü-1'],
    [[{ id: 1 }], undefined],
    ['id', undefined],
    [null, undefined],
    [JSON.parse('{"__proto__":{"id":1}}'), undefined],
  ])('%j gives %s', (body, expected) => expect(externalId(body)).toBe(expected))
  it('is at most 100 characters', () => expect(externalId({ id: 'x'.repeat(500) })).toHaveLength(100))
})

describe('semanticError', () => {
  it.each<[unknown, string, string]>([
    [{ error: 'Invalid HMAC signature', status: 401 }, 'error', 'Invalid HMAC signature'],
    [{ error: { message: 'Nope' } }, 'error', 'Nope'],
    [{ error: true, message: 'Why' }, 'error', 'Why'],
    [{ errors: ['One', 'Two'] }, 'errors', 'One'],
    [{ errors: [{ message: 'GraphQL' }], data: null }, 'errors', 'GraphQL'],
    [{ error_message: 'E' }, 'error_message', 'E'],
    [{ success: false, message: 'M' }, 'success', 'M'],
    [{ success: false, reason: 'R' }, 'success', 'R'],
    [{ ok: false, description: 'D' }, 'ok', 'D'],
    [{ status: 500, message: 'S' }, 'status', 'S'],
    [{ status: 'FAILED', message: 'F' }, 'status', 'F'],
    [{ exception: 'Boom' }, 'exception', 'Boom'],
    [{ fault: { text: 'Fault' } }, 'fault', 'Fault'],
  ])('%j is one', (body, found, message) => expect(semanticError(body)).toMatchObject({ found, message }))

  it.each([
    [{ error: false }],
    [{ error: 0, errors: [], error_message: '', exception: null, fault: {} }],
    [{ success: true }],
    [{ success: 'false' }],
    [{ status: 200 }],
    [{ status: 'success' }],
    [{ status: 1000 }],
    [{ id: 5, status: 'rejected' }],
    [{ id: 5 }],
    [[{ error: 'x' }]],
    ['error'],
    [null],
    [undefined],
  ])('%j is none', body => expect(semanticError(body)).toBeUndefined())

  it('knows the status that the body names', () => {
    expect(semanticError({ error: 'x', status: 503 })).toMatchObject({ status: 503 })
    expect(semanticError({ error: 'x', status: 'failed' })).not.toHaveProperty('status')
  })
})

describe('error texts', () => {
  it('are one line of at most 500 characters', () => {
    expect(errorText(`a\n\u0000b${'c'.repeat(1000)}`)).toMatch(/^a bc{496}…$/)
    expect(errorText({ code: 5 })).toBe('{"code":5}')
    expect(errorText(undefined)).toBe('')
  })
  it('come from JSON, text and pages', () => {
    expect(bodyErrorText('{"errors":[{"detail":"D"}]}')).toBe('D')
    expect(bodyErrorText('no_service')).toBe('no_service')
    expect(bodyErrorText('<html><head><title> 502 Bad </title>')).toBe('an HTML page: 502 Bad')
    expect(bodyErrorText(`<html>${'<title'.repeat(100_000)}`)).toBe('an HTML page')
  })
})

describe('service case', () => {
  it('is the same from flat and dotted names', () => {
    expect(toServiceCase(inputOf(DOTTED_CASE).event)).toEqual(toServiceCase(inputOf(FLAT_CASE).event))
  })
  it('has a subject whatever comes', () => {
    const subject = (data: unknown): string => toServiceCase(inputOf(data).event).subject
    expect(subject({})).toBe('service_case.created')
    expect(subject({ description: 'First line\nsecond' })).toBe('First line')
    expect(subject({ subject: ' ', case: { subject: 'Dotted' } })).toBe('Dotted')
    expect(subject({ subject: 'a\nb' })).toBe('a b')
  })
  it('knows every variable that it lists, under both names', () => {
    const input = inputOf({
      ...FLAT_CASE,
      case_type: 'incident',
      status: 'new',
      contact_type: 'voice',
      customer: { company: 'Acme', location: 'Berlin', vip: true },
      context: { problem_since: 'today', others_affected: false },
    })
    const variables = caseVariables(input.event, input.deliveryId)
    for (const name of CASE_VARIABLES) expect([name, typeof valueAt(variables, name)]).toEqual([name, 'string'])
    expect(valueAt(variables, 'customer.vip')).toBe(true)
    expect(compileTemplate(['{{customer_name}}', '{{customer.name}}']).render(variables)).toEqual([
      'Jane Müller',
      'Jane Müller',
    ])
  })
})

describe('definePreset', () => {
  const parts = {
    name: 'acme',
    documentationUrl: 'https://acme.example',
    secretSettings: ['auth.token'],
    settings: () => ({ ok: true as const, value: {} }),
    request: () => ({
      method: 'POST' as const,
      url: 'https://acme.example',
      headers: {},
      contentType: 'application/json',
      body: {},
      confidential: { url: false, headers: [], bodyPaths: [] },
    }),
    outcome: () => ({ ok: false as const, message: 'token abcdef-ghijkl is bad' }),
  }
  it('refuses bad names and links', () => {
    for (const name of ['', 'Acme', 'acme_x', 'a--b', 'acme '])
      expect(() => definePreset({ ...parts, name })).toThrow(/name/)
    expect(() => definePreset({ ...parts, documentationUrl: 'http://x' })).toThrow(/documentationUrl/)
  })
  it.each(['name', 'documentationUrl', 'secretSettings', 'settings', 'request', 'outcome'])(
    'refuses a preset without %s, which would fail when it was sent',
    argument => {
      const error = expect.objectContaining({ code: 'invalid_preset', argument }) as Error
      expect(() => definePreset({ ...parts, [argument]: undefined } as never)).toThrow(error)
    },
  )
  it('takes credentials out of error texts', () => {
    const outcome = definePreset<object>(parts).outcome({ status: 400, body: '' }, { auth: { token: 'abcdef-ghijkl' } })
    expect(outcome).toEqual({ ok: false, message: 'token [redacted] is bad' })
  })
})
