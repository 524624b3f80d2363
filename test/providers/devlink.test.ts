import { type DevlinkEvents, type DevlinkLead, devlink } from 'crm-webhooks/providers/devlink'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { EventOf } from '../../src/model/event.ts'
import type { Verifier } from '../../src/model/verification.ts'
import { parseOne, request } from './support.ts'

const TEST_BODY = '{"test":true,"message":"This is a test webhook delivery","timestamp":"2024-01-15T10:30:00Z"}'
const TEST_SIGNATURE =
  'dGVzdF9zZWNyZXQ6eyJ0ZXN0Ijp0cnVlLCJtZXNzYWdlIjoiVGhpcyBpcyBhIHRlc3Qgd2ViaG9vayBkZWxpdmVyeSIsInRpbWVzdGFtcCI6IjIwMjQtMDEtMTVUMTA6MzA6MDBaIn0='

const provider = devlink({ secret: 'test_secret', insecureLegacySignature: true })

describe('legacy signature', () => {
  const verify = (body: string, signature: string, secret = 'test_secret') =>
    devlink({ secret, insecureLegacySignature: true }).verify(request(body, { 'X-Webhook-Signature': signature }))

  it('is base64 of secret and body', () => {
    expect(verify(TEST_BODY, TEST_SIGNATURE)).toMatchObject({ ok: true })
    expect(verify(`${TEST_BODY} `, TEST_SIGNATURE)).toMatchObject({ ok: false, code: 'signature_mismatch' })
    expect(verify(TEST_BODY, TEST_SIGNATURE, 'other')).toMatchObject({ ok: false, code: 'signature_mismatch' })
    expect(verify(TEST_BODY, `${TEST_SIGNATURE} `)).toMatchObject({ ok: false, code: 'malformed_signature' })
    expect(verify(TEST_BODY, '')).toMatchObject({ ok: false })
  })

  it("is accepted as the sender encodes it, and as the manual's verifier does", () => {
    expect(verify('{"nom":"é"}', 'azp7Im5vbSI6IukifQ==', 'k')).toMatchObject({ ok: true })
    expect(verify('{"nom":"é"}', 'azp7Im5vbSI6IsOpIn0=', 'k')).toMatchObject({ ok: true })
    expect(verify('{"nom":"è"}', 'azp7Im5vbSI6IukifQ==', 'k')).toMatchObject({ ok: false })
    expect(verify('{"nom":"€"}', btoa('k:{"nom":"?"}'), 'k')).toMatchObject({ ok: false })
  })

  it('of any of several secrets will do', () => {
    const rotating = devlink({ secret: ['new_secret', 'test_secret'], insecureLegacySignature: true })
    expect(rotating.verify(request(TEST_BODY, { 'x-webhook-signature': TEST_SIGNATURE }))).toMatchObject({ ok: true })
  })

  it('must be asked for in so many words', () => {
    expect(() => devlink({ secret: 'test_secret' } as never)).toThrow(/insecureLegacySignature/)
    expect(() => devlink({} as never)).toThrow(/discloses the secret/)
    expect(() => devlink({ secret: '', insecureLegacySignature: true })).toThrow(/secret/)
    const verifier: Verifier = { verify: () => ({ ok: true }) }
    expect(() => devlink({ verifier, secret: 'x', insecureLegacySignature: true } as never)).toThrow(/verifier/)
  })

  it('is missing from test deliveries, which are therefore refused', () => {
    const headers = { 'x-webhook-event': 'lead.created', 'x-webhook-test': 'true' }
    expect(provider.verify(request(TEST_BODY, headers))).toMatchObject({ ok: false, code: 'missing_header' })
  })
})

describe('events', () => {
  const headers = { 'X-Webhook-Event': 'lead.updated', 'X-Webhook-Delivery-Id': 'd-1' }
  const lead = { id: 'l1', nom: 'Dupont', statut: 'nouveau', extra: true }

  it('are the bare record, named by headers', () => {
    expect(parseOne(provider, request(lead, headers))).toMatchObject({
      id: 'd-1',
      idSource: 'sender',
      type: 'lead.updated',
      recordId: 'l1',
      time: undefined,
      data: lead,
    })
  })

  it('are also understood in the envelope of the manual', () => {
    const body = { event_type: 'lead.created', payload: lead, timestamp: '2024-01-15T10:30:00Z' }
    const event = parseOne(provider, request(body))
    expect(event).toMatchObject({ type: 'lead.created', recordId: 'l1', data: lead, idSource: 'digest' })
    expect(event.time?.toISOString()).toBe('2024-01-15T10:30:00.000Z')
  })

  it('tell tests from leads', () => {
    expect(parseOne(provider, request(TEST_BODY, headers))).toMatchObject({
      type: 'test.received',
      data: { test: true },
    })
    expect(parseOne(provider, request({ ...lead, test: true }, headers)).type).toBe('lead.updated')
  })

  it('that are new are unknown; without a name they are refused', () => {
    expect(parseOne(provider, request(lead, { 'x-webhook-event': 'lead.merged' }))).toMatchObject({ known: false })
    expect(provider.parse(request(lead))).toMatchObject({ ok: false, code: 'invalid_data' })
    expect(provider.parse(request('[]', headers))).toMatchObject({ ok: false, code: 'invalid_data' })
    expect(provider.parse(request('', headers))).toMatchObject({ ok: false, code: 'malformed_body' })
  })
})

it('has typed events', () => {
  type Event = EventOf<DevlinkEvents>
  expectTypeOf<Extract<Event, { type: 'lead.created' }>['data']>().toEqualTypeOf<DevlinkLead>()
})
