import { describe, expect, it } from 'vitest'
import { freshdesk } from '../../src/presets/freshdesk.ts'
import { hubspotTicket } from '../../src/presets/hubspot-ticket.ts'
import { pagerduty } from '../../src/presets/pagerduty.ts'
import { zendesk } from '../../src/presets/zendesk.ts'
import { settingsOf } from './support/presets.ts'
import { bodyOf, outcomeOf, refusalOf, requestOf } from './support/read.ts'
import { FLAT_CASE, inputOf, SAMPLES } from './support/samples.ts'

describe('zendesk', () => {
  it('carries the delivery id as idempotency key and marks the API token', () => {
    const preset = zendesk()
    const auth = { type: 'basic', username: 'bot@acme.example', password: 'secret-token' }
    const { headers } = preset.request(inputOf({}), settingsOf(preset, { subdomain: 'acme', auth }))
    expect(headers).toMatchObject({
      'idempotency-key': 'dlv_0123456789abcdef',
      authorization: `Basic ${btoa('bot@acme.example/token:secret-token')}`,
    })
    const marked = { ...auth, username: 'bot@acme.example/token' }
    expect(preset.request(inputOf({}), settingsOf(preset, { subdomain: 'acme', auth: marked })).headers).toEqual(
      headers,
    )
  })
  it('names a requester only with an address', () => {
    expect(bodyOf(zendesk())).toMatchObject({
      ticket: {
        requester: { name: 'Jane Müller', email: 'jane@example.com' },
        priority: 'high',
        external_id: 'TKT-2025-00001',
      },
    })
    expect(bodyOf(zendesk(), {}, { ...FLAT_CASE, customer_email: 'nonsense' })).not.toHaveProperty('ticket.requester')
    expect(bodyOf(zendesk(), { publicComment: false })).toHaveProperty('ticket.comment.public', false)
  })
  it('stays on its own domain', () => {
    for (const subdomain of ['evil.example', 'https://acme.zendesk.com', 'acme.zendesk.com.evil.example', 'a/b']) {
      expect(refusalOf(zendesk(), { ...SAMPLES.zendesk?.settings, subdomain })).toMatch(/^subdomain /)
    }
  })
  it('reads answers', () => {
    expect(outcomeOf(zendesk(), 201, { ticket: { id: 5 } })).toEqual({
      ok: true,
      externalId: '5',
      externalUrl: 'https://acme.zendesk.com/agent/tickets/5',
    })
    const invalid = { error: 'RecordInvalid', description: 'Errors', details: { base: [{ description: 'Email bad' }] } }
    expect(outcomeOf(zendesk(), 422, invalid)).toEqual({
      ok: false,
      message: 'HTTP 422: RecordInvalid; Errors; base: Email bad',
    })
    expect(outcomeOf(zendesk(), 409, { error: 'DatabaseConflict' })).toMatchObject({ ok: false, retry: true })
  })
})

describe('freshdesk', () => {
  it('sends whole numbers and escaped HTML', () => {
    const data = { ...FLAT_CASE, description: '<img src=x onerror=alert(1)>\n"&"' }
    expect(bodyOf(freshdesk(), {}, data)).toMatchObject({
      priority: 3,
      status: 2,
      source: 3,
      description: expect.stringContaining(
        '&lt;img src=x onerror=alert(1)&gt;<br>&quot;&amp;&quot;<br><br>Reference',
      ) as string,
    })
    expect(bodyOf(freshdesk(), { priorities: { high: 4 }, status: 6, source: 9 })).toMatchObject({
      priority: 4,
      status: 6,
      source: 9,
    })
    expect(bodyOf(freshdesk(), {}, { ...FLAT_CASE, contact_type: 'Chat' })).toMatchObject({ source: 7 })
    expect(refusalOf(freshdesk(), { ...SAMPLES.freshdesk?.settings, priorities: { high: '4' } })).toMatch(
      /^priorities\.high/,
    )
  })
  it('escapes what fields put into the description', () => {
    expect(bodyOf(freshdesk(), { fields: { description: '<b>{{subject}}</b>' } }, { subject: '<x>' })).toHaveProperty(
      'description',
      '<b>&lt;x&gt;</b>',
    )
  })
  it('always has a requester', () => {
    const requester = (data: object): unknown => bodyOf(freshdesk(), {}, { subject: 's', ...data })
    expect(requester({ customer_phone: '+49' })).toMatchObject({ phone: '+49', name: '+49' })
    expect(requester({ customer_phone: '+49', customer_name: 'J' })).toMatchObject({ phone: '+49', name: 'J' })
    expect(requester({})).toMatchObject({ email: 'unknown@example.com' })
  })
  it('reads answers', () => {
    expect(outcomeOf(freshdesk(), 201, { id: 7 })).toEqual({
      ok: true,
      externalId: '7',
      externalUrl: 'https://acme.freshdesk.com/a/tickets/7',
    })
    expect(outcomeOf(freshdesk(), 201, { ticket: { id: 8 } })).toMatchObject({ externalId: '8' })
    const errors = [{ field: 'priority', message: 'It should be a/an Integer', code: 'datatype_mismatch' }]
    expect(outcomeOf(freshdesk(), 400, { description: 'Validation failed', errors })).toEqual({
      ok: false,
      message: 'HTTP 400: Validation failed; priority: It should be a/an Integer',
    })
    expect(outcomeOf(freshdesk(), 401, { code: 'invalid_credentials', message: 'Log in' })).toEqual({
      ok: false,
      message: 'HTTP 401: Log in',
    })
  })
})

describe('hubspot-ticket', () => {
  it('sends properties', () => {
    expect(bodyOf(hubspotTicket(), { pipeline: '7', priorities: { high: 'URGENT' } })).toMatchObject({
      properties: {
        subject: 'Printer on fire',
        hs_pipeline: '7',
        hs_pipeline_stage: '1',
        hs_ticket_priority: 'URGENT',
      },
    })
  })
  it('reads answers', () => {
    expect(outcomeOf(hubspotTicket(), 201, { id: '55' })).toEqual({ ok: true, externalId: '55' })
    const limit = { status: 'error', message: 'Too fast', policyName: 'SECONDLY' }
    expect(outcomeOf(hubspotTicket(), 429, limit)).toEqual({ ok: false, message: 'HTTP 429: Too fast' })
  })
})

describe('pagerduty', () => {
  it('raises an alert that a retry does not repeat', () => {
    expect(bodyOf(pagerduty())).toMatchObject({
      event_action: 'trigger',
      dedup_key: 'TKT-2025-00001',
      payload: {
        summary: 'Printer on fire',
        severity: 'error',
        source: 'crm',
        custom_details: { Phone: '+49 30 123456' },
      },
    })
    expect(bodyOf(pagerduty(), {}, { subject: 's' })).toMatchObject({
      dedup_key: 'dlv_0123456789abcdef',
      payload: { severity: 'warning' },
    })
    expect(requestOf(pagerduty(), { region: 'eu' }).url).toBe('https://events.eu.pagerduty.com/v2/enqueue')
  })
  it('reads answers', () => {
    expect(outcomeOf(pagerduty(), 202, { status: 'success', dedup_key: 'k' })).toEqual({ ok: true, externalId: 'k' })
    expect(outcomeOf(pagerduty(), 202, { status: 'throttled' })).toMatchObject({ ok: false, retry: false })
    const invalid = { status: 'invalid event', message: 'Event object is invalid', errors: ['no key'] }
    expect(outcomeOf(pagerduty(), 400, invalid)).toEqual({
      ok: false,
      message: 'HTTP 400: Event object is invalid; no key',
    })
  })
})
