import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { awsSns } from 'crm-webhooks/providers/aws-sns'
import { paypal } from 'crm-webhooks/providers/paypal'
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import type { WebhookRequest } from '../../src/model/http.ts'
import { withHeaders } from '../../src/model/verification.ts'
import { crc32 } from '../../src/providers/paypal/crc32.ts'
import { certificatePublicKey } from '../../src/providers/shared/der.ts'
import { fixtures as snsFixtures } from '../../src/testing/fixtures/aws-sns.ts'
import { fixtures as paypalFixtures } from '../../src/testing/fixtures/paypal.ts'
import { testPublicKeyPem } from '../../src/testing/fixtures/support/rsa.ts'
import { NOW, receive } from './receiving.ts'
import { parseOne, request } from './support.ts'

describe('Amazon SNS', () => {
  const sample = snsFixtures.requests['notification.received']
  const draft = (changes: object): WebhookRequest => request({ ...(sample?.body as object), ...changes })
  const sign = async (changes: object): Promise<WebhookRequest> =>
    (await snsFixtures.authenticate?.(draft(changes), NOW)) ?? draft(changes)
  const loaded = vi.fn()

  it.each([
    'https://sns.us-east-1.amazonaws.com.evil.example/x.pem',
    'https://evil.example/sns.us-east-1.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com@evil.example/x.pem',
    'https://user:pass@sns.us-east-1.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com:8443/x.pem',
    'https://sns.us-east-1.amazonaws.com:443/x.pem',
    'http://sns.us-east-1.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com/x.pem?y',
    'https://sns.us-east-1.amazonaws.com/x.pem#y',
    'https://sns.us-east-1.amazonaws.com/x.pem/../y',
    'https://sns.us-east-1.amazonaws.com/a/x.pem',
    'https://sns.us-east-1.amazonaws.com/x%2f.pem',
    'https://sns.us-east-1.amazonaws.com/x.pem.txt',
    'https://sns.us-east-1.amazonaws.com\\@evil.example/x.pem',
    'https://sns.us-east-1.amazonaws.com\t/x.pem',
    ' https://sns.us-east-1.amazonaws.com/x.pem',
    'https://SNS.us-east-1.amazonaws.com/x.pem',
    'https://sns..amazonaws.com/x.pem',
    'https://sns.evil.example.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com./x.pem',
    'https://notsns.us-east-1.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com.cn.evil.example/x.pem',
    'file:///etc/x.pem',
    '//sns.us-east-1.amazonaws.com/x.pem',
    '',
    7,
  ])('loads nothing from %s', async SigningCertURL => {
    const provider = awsSns({ certificate: loaded })
    expect(await provider.verify(await sign({ SigningCertURL }))).toMatchObject({ ok: false })
    expect(loaded).not.toHaveBeenCalled()
  })

  it.each(['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type', 'Signature'])(
    'notices a changed %s',
    async field => {
      const provider = snsFixtures.create()
      const proved = await sign({})
      const body = JSON.parse(new TextDecoder().decode(proved.body)) as Record<string, string>
      expect(await provider.verify(proved)).toMatchObject({ ok: true })
      const changed = { ...body, [field]: `x${body[field] ?? ''}` }
      expect(await provider.verify(request(changed))).toMatchObject({ ok: false })
      expect(await provider.verify(request({ ...body, [field]: undefined }))).toMatchObject({ ok: false })
    },
  )

  it('asks for one of the topics, and for a fresh message when told to', async () => {
    const proved = await sign({})
    const certificate = async (url: string): Promise<string | undefined> => {
      expect(url).toMatch(/^https:\/\/sns\.eu-central-1\.amazonaws\.com\//)
      return testPublicKeyPem()
    }
    const other = awsSns({ certificate, topicArns: ['arn:aws:sns:eu-central-1:1:other'] })
    expect(await other.verify(proved)).toMatchObject({ ok: false, code: 'credential_mismatch' })
    const strict = awsSns({ certificate, toleranceSeconds: 3600 })
    expect(await strict.verify(proved, { now: NOW })).toMatchObject({ ok: true })
    expect(await strict.verify(proved, { now: NOW + 3_700_000 })).toMatchObject({ code: 'timestamp_too_old' })
  })

  it('loads a certificate once, forgets a failure, and answers 500 when it cannot be loaded', async () => {
    const certificate = vi.fn<() => Promise<string | undefined>>()
    certificate.mockRejectedValueOnce(new Error('no network')).mockResolvedValueOnce('not a certificate')
    certificate.mockImplementation(testPublicKeyPem)
    const provider = awsSns({ certificate })
    const proved = await sign({})
    expect((await receive(provider, proved)).status).toBe(500)
    expect((await receive(provider, proved)).status).toBe(401)
    expect(await Promise.all([receive(provider, proved), receive(provider, proved)])).toMatchObject([
      { status: 200 },
      { status: 200 },
    ])
    expect(certificate).toHaveBeenCalledTimes(3)
  })

  it('does not hand on a link that leads elsewhere', async () => {
    const provider = snsFixtures.create()
    const confirmation = snsFixtures.requests['subscription.confirmation']?.body as object
    expect(parseOne(provider, request(confirmation))).toMatchObject({ type: 'subscription.confirmation' })
    const elsewhere = { ...confirmation, SubscribeURL: 'https://evil.example/?Action=ConfirmSubscription' }
    expect(provider.parse(request(elsewhere))).toMatchObject({ ok: false, code: 'invalid_data' })
  })

  it.each([{ topicArns: [] }, { topicArns: ['orders'] }, { toleranceSeconds: Number.NaN }])(
    'throws for %j',
    options => {
      expect(() => awsSns({ certificate: () => '', ...options })).toThrow(Object.keys(options)[0])
    },
  )
})

describe('the key of a certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'))
  const at = (name: string): string => join(folder, name)
  const openssl = (...words: readonly string[]): void => void execFileSync('openssl', [...words], { stdio: 'pipe' })
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    at('key.pem'),
    '-out',
    at('cert.der'),
    '-outform',
    'DER',
    '-subj',
    '/CN=sns.example.com',
    '-days',
    '2',
  )
  openssl('pkey', '-in', at('key.pem'), '-pubout', '-outform', 'DER', '-out', at('public.der'))
  const certificate = new Uint8Array(readFileSync(at('cert.der')))
  const key = new Uint8Array(readFileSync(at('public.der')))
  rmSync(folder, { recursive: true })

  it('is the one that OpenSSL put there', () => {
    expect(certificatePublicKey(certificate)).toEqual(key)
  })

  it('is not found in what is cut short, longer, or something else', () => {
    for (let length = 0; length < certificate.length; length++) {
      expect(certificatePublicKey(certificate.subarray(0, length))).toBeUndefined()
    }
    expect(certificatePublicKey(new Uint8Array([...certificate, 0]))).toBeUndefined()
    expect(certificatePublicKey(key)).toBeUndefined()
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.nat(certificate.length - 1), fc.nat(255), (place, byte) => {
        const spoilt = certificate.slice()
        spoilt[place] = byte
        expect(() => certificatePublicKey(spoilt)).not.toThrow()
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        expect(certificatePublicKey(bytes)).toBeUndefined()
      }),
    )
  })
})

describe('PayPal', () => {
  const provider = paypalFixtures.create()
  const prove = async (): Promise<WebhookRequest> => {
    const draft = request({ id: 'WH-1', event_type: 'PAYMENT.CAPTURE.COMPLETED', resource: { id: '7' } })
    return (await paypalFixtures.authenticate?.(draft, NOW)) ?? draft
  }

  it('computes the check value of CRC-32', () => {
    expect(crc32(utf8('123456789'))).toBe(0xcbf43926)
    expect(crc32(new Uint8Array(0))).toBe(0)
  })

  it.each([
    'https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1',
    'https://evilpaypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com@evil.example/v1/notifications/certs/CERT-1',
    'https://user@api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com:8443/v1/notifications/certs/CERT-1',
    'http://api.paypal.com/v1/notifications/certs/CERT-1',
    'https://api.paypal.com/v1/notifications/certs/../../x',
    'https://api.paypal.com/x?/v1/notifications/certs/CERT-1',
    'https://API.paypal.com/v1/notifications/certs/CERT-1',
  ])('loads nothing from %s', async url => {
    const certificate = vi.fn()
    const input = withHeaders(await prove(), { 'paypal-cert-url': url })
    const verdict = await paypal({ webhookId: '1JE4291016473214C', certificate }).verify(input)
    expect(verdict).toMatchObject({ ok: false, code: 'unsupported_signature' })
    expect(certificate).not.toHaveBeenCalled()
  })

  it.each(['paypal-transmission-id', 'paypal-transmission-time', 'paypal-transmission-sig', 'paypal-auth-algo'])(
    'refuses another %s',
    async header => {
      const input = await prove()
      expect(await provider.verify(input)).toMatchObject({ ok: true, timestampMs: NOW })
      expect(await provider.verify(withHeaders(input, { [header]: '2026-01-01T10:00:01Z' }))).toMatchObject({
        ok: false,
      })
    },
  )

  it('asks for the webhook id, and for a fresh transmission when told to', async () => {
    const other = paypal({ webhookId: '2XX', certificate: testPublicKeyPem })
    expect(await other.verify(await prove())).toMatchObject({ ok: false, code: 'signature_mismatch' })
    const strict = paypal({ webhookId: '1JE4291016473214C', certificate: testPublicKeyPem, toleranceSeconds: 60 })
    expect(await strict.verify(await prove(), { now: NOW + 60_000 })).toMatchObject({ ok: true })
    expect(await strict.verify(await prove(), { now: NOW + 61_000 })).toMatchObject({ ok: false })
    expect(() => paypal({ webhookId: '', certificate: testPublicKeyPem })).toThrow('webhookId')
  })
})
