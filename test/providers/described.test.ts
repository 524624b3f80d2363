import { createHash, createHmac } from 'node:crypto'
import { createReceiver, type WebhookRequest } from 'crm-webhooks'
import { adyen } from 'crm-webhooks/providers/adyen'
import { attio } from 'crm-webhooks/providers/attio'
import { box } from 'crm-webhooks/providers/box'
import { chargebee } from 'crm-webhooks/providers/chargebee'
import { chatwoot } from 'crm-webhooks/providers/chatwoot'
import { clickup } from 'crm-webhooks/providers/clickup'
import { close } from 'crm-webhooks/providers/close'
import { docusign } from 'crm-webhooks/providers/docusign'
import { espocrm } from 'crm-webhooks/providers/espocrm'
import { freshdesk } from 'crm-webhooks/providers/freshdesk'
import { github } from 'crm-webhooks/providers/github'
import { gitlab } from 'crm-webhooks/providers/gitlab'
import { gohighlevel } from 'crm-webhooks/providers/gohighlevel'
import { hubspot } from 'crm-webhooks/providers/hubspot'
import { lemonSqueezy } from 'crm-webhooks/providers/lemon-squeezy'
import { linear } from 'crm-webhooks/providers/linear'
import { mailgun } from 'crm-webhooks/providers/mailgun'
import { notion } from 'crm-webhooks/providers/notion'
import { openphone } from 'crm-webhooks/providers/openphone'
import { postmark } from 'crm-webhooks/providers/postmark'
import { recurly } from 'crm-webhooks/providers/recurly'
import { sanity } from 'crm-webhooks/providers/sanity'
import { sendgrid } from 'crm-webhooks/providers/sendgrid'
import { shopify } from 'crm-webhooks/providers/shopify'
import { square } from 'crm-webhooks/providers/square'
import { standardWebhooksSender } from 'crm-webhooks/providers/standard-webhooks'
import { stripe } from 'crm-webhooks/providers/stripe'
import { surveymonkey } from 'crm-webhooks/providers/surveymonkey'
import { svix } from 'crm-webhooks/providers/svix'
import { trello } from 'crm-webhooks/providers/trello'
import { twenty } from 'crm-webhooks/providers/twenty'
import { woocommerce } from 'crm-webhooks/providers/woocommerce'
import { workos } from 'crm-webhooks/providers/workos'
import { zohoCrm } from 'crm-webhooks/providers/zoho-crm'
import { signedRequest } from 'crm-webhooks/testing'
import { describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import type { ReceivedEvent } from '../../src/model/event.ts'
import { withHeaders } from '../../src/model/verification.ts'
import type { AnyProvider } from '../../src/providers/provider.ts'
import { fixtures as adyenFixtures } from '../../src/testing/fixtures/adyen.ts'
import { fixtures as hubspotFixtures } from '../../src/testing/fixtures/hubspot.ts'

const NOW = Date.UTC(2026, 5, 1, 12)
const STANDARD_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

const signed = (provider: AnyProvider, sample?: string, overrides = {}): Promise<WebhookRequest> =>
  signedRequest(provider, sample, { now: NOW, ...overrides })

const verify = async (provider: AnyProvider, request: WebhookRequest, now = NOW): Promise<unknown> =>
  provider.verify(request, { now })

function eventsOf(provider: AnyProvider, request: WebhookRequest): readonly ReceivedEvent[] {
  const parsed = provider.parse(request)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.events
}

function firstEvent(provider: AnyProvider, request: WebhookRequest): ReceivedEvent {
  const [event] = eventsOf(provider, request)
  if (event === undefined) throw new Error('there is no event')
  return event
}

function post(body: unknown, headers: Readonly<Record<string, string>> = {}, url = '/hook'): WebhookRequest {
  return { method: 'POST', url, headers, body: utf8(typeof body === 'string' ? body : JSON.stringify(body)) }
}

const hmac = (algorithm: string, key: string, message: string, encoding: 'hex' | 'base64'): string =>
  createHmac(algorithm, key).update(message).digest(encoding)

const ADYEN_ITEM = {
  pspReference: 'P1',
  merchantAccountCode: 'M',
  merchantReference: 'R',
  eventCode: 'REPORT_AVAILABLE',
  success: 'true',
}

describe('hubspot', () => {
  const secret = 'app-client-secret'
  const body = '[{"eventId":1,"subscriptionType":"deal.creation","objectId":7}]'
  const v3 = (url: string): Record<string, string> => ({
    'x-hubspot-request-timestamp': String(NOW),
    'x-hubspot-signature-v3': hmac('sha256', secret, `POST${url}${body}${NOW}`, 'base64'),
  })
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

  it('decodes exactly the escapes that HubSpot decodes before it signs the URL', async () => {
    const arrived = 'https://example.com/a%2Fb?q=%40x%3a%20%C3%A9%25&r=%3B%21'
    const signedAs = 'https://example.com/a/b?q=@x:%20%C3%A9%25&r=;!'
    expect(await verify(hubspot({ secret }), post(body, v3(signedAs), arrived))).toMatchObject({ ok: true })
    expect(await verify(hubspot({ secret }), post(body, v3(arrived), arrived))).toMatchObject({ ok: false })
  })

  it('takes the public URL where a proxy changed it', async () => {
    const url = 'https://public.example.com/hubspot'
    const request = post(body, v3(url), 'http://10.0.0.7:3000/hubspot')
    expect(await verify(hubspot({ secret, url }), request)).toMatchObject({ ok: true })
    expect(await verify(hubspot({ secret }), request)).toMatchObject({ ok: false })
  })

  it('reads what a workflow sends, which names no type', async () => {
    const provider = hubspot({ secret, versions: ['v2', 'v3'] })
    const [url, text] = ['https://example.com/hook', '{"vid":7,"properties":{"email":{"value":"ada@example.com"}}}']
    const v2 = { 'x-hubspot-signature-version': 'v2', 'x-hubspot-signature': sha256(`${secret}POST${url}${text}`) }
    const request = post(text, v2, url)
    expect(await verify(provider, request)).toMatchObject({ ok: true })
    expect(firstEvent(provider, request)).toMatchObject({
      type: 'workflow.triggered',
      known: true,
      idSource: 'digest',
      data: { notification: { vid: 7 }, changes: {} },
    })
    for (const other of ['[{"eventId":1}]', '7', '"text"']) {
      expect(provider.parse(post(other, v2, url))).toMatchObject({ ok: false, code: 'invalid_data' })
    }
  })

  it('accepts v1 and v2 only where they are allowed, and never instead of a v3 that is there', async () => {
    const url = 'https://example.com/hook'
    const requestV1 = post(
      body,
      { 'x-hubspot-signature-version': 'v1', 'x-hubspot-signature': sha256(secret + body) },
      url,
    )
    const requestV2 = post(
      body,
      { 'x-hubspot-signature-version': 'v2', 'x-hubspot-signature': sha256(`${secret}POST${url}${body}`) },
      url,
    )
    const all = hubspot({ secret, versions: ['v1', 'v2', 'v3'] })
    for (const request of [requestV1, requestV2]) {
      expect(await verify(all, request)).toMatchObject({ ok: true })
      expect(await verify(hubspot({ secret }), request)).toMatchObject({ ok: false })
      const withBadV3 = withHeaders(request, {
        'x-hubspot-request-timestamp': String(NOW),
        'x-hubspot-signature-v3': 'AAAA',
      })
      expect(await verify(all, withBadV3)).toMatchObject({ ok: false })
    }
    expect(await verify(hubspot({ secret, versions: ['v2', 'v3'] }), requestV1)).toMatchObject({ ok: false })
    expect(await verify(hubspot({ secret, versions: ['v1'] }), requestV2)).toMatchObject({ ok: false })
    for (const version of ['v1', 'v2'] as const) {
      const provider = hubspot({ secret, versions: [version] })
      expect(await verify(provider, await signed(provider))).toMatchObject({ ok: true })
    }
  })

  it('reads a batch as record changes', async () => {
    const provider = hubspotFixtures.create()
    const [update, creation] = eventsOf(provider, await signed(provider))
    expect(update?.data).toMatchObject({
      changes: { lastname: { from: undefined, to: 'Müller' } },
      changeSource: 'app',
      notification: { propertyName: 'lastname' },
    })
    expect(creation).toMatchObject({ type: 'deal.created', recordId: '1148', attempt: 1 })
    expect(firstEvent(provider, await signed(provider, 'contact.merged')).data).toMatchObject({ mergedFrom: '1246970' })
    const unlisted = post([{ subscriptionType: 'quote.creation', eventId: 1 }])
    expect(firstEvent(provider, unlisted)).toMatchObject({ known: false, nativeType: 'quote.creation' })
  })
})

describe('CRM and helpdesk', () => {
  it('close: old and new values, the time in UTC', async () => {
    const provider = close({ secret: '00ff'.repeat(16) })
    const event = firstEvent(provider, await signed(provider))
    expect(event.time?.toISOString()).toBe('2026-06-01T11:59:58.395Z')
    expect(event.data).toMatchObject({
      current: { name: 'Bäckerei Müller GmbH' },
      previous: { name: 'Bäckerei Müller', status_label: 'Qualified' },
      changes: { name: { from: 'Bäckerei Müller', to: 'Bäckerei Müller GmbH' } },
      changeSource: 'app',
    })
  })

  it('attio: each event of a batch has its own id', async () => {
    const provider = attio({ secret: 'test-secret' })
    const ids = eventsOf(provider, await signed(provider, 'batch')).map(event => event.id)
    expect(ids).toEqual(['5d9c4b3a-2b1a-4f0e-8d7c-6b5a49382716:0', '5d9c4b3a-2b1a-4f0e-8d7c-6b5a49382716:1'])
    expect(eventsOf(provider, post({ webhook_id: 'w', events: [] }))).toEqual([])
  })

  it('twenty: the nonce is no id', async () => {
    const provider = twenty({ secret: 'test-secret' })
    const first = firstEvent(provider, await signed(provider))
    const again = firstEvent(
      provider,
      await signed(provider, undefined, { headers: { 'x-twenty-webhook-nonce': 'other' } }),
    )
    expect(again.id).toBe(first.id)
    expect(first).toMatchObject({ idSource: 'digest', data: { changes: { city: { from: undefined, to: 'Plzeň' } } } })
  })

  it('espocrm: either header, the event by the webhook, no other webhook', async () => {
    const provider = espocrm({
      webhooks: {
        a: { secret: 'secret-a', event: 'Account.create' },
        b: { secret: 'secret-b', event: 'Lead.fieldUpdate.status' },
      },
    })
    const body = '[{"id":"1"},{"id":"2"}]'
    const header = (id: string, secret: string): string =>
      Buffer.from(`${id}:${hmac('sha256', secret, body, 'hex')}`).toString('base64')
    const request = post(body, { signature: header('b', 'secret-b') })
    expect(await verify(provider, request)).toMatchObject({ ok: true })
    const events = eventsOf(provider, request)
    expect(events.map(event => [event.type, event.recordId])).toEqual([
      ['lead.field_update.status', '1'],
      ['lead.field_update.status', '2'],
    ])
    expect(new Set(events.map(event => event.id)).size).toBe(2)
    const raw = createHmac('sha256', 'secret-a').update(body).digest()
    const legacy = Buffer.concat([Buffer.from('a:'), raw]).toString('base64')
    expect(await verify(provider, post(body, { 'x-signature': legacy }))).toMatchObject({ ok: true })
    for (const wrong of [header('b', 'secret-a'), header('c', 'secret-a'), Buffer.from('a').toString('base64'), '%%']) {
      expect(await verify(provider, post(body, { signature: wrong }))).toMatchObject({ ok: false })
    }
    expect(() => espocrm({ webhooks: {} })).toThrow(/webhooks/)
    expect(() => espocrm({ webhooks: { a: { secret: 's', event: '' } } })).toThrow(/event/)
  })

  it('zoho-crm: the token is asked for and not handed on', async () => {
    const provider = zohoCrm({ token: 'right-token' })
    const request = await signed(provider)
    expect(await verify(provider, request)).toMatchObject({ ok: true })
    expect(await verify(zohoCrm({ token: 'other-token' }), request)).toMatchObject({ ok: false })
    const events = eventsOf(provider, request)
    expect(events.map(event => event.recordId)).toEqual(['3652397000000649013', '3652397000000649014'])
    expect(JSON.stringify(events.map(event => event.data))).not.toContain('right-token')
  })

  it('gohighlevel: takes the key in every form, and no other key', async () => {
    const raw = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='
    const spki = `MCowBQYDK2VwAyEA${raw}`
    const request = await signed(gohighlevel({ publicKey: raw }))
    const pem = `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`
    for (const publicKey of [raw, spki, pem, [`${'A'.repeat(43)}=`, raw]]) {
      expect(await verify(gohighlevel({ publicKey }), request)).toMatchObject({ ok: true })
    }
    for (const publicKey of ['', 'AAAA', []]) expect(() => gohighlevel({ publicKey })).toThrow(/publicKey/)
  })

  it('freshdesk: one proof, not none and not two', async () => {
    const basicAuth = { username: 'rule', password: 'test-password' }
    const header = { name: 'x-webhook-secret', secret: 'test-secret' }
    expect(() => freshdesk({})).toThrow(/basicAuth or header/)
    expect(() => freshdesk({ basicAuth, header })).toThrow(/basicAuth or header/)
    const provider = freshdesk({ basicAuth })
    expect(await verify(provider, await signed(provider))).toMatchObject({ ok: true })
    expect(await verify(provider, await signed(freshdesk({ header })))).toMatchObject({ ok: false })
  })
})

describe('developer tools', () => {
  it('surveymonkey: client id and secret make the key', async () => {
    const provider = surveymonkey({ clientId: 'id', secret: 'secret' })
    const signature = hmac('sha1', 'id&secret', '{}', 'base64')
    expect(await verify(provider, post('{}', { 'sm-signature': signature }))).toMatchObject({ ok: true })
    expect(() => surveymonkey({ clientId: '', secret: 'secret' })).toThrow(/clientId/)
  })

  it('github: reads the form encoding too, and refuses a form without a payload', async () => {
    const provider = github({ secret: 'test-secret' })
    expect(firstEvent(provider, await signed(provider, 'push')).data).toMatchObject({ ref: 'refs/heads/main' })
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-github-event': 'push' }
    for (const body of ['a=b', 'payload=', 'payload=%7B', 'payload=1&payload=2']) {
      expect(provider.parse(post(body, headers))).toMatchObject({ ok: false })
    }
  })

  it('gitlab: signing token, classic token, or both', async () => {
    const signingToken = 'whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q='
    const classic = gitlab({ token: 'test-token' })
    const both = gitlab({ signingToken, token: 'test-token' })
    expect(await verify(classic, await signed(classic))).toMatchObject({ ok: true })
    expect(await verify(both, await signed(both))).toMatchObject({ ok: true })
    expect(await verify(both, await signed(classic))).toMatchObject({ ok: false })
    expect(await verify(both, await signed(gitlab({ signingToken })))).toMatchObject({ ok: false })
    expect(() => gitlab({})).toThrow(/signingToken or token/)
  })

  it('linear: the time in the body decides, a header does not', async () => {
    const provider = linear({ secret: 'test-secret' })
    const request = withHeaders(await signed(provider), { 'linear-timestamp': String(NOW + 61_000) })
    expect(await verify(provider, request, NOW + 60_000)).toMatchObject({ ok: true })
    expect(await verify(provider, request, NOW + 60_001)).toMatchObject({ code: 'timestamp_too_old' })
    const untimed = post('{"type":"Issue"}', {
      'linear-signature': hmac('sha256', 'test-secret', '{"type":"Issue"}', 'hex'),
    })
    expect(await verify(provider, untimed)).toMatchObject({ ok: false })
  })

  it('box: either key in either header', async () => {
    const request = await signed(box({ secret: ['primary', 'secondary'] }))
    for (const secret of ['primary', 'secondary'])
      expect(await verify(box({ secret }), request)).toMatchObject({ ok: true })
    expect(await verify(box({ secret: 'other' }), request)).toMatchObject({ ok: false })
  })

  it('docusign: any of the numbered headers', async () => {
    const right = hmac('sha256', 'mine', '{}', 'base64')
    const wrong = hmac('sha256', 'theirs', '{}', 'base64')
    const headers = { 'x-docusign-signature-1': wrong, 'x-docusign-signature-37': right }
    expect(await verify(docusign({ secret: 'mine' }), post('{}', headers))).toMatchObject({ ok: true })
    expect(await verify(docusign({ secret: 'else' }), post('{}', headers))).toMatchObject({ ok: false })
    const many = Array.from({ length: 99 }, (_, i) => [`x-docusign-signature-${i + 1}`, wrong] as const)
    const all = { ...Object.fromEntries(many), 'x-docusign-signature-100': right }
    expect(await verify(docusign({ secret: 'mine' }), post('{}', all))).toMatchObject({ ok: true })
  })

  it('workos: the blank after the comma', async () => {
    const v1 = hmac('sha256', 'test-secret', `${NOW}.{}`, 'hex')
    const request = post('{}', { 'workos-signature': `t=${NOW}, v1=${v1}` })
    expect(await verify(workos({ secret: 'test-secret' }), request)).toMatchObject({ ok: true })
  })

  it('trello: answers HEAD, and only HEAD, without a proof', async () => {
    const provider = trello({ secret: 'test-secret', url: 'https://example.com/trello' })
    expect(await provider.unsignedChallenge?.(post('{}'))).toBeUndefined()
    expect(() => trello({ secret: 'test-secret', url: '' })).toThrow(/url/)
  })
})

describe('notion', () => {
  const token = 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl'
  const setUp = post({ verification_token: token })

  it('reports the token of the set-up request while there is no secret, and accepts no event', async () => {
    const onVerificationToken = vi.fn()
    const receiver = createReceiver({ provider: notion({ onVerificationToken }) })
    const handler = vi.fn()
    receiver.on('*', handler)
    expect((await receiver.receive(setUp)).status).toBe(200)
    expect(onVerificationToken.mock.calls).toEqual([[token]])
    const forged = await signed(notion({ secret: token }))
    expect((await receiver.receive(forged)).status).toBe(401)
    expect(handler).not.toHaveBeenCalled()
  })

  it('refuses set-up requests once there is a secret', async () => {
    const onVerificationToken = vi.fn()
    const receiver = createReceiver({ provider: notion({ secret: token, onVerificationToken }) })
    expect((await receiver.receive(setUp)).status).toBe(401)
    expect(onVerificationToken).not.toHaveBeenCalled()
  })

  it('passes on only what a token may look like', async () => {
    const onVerificationToken = vi.fn()
    const receiver = createReceiver({ provider: notion({ onVerificationToken }) })
    for (const verification_token of [
      '',
      'short',
      `${token}\n`,
      '<script>alert(1)</script>',
      'x'.repeat(201),
      7,
      null,
    ]) {
      expect((await receiver.receive(post({ verification_token }))).status).toBe(401)
    }
    expect((await receiver.receive(post({ verification_token: token, padding: 'x'.repeat(1_024) }))).status).toBe(401)
    expect(onVerificationToken).not.toHaveBeenCalled()
  })

  it('needs one of its options', () => {
    expect(() => notion({})).toThrow(/secret, or onVerificationToken/)
    expect(() => notion({ secret: '', onVerificationToken: () => {} })).toThrow(/secret is empty/)
  })
})

describe('commerce and e-mail', () => {
  it('shopify: old and new header names, ids with all digits, names in order', async () => {
    const provider = shopify({ secret: 'hush' })
    const renamed = post('{"id":7}', {
      'shopify-hmac-sha256': hmac('sha256', 'hush', '{"id":7}', 'base64'),
      'shopify-topic': 'inventory_levels/update',
      'shopify-webhook-id': 'w1',
    })
    expect(await verify(provider, renamed)).toMatchObject({ ok: true })
    expect(firstEvent(provider, renamed)).toMatchObject({ id: 'w1', type: 'inventory_level.updated', recordId: '7' })
    const unsafe = post('{"id":820982911946154508}', { 'shopify-topic': 'companies/create' })
    expect(firstEvent(provider, unsafe)).toMatchObject({ type: 'company.created', recordId: undefined })
  })

  it('square: the URL is part of the proof', async () => {
    const url = 'https://example.com/square'
    const request = await signed(square({ secret: 'key', url }))
    expect(await verify(square({ secret: 'key', url }), request)).toMatchObject({ ok: true })
    expect(await verify(square({ secret: 'key', url: `${url}/` }), request)).toMatchObject({ ok: false })
    expect(() => square({ secret: 'key', url: '' })).toThrow(/url/)
  })

  it('recurly: several signatures by position', async () => {
    const good = hmac('sha256', 'new', `${NOW}.{}`, 'hex')
    const old = hmac('sha256', 'old', `${NOW}.{}`, 'hex')
    const provider = recurly({ secret: 'new' })
    for (const value of [`${NOW},${good}`, `${NOW},${old},${good}`]) {
      expect(await verify(provider, post('{}', { 'recurly-signature': value }))).toMatchObject({ ok: true })
    }
    for (const value of [`${NOW}`, `${good},${NOW}`, `${NOW},${old}`, `${NOW + 1},${good}`]) {
      expect(await verify(provider, post('{}', { 'recurly-signature': value }))).toMatchObject({ ok: false })
    }
  })

  it('woocommerce: two deliveries of one second are two events', async () => {
    const provider = woocommerce({ secret: 'wc-secret' })
    const [first, second] = [
      firstEvent(provider, await signed(provider)),
      firstEvent(provider, await signed(provider, undefined, { body: { id: 728 } })),
    ]
    expect(first.id).not.toBe(second.id)
    for (const body of ['webhook_id=', 'webhook_id=1&x=1', '{"webhook_id":1}', `webhook_id=${'1'.repeat(40)}`]) {
      expect(await provider.unsignedChallenge?.(post(body))).toBeUndefined()
    }
  })

  it('mailgun: proves time and token, for as long as it tries again', async () => {
    const provider = mailgun({ secret: 'test-secret' })
    const request = await signed(provider)
    expect(await verify(provider, request, NOW + 8 * 3_600_000)).toMatchObject({ ok: true })
    expect(await verify(provider, request, NOW + 10 * 3_600_000)).toMatchObject({ code: 'timestamp_too_old' })
    expect(await verify(mailgun({ secret: 'other' }), request)).toMatchObject({ code: 'signature_mismatch' })
    const strict = mailgun({ secret: 'test-secret', toleranceSeconds: 60 })
    expect(await verify(strict, request, NOW + 61_000)).toMatchObject({ ok: false })
  })

  it('adyen: every item must hold, in every signed field', async () => {
    const provider = adyenFixtures.create()
    const request = await signed(provider)
    const text = new TextDecoder().decode(request.body)
    const signedTexts = [
      '"7914073381342299"',
      '"ExampleCOM"',
      '"Objednávka-7"',
      '1130',
      '"EUR"',
      '"CAPTURE"',
      '"false","eventDate"',
    ]
    for (const part of signedTexts) {
      const at = text.lastIndexOf(part)
      expect(at).toBeGreaterThan(0)
      const changed = `${text.slice(0, at)}${part.replace(/[A-Z0-9](?=[^A-Z0-9]*$)|false/, '8')}${text.slice(at + part.length)}`
      expect(changed).not.toBe(text)
      expect(await verify(provider, { ...request, body: utf8(changed) })).toMatchObject({ ok: false })
    }
    expect(await verify(provider, post({ notificationItems: [] }))).toMatchObject({ ok: false })
  })

  it.each([
    { originalReference: ['another-payment'] },
    { originalReference: {} },
    { originalReference: false },
    { amount: '1130 EUR' },
    { amount: ['1130', 'EUR'] },
    { amount: { value: [1130], currency: 'EUR' } },
  ])('adyen: refuses %j, which would be signed as empty text', async change => {
    const provider = adyenFixtures.create()
    const item = { ...ADYEN_ITEM, amount: undefined }
    const proved = await provider.authenticate?.(
      post({ notificationItems: [{ NotificationRequestItem: { ...item, originalReference: null } }] }),
      { now: NOW },
    )
    if (proved === undefined) throw new Error('the provider cannot sign')
    expect(await verify(provider, proved)).toMatchObject({ ok: true })
    const body = JSON.parse(new TextDecoder().decode(proved.body)) as {
      readonly notificationItems: readonly [{ readonly NotificationRequestItem: object }]
    }
    const [{ NotificationRequestItem: signedItem }] = body.notificationItems
    const changed = post({ notificationItems: [{ NotificationRequestItem: { ...signedItem, ...change } }] })
    expect(await verify(provider, changed)).toMatchObject({ ok: false, code: 'malformed_body' })
  })

  it('adyen: answers [accepted], and asks for the credentials where they are given', async () => {
    const secret = 'DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00'
    const basicAuth = { username: 'adyen', password: 'test-password' }
    const provider = adyen({ secret, basicAuth })
    const receiver = createReceiver({ provider, clock: { now: () => NOW, setTimer: () => () => {} } })
    expect(await receiver.receive(await signed(provider))).toMatchObject({ status: 200, body: '[accepted]' })
    expect((await receiver.receive(await signed(adyen({ secret })))).status).toBe(401)
    expect(() => adyen({ secret: 'not hex' })).toThrow(/secret/)
  })
})

describe('Standard Webhooks senders', () => {
  it('svix: its own headers, or the standard ones', async () => {
    const provider = svix({ secret: STANDARD_SECRET, name: 'acme' })
    const standard = standardWebhooksSender({ secret: STANDARD_SECRET })
    const request = await signed(standard)
    expect(await verify(provider, request)).toMatchObject({ ok: true })
    expect(firstEvent(provider, request)).toMatchObject({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', provider: 'acme' })
    expect(await verify(provider, withHeaders(request, { 'svix-id': 'msg_other' }))).toMatchObject({ ok: false })
    expect(() => standardWebhooksSender({})).toThrow()
  })

  it('openphone: what is configured is accepted, and nothing else', async () => {
    const legacySecret = 'R2ZLM2o0bFhBNVpyUnU2NG9mYXQ1MHNyR3pvSUhIVVg='
    const [current, legacy] = [openphone({ secret: STANDARD_SECRET }), openphone({ legacySecret })]
    const [currentRequest, legacyRequest] = [await signed(current), await signed(legacy)]
    const both = openphone({ secret: STANDARD_SECRET, legacySecret })
    for (const request of [currentRequest, legacyRequest])
      expect(await verify(both, request)).toMatchObject({ ok: true })
    expect(await verify(current, legacyRequest)).toMatchObject({ ok: false })
    expect(await verify(legacy, currentRequest)).toMatchObject({ ok: false })
    expect(() => openphone({})).toThrow(/secret or legacySecret/)
  })
})

describe('wrong set-up', () => {
  const WITH_SECRET =
    'acuity airtable attio bitbucket box calendly chatwoot clerk clickup close docusign formstack frappe front github ' +
    'gocardless help-scout hubspot intercom jira klaviyo lemon-squeezy linear mailgun notion openphone paddle ' +
    'pagerduty polar quickbooks razorpay recurly resend sanity sentry shopify square standard-webhooks stripe ' +
    'surveymonkey svix tally trello twenty typeform webflow woocommerce workos zendesk adyen'
  const REST: Readonly<Record<string, object>> = {
    hubspot: { url: 'https://example.com/hook' },
    square: { url: 'https://example.com/hook' },
    surveymonkey: { clientId: 'id' },
    trello: { url: 'https://example.com/hook' },
  }

  it.each(WITH_SECRET.split(' '))('%s: no secret, no provider, and no secret in the message', async name => {
    const module = (await import(`../../src/providers/${name}.ts`)) as Record<string, unknown>
    const factory = Object.values(module).find(value => typeof value === 'function') as (options: object) => unknown
    for (const secret of ['', ' ', '%WEBHOOK_SECRET%', 'pasted-with-a-break\n', []]) {
      expect(() => factory({ ...REST[name], secret })).toThrow(
        expect.objectContaining({ code: 'invalid_secret' }) as Error,
      )
      expect(() => factory({ ...REST[name], secret })).not.toThrow(/pasted-with-a-break|WEBHOOK_SECRET/)
    }
    expect(() => factory(REST[name] ?? {})).toThrow()
  })

  it.each(['5', Number.NaN, 0])('a tolerance of %o is refused under the name that it was given', async tolerance => {
    const wrong = expect.objectContaining({ code: 'invalid_option', argument: 'toleranceSeconds' }) as Error
    for (const name of ['stripe', 'zendesk', 'slack', 'telnyx', 'gitlab', 'retell']) {
      const module = (await import(`../../src/providers/${name}.ts`)) as Record<string, (options: object) => unknown>
      expect(() => module[name]?.({ toleranceSeconds: tolerance }), name).toThrow(wrong)
    }
  })

  it.each([
    ['github', { secret: 's' }, 'the header x-github-event'],
    ['stripe', { secret: 's' }, "the body at 'type'"],
    ['gitlab', { token: 's' }, "or the body at 'event_name'"],
  ])('%s: a request without a type says where it was looked for', async (name, options, place) => {
    const module = (await import(`../../src/providers/${name}.ts`)) as Record<string, (given: object) => AnyProvider>
    const parsed = module[name]?.(options).parse({
      method: 'POST',
      url: '/',
      headers: {},
      body: new TextEncoder().encode('{}'),
    })
    expect(parsed).toMatchObject({ ok: false, code: 'invalid_data', message: expect.stringContaining(place) as string })
  })

  it('other proofs are asked for in the same way', () => {
    const empty = { username: 'user', password: '' }
    const invalid = expect.objectContaining({ code: 'invalid_secret' }) as Error
    expect(() => chargebee({ basicAuth: empty })).toThrow(invalid)
    expect(() => postmark({ basicAuth: empty })).toThrow(invalid)
    expect(() => freshdesk({ header: { name: 'x-secret', secret: '' } })).toThrow(invalid)
    expect(() => zohoCrm({ token: '' })).toThrow(invalid)
    expect(() => gitlab({ signingToken: '' })).toThrow(invalid)
    expect(() => gitlab({ token: '' })).toThrow(invalid)
    expect(() => openphone({ legacySecret: '' })).toThrow(invalid)
    expect(() => sendgrid({ publicKey: '' })).toThrow(invalid)
    expect(() => gohighlevel({ publicKey: 'AAAA' })).toThrow(invalid)
    expect(() => espocrm({ webhooks: { a: { secret: '', event: 'Account.create' } } })).toThrow(invalid)
  })

  it.each([Number.NaN, 0, -1, Number.POSITIVE_INFINITY])('a tolerance of %s', toleranceSeconds => {
    expect(() => stripe({ secret: 'whsec_x', toleranceSeconds })).toThrow(/toleranceSeconds/)
    expect(() => linear({ secret: 'x', toleranceSeconds })).toThrow(/toleranceSeconds/)
  })
})

describe('names of types', () => {
  const at = (name: string, native: string): string =>
    name.split('.').reduceRight<unknown>((value, key) => ({ [key]: value }), native) as string
  it.each([
    [chatwoot({ secret: 's' }), 'event', 'conversation_status_changed', 'conversation.status_changed'],
    [chatwoot({ secret: 's' }), 'event', 'webwidget_triggered', 'webwidget.triggered'],
    [clickup({ secret: 's' }), 'event', 'taskTimeTrackedUpdated', 'task.time_tracked_updated'],
    [clickup({ secret: 's' }), 'event', 'keyResultCreated', 'key_result.created'],
    [lemonSqueezy({ secret: 's' }), 'meta.event_name', 'subscription_payment_success', 'subscription_payment.success'],
    [trello({ secret: 's', url: 'u' }), 'action.type', 'createCard', 'card.created'],
    [trello({ secret: 's', url: 'u' }), 'action.type', 'addMemberToCard', 'add_member_to_card'],
    [sanity({ secret: 's' }), '_type', 'blogPost', 'blog_post.changed'],
  ] as const)('%#: $0.name $1 $2', (provider, field, native, type) => {
    expect(firstEvent(provider, post(at(field, native)))).toMatchObject({ type, known: true })
  })
})
