import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AwsSnsOptions, awsSns } from 'crm-webhooks/providers/aws-sns'
import { paypal } from 'crm-webhooks/providers/paypal'
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import { createReceiver } from '../../src/inbound/receiver.ts'
import type { WebhookRequest } from '../../src/model/http.ts'
import { withHeaders } from '../../src/model/verification.ts'
import { crc32 } from '../../src/providers/paypal/crc32.ts'
import { certificatePublicKey } from '../../src/providers/shared/der.ts'
import { createKeyRing } from '../../src/providers/shared/signing-certificate.ts'
import { fixtures as snsFixtures } from '../../src/testing/fixtures/aws-sns.ts'
import { fixtures as paypalFixtures } from '../../src/testing/fixtures/paypal.ts'
import { certificatePem, testCertificatePem } from '../../src/testing/fixtures/support/rsa.ts'
import { NOW, receive } from './receiving.ts'
import { parseOne, request } from './support.ts'

describe('Amazon SNS', () => {
  const sample = snsFixtures.requests['notification.received']
  const draft = (changes: object): WebhookRequest => request({ ...(sample?.body as object), ...changes })
  const sign = async (changes: object): Promise<WebhookRequest> =>
    (await snsFixtures.authenticate?.(draft(changes), NOW)) ?? draft(changes)
  const loaded = vi.fn()

  it.each([
    'https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem',
    'https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem',
    'https://user:pass@sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.amazonaws.com:443/SimpleNotificationService-0a.pem',
    'http://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem?y',
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem#y',
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem/../y',
    'https://sns.us-east-1.amazonaws.com/a/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.amazonaws.com/x%2f.pem',
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem.txt',
    'https://sns.us-east-1.amazonaws.com\\@evil.example/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.amazonaws.com\t/SimpleNotificationService-0a.pem',
    ' https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://SNS.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns..amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.evil.example.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.amazonaws.com./SimpleNotificationService-0a.pem',
    'https://notsns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.amazonaws.com.cn.evil.example/SimpleNotificationService-0a.pem',
    'https://sns.s3.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.s3-accelerate.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.s3-website-us-east-1.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.elb.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.us-east.amazonaws.com/SimpleNotificationService-0a.pem',
    'https://sns.us-east-1.amazonaws.com/evil.pem',
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-.pem',
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0g.pem',
    'file:///etc/SimpleNotificationService-0a.pem',
    '//sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem',
    '',
    7,
  ])('loads nothing from %s', async SigningCertURL => {
    const provider = awsSns({ certificate: loaded, topicArns: 'any' })
    expect(await provider.verify(await sign({ SigningCertURL }))).toMatchObject({ ok: false })
    expect(loaded).not.toHaveBeenCalled()
  })

  it.each([
    'https://sns.us-gov-west-1.amazonaws.com',
    'https://sns.ap-southeast-3.amazonaws.com',
    'https://sns.cn-northwest-1.amazonaws.com.cn',
  ])('loads the certificate of %s', async host => {
    const certificate = vi.fn(testCertificatePem)
    const SigningCertURL = `${host}/SimpleNotificationService-0123456789abcdef.pem`
    expect(await awsSns({ certificate, topicArns: 'any' }).verify(await sign({ SigningCertURL }))).toMatchObject({
      ok: true,
    })
    expect(certificate).toHaveBeenCalledExactlyOnceWith(SigningCertURL)
  })

  it('takes no bare key in place of a certificate', async () => {
    const certificate = (): string => {
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      return publicKey.export({ type: 'spki', format: 'pem' }).toString()
    }
    const verdict = await awsSns({ certificate, topicArns: 'any' }).verify(await sign({}))
    expect(verdict).toMatchObject({ ok: false, code: 'unsupported_signature' })
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
      return testCertificatePem()
    }
    const other = awsSns({ certificate, topicArns: ['arn:aws:sns:eu-central-1:1:other'] })
    expect(await other.verify(proved)).toMatchObject({ ok: false, code: 'credential_mismatch' })
    const strict = awsSns({ certificate, topicArns: 'any', toleranceSeconds: 3600 })
    expect(await strict.verify(proved, { now: NOW })).toMatchObject({ ok: true })
    expect(await strict.verify(proved, { now: NOW + 3_700_000 })).toMatchObject({ code: 'timestamp_too_old' })
  })

  it('answers 500 when a certificate cannot be loaded, and loads it once', async () => {
    const certificate = vi.fn<() => Promise<string | undefined>>()
    certificate.mockRejectedValueOnce(new Error('no network')).mockImplementation(testCertificatePem)
    const provider = awsSns({ certificate, topicArns: 'any' })
    const proved = await sign({})
    expect((await receive(provider, proved)).status).toBe(500)
    expect(await Promise.all([receive(provider, proved), receive(provider, proved)])).toMatchObject([
      { status: 200 },
      { status: 200 },
    ])
    expect(certificate).toHaveBeenCalledTimes(2)
  })

  it('asks SNS to try again where it would take a 4xx as final', async () => {
    const receiver = createReceiver({ provider: snsFixtures.create(), bodyTimeoutSeconds: 0.02 })
    const [begun, done] = [new Signal(), new Signal()]
    receiver.on('*', () => {
      begun.give()
      return done.given
    })
    const proved = await sign({})
    const first = receiver.receive(proved)
    await begun.given
    const { status, headers } = await receiver.receive(proved)
    expect({ status, headers }).toEqual({
      status: 503,
      headers: { 'retry-after': expect.stringMatching(/^\d+$/) as string },
    })
    done.give()
    expect(await first).toMatchObject({ status: 200 })
    const slow = await receiver.receive({ ...proved, body: () => new Promise<never>(() => undefined) })
    expect(slow).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  })

  it('does not hand on a link that leads elsewhere', async () => {
    const provider = snsFixtures.create()
    const confirmation = snsFixtures.requests['subscription.confirmation']?.body as object
    expect(parseOne(provider, request(confirmation))).toMatchObject({ type: 'subscription.confirmation' })
    const elsewhere = { ...confirmation, SubscribeURL: 'https://evil.example/?Action=ConfirmSubscription' }
    expect(provider.parse(request(elsewhere))).toMatchObject({ ok: false, code: 'invalid_data' })
  })

  it.each([
    { topicArns: [] },
    { topicArns: ['orders'] },
    { topicArns: undefined },
    { topicArns: 'arn:aws:sns:eu-central-1:1:orders' },
    { topicArns: ['any'] },
    { toleranceSeconds: Number.NaN },
  ])('throws for %j', options => {
    const given = { certificate: () => '', topicArns: 'any', ...options } as unknown as AwsSnsOptions
    expect(() => awsSns(given)).toThrow(Object.keys(options)[0])
  })
})

describe('the keys behind URLs', () => {
  const NAMES = Array.from({ length: 100 }, (_, i) => `https://example.com/${i}`)
  const pem = certificatePem(new Uint8Array([0x30, 0]))
  const key = new Uint8Array([0x30, 0])

  it('are loaded a few at a time, and one only once', async () => {
    const answers = new Map<string, (pem: string) => void>()
    const load = vi.fn((url: string) => new Promise<string>(resolve => answers.set(url, resolve)))
    const keys = createKeyRing(load)
    const found = Promise.allSettled(NAMES.flatMap(url => [keys.find(url, 0), keys.find(url, 0)]))
    expect(load).toHaveBeenCalledTimes(4)
    for (const answer of answers.values()) answer(pem)
    expect((await found).filter(({ status }) => status === 'fulfilled')).toHaveLength(8)
    answers.clear()
    void keys.find('https://example.com/free', 0)
    expect([...answers.keys()]).toEqual(['https://example.com/free'])
  })

  it('are not waited for without end', async () => {
    const load = vi.fn((url: string) => (url === 'last' ? pem : new Promise<never>(() => undefined)))
    const keys = createKeyRing(load)
    for (const url of NAMES.slice(0, 4)) void keys.find(url, 0)
    await expect(keys.find('last', 29_999)).rejects.toThrow('too many')
    expect(await keys.find('last', 30_000)).toEqual(key)
  })

  it.each([undefined, 'not a certificate', `-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----`])(
    'are asked for again a minute after there was %j',
    async nothing => {
      const load = vi.fn<() => string | undefined>().mockReturnValueOnce(nothing).mockReturnValue(pem)
      const keys = createKeyRing(load)
      expect(await keys.find('a', 0)).toBeUndefined()
      expect(await keys.find('a', 59_999)).toBeUndefined()
      expect(load).toHaveBeenCalledTimes(1)
      expect(await keys.find('a', 60_000)).toEqual(key)
    },
  )

  it('are asked for again at once when loading failed', async () => {
    const load = vi.fn<() => Promise<string>>().mockRejectedValueOnce(new Error('no network')).mockResolvedValue(pem)
    const keys = createKeyRing(load)
    await expect(keys.find('a', 0)).rejects.toThrow('no network')
    expect(await keys.find('a', 0)).toEqual(key)
  })

  it('that have verified something outlast those that have not', async () => {
    const load = vi.fn(() => pem)
    const keys = createKeyRing(load)
    await keys.find('real', 0)
    keys.proved('real')
    for (const url of NAMES) await keys.find(url, 0)
    await keys.find('real', 0)
    expect(load).toHaveBeenCalledTimes(101)
    await keys.find(NAMES[0] ?? '', 0)
    expect(load).toHaveBeenCalledTimes(102)
  })
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
    const other = paypal({ webhookId: '2XX', certificate: testCertificatePem })
    expect(await other.verify(await prove())).toMatchObject({ ok: false, code: 'signature_mismatch' })
    const strict = paypal({ webhookId: '1JE4291016473214C', certificate: testCertificatePem, toleranceSeconds: 60 })
    expect(await strict.verify(await prove(), { now: NOW + 60_000 })).toMatchObject({ ok: true })
    expect(await strict.verify(await prove(), { now: NOW + 61_000 })).toMatchObject({ ok: false })
    expect(() => paypal({ webhookId: '', certificate: testCertificatePem })).toThrow('webhookId')
  })
})

/** Something that happens once. */
class Signal {
  give = (): void => undefined
  readonly given = new Promise<void>(resolve => {
    this.give = resolve
  })
}
