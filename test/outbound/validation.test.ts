import { createAddressGuard, createSender, type EndpointChanges, type EndpointInput } from 'crm-webhooks'
import { generic } from 'crm-webhooks/presets/generic'
import { slack } from 'crm-webhooks/presets/slack'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { readOptions } from '../../src/outbound/options.ts'
import { endpoint, rig, SECRET } from './support.ts'

/** A guard without exceptions, whose names lead to where they say. */
const guard = createAddressGuard({
  lookup: async name => {
    if (name === 'nowhere.example.com') throw new Error('ENOTFOUND')
    if (name === 'inside.example.com') return ['93.184.216.34', '10.0.0.1']
    return ['93.184.216.34']
  },
})

const strict = () => rig([200], { guard, presets: [slack(), generic()] })

/** What the input has, the field that must be named, and a word of the reason. */
type Case = readonly [input: object, field: string, reason: string | RegExp]

async function expectRefused(input: object, field: string, reason: string | RegExp): Promise<void> {
  const { sender } = strict()
  const error: unknown = await sender.endpoints.create(endpoint(input) as EndpointInput).catch((e: unknown) => e)
  expect(error).toMatchObject({ name: 'WebhookError', code: 'invalid_endpoint', argument: field })
  expect((error as Error).message).toContain(field)
  expect((error as Error).message).toMatch(reason)
  expect((await sender.endpoints.list()).items).toEqual([])
}

const URLS: readonly Case[] = [
  [{ url: undefined }, 'url', 'missing'],
  [{ url: null }, 'url', 'null'],
  [{ url: '' }, 'url', 'invalid_url'],
  [{ url: 'billing.example.com/hooks' }, 'url', 'invalid_url'],
  [{ url: 'https://' }, 'url', 'invalid_url'],
  [{ url: 'https://billing.example.com/\nhooks' }, 'url', 'invalid_url'],
  [{ url: 'https://billing.example.com\\@evil.example.com' }, 'url', 'invalid_url'],
  [{ url: `https://billing.example.com/${'a'.repeat(9000)}` }, 'url', 'invalid_url'],
  [{ url: new URL('https://billing.example.com') }, 'url', 'must be text'],
  [{ url: 7 }, 'url', 'must be text'],
  [{ url: 'ftp://billing.example.com/' }, 'url', 'scheme_refused'],
  [{ url: 'file:///etc/passwd' }, 'url', 'scheme_refused'],
  [{ url: 'javascript:alert(1)' }, 'url', 'scheme_refused'],
  [{ url: 'https://user:pass@billing.example.com/' }, 'url', 'credentials_refused'],
  [{ url: 'https://billing.example.com:25/' }, 'url', 'port_refused'],
  [{ url: 'https://localhost/' }, 'url', 'name_refused'],
  [{ url: 'https://metadata.google.internal/' }, 'url', 'name_refused'],
  [{ url: 'https://127.0.0.1/' }, 'url', 'address_refused'],
  [{ url: 'https://0x7f.1/' }, 'url', 'address_refused'],
  [{ url: 'https://2130706433/' }, 'url', 'address_refused'],
  [{ url: 'http://169.254.169.254/latest/meta-data/' }, 'url', 'address_refused'],
  [{ url: 'https://[::1]/' }, 'url', 'address_refused'],
  [{ url: 'https://[::ffff:10.0.0.1]/' }, 'url', 'address_refused'],
  [{ url: 'https://inside.example.com/' }, 'url', 'address_refused'],
  [{ url: 'https://nowhere.example.com/' }, 'url', 'dns_failed'],
  [{ url: 'https://billing.example.com/?api_key=••••••' }, 'url', 'masked'],
]

const TEXTS: readonly Case[] = [
  [{ name: undefined }, 'name', '1 to 200'],
  [{ name: '' }, 'name', '1 to 200'],
  [{ name: 'x'.repeat(201) }, 'name', '1 to 200'],
  [{ name: 7 }, 'name', 'text'],
  [{ description: 'x'.repeat(2001) }, 'description', '2000'],
  [{ description: null }, 'description', 'null'],
  [{ tenant: '' }, 'tenant', '1 to 200'],
  [{ events: undefined }, 'events', 'list'],
  [{ events: [] }, 'events', 'list'],
  [{ events: 'lead.*' }, 'events', 'list'],
  [{ events: ['lead.*', ''] }, 'events[1]', 'pattern'],
  [{ events: ['lead.'] }, 'events[0]', 'pattern'],
  [{ events: ['.lead'] }, 'events[0]', 'pattern'],
  [{ events: ['lead..created'] }, 'events[0]', 'pattern'],
  [{ events: ['lead.crea*'] }, 'events[0]', 'pattern'],
  [{ events: ['**'] }, 'events[0]', 'pattern'],
  [{ events: ['lead created'] }, 'events[0]', 'pattern'],
  [{ events: [7] }, 'events[0]', 'pattern'],
  [{ events: [`lead.${'x'.repeat(128)}`] }, 'events[0]', 'pattern'],
  [{ events: Array.from({ length: 101 }, (_, i) => `lead.${i}`) }, 'events', '100'],
  [{ when: null }, 'when', 'null'],
  [{ when: [] }, 'when', 'object'],
  [{ when: { changed: [] } }, 'when.changed', 'list'],
  [{ when: { changed: [''] } }, 'when.changed', 'list'],
  [{ metadata: [] }, 'metadata', 'object'],
  [{ metadata: { a: 1 } }, 'metadata', 'texts'],
  [{ metadata: { a: 'x'.repeat(501) } }, 'metadata', '500'],
  [{ metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])) }, 'metadata', '50'],
]

const PROTECTED =
  'Host content-length Transfer-Encoding CONTENT-TYPE Content-Encoding Connection Keep-Alive Expect TE Trailer Upgrade'
    .concat(' Proxy-Authorization Webhook-Id webhook-timestamp Webhook-Signature X-Webhook-Signature X-Webhook-Event')
    .concat(' x-webhook-delivery-id X-WEBHOOK-ATTEMPT')
    .split(' ')

const withHeaders = (headers: object): object => ({
  name: 'generic',
  settings: { url: 'https://a.example.com/', headers },
})

const REQUESTS: readonly Case[] = [
  [{ method: 'GET' }, 'method', 'POST, PUT, PATCH'],
  [{ method: 'post' }, 'method', 'POST, PUT, PATCH'],
  [{ headers: [] }, 'headers', 'object'],
  [{ headers: 'X-A: 1' }, 'headers', 'object'],
  [{ headers: { 'X A': '1' } }, 'headers', 'X A'],
  [{ headers: { 'X-A\r\nX-B': '1' } }, 'headers', 'X-A'],
  [{ headers: { '': '1' } }, 'headers', 'name'],
  [{ headers: { 'X-A': '1\r\nX-B: 2' } }, 'headers', 'X-A'],
  [{ headers: { 'X-A': 'emoji 🎉' } }, 'headers', 'X-A'],
  [{ headers: { 'X-A': ' padded ' } }, 'headers', 'X-A'],
  [{ headers: { 'X-A': 7 } }, 'headers', 'X-A'],
  [{ headers: { 'X-A': 'x'.repeat(4097) } }, 'headers', 'X-A'],
  [{ headers: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`X-${i}`, '1'])) }, 'headers', '50'],
  ...PROTECTED.map((name): Case => [{ headers: { [name]: 'x' } }, 'headers', 'protected']),
  [{ headers: JSON.parse('{"__proto__":"x"}') as object }, 'headers', 'protected'],
  [{ auth: { type: 'apiKey', header: '__proto__', key: 'k' } }, 'auth.header', 'protected'],
  [{ signature: { scheme: 'hex', header: '__proto__' } }, 'signature.header', 'protected'],
  [{ signature: { scheme: 'sha256', header: 'X-Sig' }, headers: { 'x-sig': 'x' } }, 'headers', 'protected'],
  [{ signature: { scheme: 'sha256', header: 'X-Sig' }, headers: { 'x-sig-previous': 'x' } }, 'headers', 'protected'],
  [{ auth: null }, 'auth', 'null'],
  [{ auth: 'Bearer x' }, 'auth.type', 'one of'],
  [{ auth: {} }, 'auth.type', 'one of'],
  [{ auth: { type: 'digest' } }, 'auth.type', 'one of'],
  [{ auth: { type: '__proto__' } }, 'auth.type', 'one of'],
  [{ auth: { type: 'constructor' } }, 'auth.type', 'one of'],
  [{ auth: { type: 'basic', username: 'a' } }, 'auth.password', 'is missing'],
  [{ auth: { type: 'basic', username: 'a:b', password: 'secret' } }, 'auth.username', 'colon'],
  [{ auth: { type: 'bearer', token: '' } }, 'auth.token', 'text'],
  [{ auth: { type: 'bearer', token: 'a\nb' } }, 'auth.token', 'line breaks'],
  [{ auth: { type: 'bearer', token: '••••••' } }, 'auth.token', 'Latin-1'],
  [{ auth: { type: 'apiKey', header: 'Host', key: 'k' } }, 'auth.header', 'protected'],
  [{ auth: { type: 'apiKey', header: 'X Y', key: 'k' } }, 'auth.header', 'HTTP'],
  [
    { auth: { type: 'apiKey', header: 'x-sig', key: 'k' }, signature: { scheme: 'hex', header: 'X-Sig' } },
    'auth.header',
    'protected',
  ],
  [
    { auth: { type: 'bearer', token: 'token' }, signature: { scheme: 'hex', header: 'authorization' } },
    'signature.header',
    'auth',
  ],
  [{ timeoutSeconds: 0 }, 'timeoutSeconds', '1 to 120'],
  [{ timeoutSeconds: 121 }, 'timeoutSeconds', '1 to 120'],
  [{ timeoutSeconds: Number.NaN }, 'timeoutSeconds', '1 to 120'],
  [{ timeoutSeconds: '30' }, 'timeoutSeconds', 'number'],
  [{ maxInFlight: 1.5 }, 'maxInFlight', 'whole'],
  [{ maxInFlight: 0 }, 'maxInFlight', '1 to 1000'],
  [{ rateLimit: null }, 'rateLimit', 'null'],
  [{ rateLimit: 10 }, 'rateLimit', 'object'],
  [{ rateLimit: {} }, 'rateLimit.limit', 'whole'],
  [{ rateLimit: { limit: 0, perSeconds: 1 } }, 'rateLimit.limit', '1 to 10000'],
  [{ rateLimit: { limit: 10, perSeconds: 0 } }, 'rateLimit.perSeconds', '1 to 86400'],
  [{ ordering: 'record' }, 'ordering', 'none, subject'],
]

const NAMES = ['nonsense', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '']

const LOOKED_UP: readonly Case[] = [
  ...NAMES.map((name): Case => [{ signature: name }, 'signature', 'known scheme']),
  ...NAMES.map((name): Case => [{ preset: { name } }, 'preset.name', 'not registered']),
  ...NAMES.map((envelope): Case => [{ envelope }, 'envelope', 'standard']),
  ...NAMES.map((retry): Case => [{ retry }, 'retry', 'default']),
  [{ signature: 7 }, 'signature', 'known scheme'],
  [{ signature: { scheme: 'hex', header: 'X Sig' } }, 'signature.header', 'name'],
  [{ signature: { scheme: 'hex', header: 7 } }, 'signature.header', 'name'],
  [{ signature: { scheme: 'hex', header: 'Host' } }, 'signature.header', 'protected'],
  [{ signature: { scheme: 'hex', header: 'webhook-id' } }, 'signature.header', 'protected'],
  [{ signature: { scheme: 'hex', header: 'Content-Length' } }, 'signature.header', 'protected'],
  [{ signature: { scheme: 'standard', header: 'X-Sig' } }, 'signature.header', 'cannot be chosen'],
  [{ signature: { scheme: 'none', header: 'X-Sig' } }, 'signature.header', 'cannot be chosen'],
  [{ preset: 'slack' }, 'preset', 'object'],
  [{ preset: { name: 'slack' } }, 'preset.settings', 'url'],
  [{ preset: { name: 'slack', settings: [] } }, 'preset.settings', ''],
  [{ preset: { name: 'slack', settings: { url: 'https://evil.example.com/' } } }, 'preset.settings', 'hooks.slack.com'],
  [{ preset: { name: 'generic', settings: { url: 'https://10.0.0.1/' } } }, 'url', 'address_refused'],
  ...[...PROTECTED, '__proto__', 'X-Sig', 'X-Sig-Previous', 'Authorization'].map(
    (name): Case => [
      { url: undefined, signature: { scheme: 'hex', header: 'x-sig' }, preset: withHeaders({ [name]: 'x' }) },
      'preset.settings',
      new RegExp(name, 'i'),
    ],
  ),
  [{ template: {}, preset: { name: 'generic', settings: { url: 'https://a.example.com/' } } }, 'template', 'preset'],
  [{ template: '{"a": {{b}}}' }, 'template', /line 1, column \d+/],
  [{ template: '' }, 'template', 'empty'],
  [{ template: null }, 'template', 'null'],
  [{ template: () => 1 }, 'template', 'template'],
  [{ template: { a: 1n } }, 'template', 'template'],
  [{ template: `"${'x'.repeat(70_000)}"` }, 'template', '64 KiB'],
  [{ template: `${'['.repeat(300)}1${']'.repeat(300)}` }, 'template', '200'],
  [{ retry: [60, Number.NaN] }, 'retry[1]', 'seconds'],
  [{ retry: [-1] }, 'retry[0]', 'seconds'],
  [{ retry: Array.from({ length: 100 }, () => 1) }, 'retry', '100'],
  [{ retry: { initialSeconds: 1, factor: 0, maxSeconds: 1, maxAttempts: 1 } }, 'retry.factor', '1 to 1000'],
  [{ retry: { schedule: [1], jitter: 2 } }, 'retry.jitter', '0 to 1'],
  [{ retry: { schedule: [1], retryOn: ['9xx'] } }, 'retry.retryOn', 'statuses'],
  [{ retry: { schedule: [1], retyOn: [] } }, 'retry.retyOn', 'not a field'],
]

const UNKNOWN: readonly Case[] = [
  [{ timeoutSecond: 5 }, 'timeoutSecond', 'did you mean timeoutSeconds'],
  [{ ratelimit: { limit: 1, perSeconds: 1 } }, 'ratelimit', 'did you mean rateLimit'],
  [{ id: 'ep_1' }, 'id', 'no field of an endpoint'],
  [JSON.parse('{"__proto__":{"name":"x"}}') as object, '__proto__', 'no field'],
  [{ when: { changed: ['a'], change: ['b'] } }, 'when.change', 'did you mean changed'],
  [{ signature: { scheme: 'hex', headers: 'X-Sig' } }, 'signature.headers', 'did you mean header'],
  [{ preset: { name: 'slack', setting: {} } }, 'preset.setting', 'did you mean settings'],
  [{ rateLimit: { limit: 1, perSeconds: 1, perSecond: 2 } }, 'rateLimit.perSecond', 'did you mean perSeconds'],
  [{ auth: { type: 'basic', username: 'a', pasword: 'canary' } }, 'auth.pasword', 'did you mean password'],
]

const SECRETS: readonly Case[] = [
  [{ secret: null }, 'secret', 'null'],
  [{ secret: '' }, 'secret', '8 to 512'],
  [{ secret: 'short' }, 'secret', '8 to 512'],
  [{ secret: 'x'.repeat(513) }, 'secret', '8 to 512'],
  [{ secret: new Uint8Array(32) }, 'secret', '8 to 512'],
  [{ secret: 'whsec_not base64!!' }, 'secret', 'secret'],
  [{ secret: 'whsk_AAAA' }, 'secret', 'secret must be whsk_'],
  [{ secret: 'whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=' }, 'secret', 'ed25519'],
  [{ signature: 'hex', secret: '%WEBHOOK_SECRET%' }, 'secret', 'placeholder'],
  [{ signature: 'hex', secret: 'padded secret ' }, 'secret', 'white space'],
]

describe('an endpoint is refused on save, by field and reason, and not stored', () => {
  it.each([...URLS, ...TEXTS])('%o', expectRefused)
  it.each(REQUESTS)('%o', expectRefused)
  it.each([...LOOKED_UP, ...SECRETS, ...UNKNOWN])('%o', expectRefused)

  it.each([undefined, null, 'https://billing.example.com', 7])('%j instead of an object', async input => {
    const { sender } = strict()
    await expect(sender.endpoints.create(input as never)).rejects.toMatchObject({ code: 'invalid_endpoint' })
  })

  it('never repeats a secret in the message', async () => {
    const { sender } = strict()
    const canary = 'canary-f00dcafe'
    const inputs = [
      { secret: `${canary} ` },
      { secret: `whsec_${canary}!` },
      { auth: { type: 'bearer', token: `${canary}\n` } },
      { headers: { 'X-Api-Key': `${canary}\n` } },
      { url: `https://user:${canary}@billing.example.com/` },
      {
        preset: {
          name: 'generic',
          settings: { url: 'https://a.example.com', auth: { type: 'bearer', token: `${canary} ` } },
        },
      },
    ]
    for (const input of inputs) {
      const error: unknown = await sender.endpoints.create(endpoint(input) as EndpointInput).catch((e: unknown) => e)
      expect(error).toMatchObject({ code: 'invalid_endpoint' })
      expect((error as Error).message).not.toContain(canary)
    }
  })

  it('knows the near name of a pattern that the catalogue has nothing for', async () => {
    const { sender } = rig([200], { events: { 'lead.created': z.object({}) } })
    await expect(sender.endpoints.create(endpoint({ events: ['lead.create'] }))).rejects.toMatchObject({
      code: 'invalid_endpoint',
      argument: 'events[0]',
      message: expect.stringContaining("'lead.created'") as string,
    })
    await sender.endpoints.create(endpoint({ events: ['lead.*', 'webhook.delivery.exhausted', '*'] }))
  })
})

describe('update', () => {
  const made = async () => {
    const { sender, transport } = strict()
    const { endpoint: saved } = await sender.endpoints.create(
      endpoint({
        auth: { type: 'bearer', token: 'a-bearer-token' },
        headers: { 'X-Sig': 'mine' },
        metadata: { a: 'b' },
      }),
    )
    return { sender, saved, transport }
  }

  it('checks the whole: what each side allows alone can be wrong together', async () => {
    const { sender, saved } = await made()
    const refused = (changes: object, argument: string) =>
      expect(sender.endpoints.update(saved.id, changes)).rejects.toMatchObject({ code: 'invalid_endpoint', argument })
    await refused({ signature: { scheme: 'sha256', header: 'x-sig' } }, 'headers')
    await refused({ signature: { scheme: 'sha256', header: 'Authorization' } }, 'signature.header')
    await refused({ url: 'https://127.0.0.1/' }, 'url')
    await refused({ events: [] }, 'events')
    await refused({ preset: { name: 'slack', settings: {} } }, 'preset.settings')
    expect(await sender.endpoints.get(saved.id)).toEqual(saved)
  })

  it('keeps what is left out, credentials too', async () => {
    const { sender, saved, transport } = await made()
    const updated = await sender.endpoints.update(saved.id, { name: 'Other', events: ['call.*'] })
    expect(updated).toEqual({ ...saved, name: 'Other', events: ['call.*'], updatedAtMs: updated.updatedAtMs })
    expect(updated.updatedAtMs).toBeGreaterThan(saved.updatedAtMs)
    await sender.endpoints.update(saved.id, { timeoutSeconds: 5 })
    await sender.test(saved.id)
    expect(transport.requests[0]?.headers).toMatchObject({ Authorization: 'Bearer a-bearer-token', 'X-Sig': 'mine' })
  })

  it('takes away what is null, and only that', async () => {
    const { sender } = strict()
    const { endpoint: bare } = await sender.endpoints.create(endpoint())
    const more = {
      description: 'D',
      when: { changed: ['stage_id'] },
      method: 'PUT',
      headers: { 'X-A': '1' },
      auth: { type: 'bearer', token: 'a-bearer-token' },
      signature: 'hex',
      envelope: 'bare',
      retry: [1],
      timeoutSeconds: 5,
      rateLimit: { limit: 1, perSeconds: 1 },
      maxInFlight: 3,
      ordering: 'subject',
      metadata: { a: 'b' },
    } as const
    const { endpoint: full } = await sender.endpoints.create(endpoint(more))
    let before = full
    for (const field of Object.keys(more) as (keyof typeof more)[]) {
      const after = await sender.endpoints.update(full.id, { [field]: null })
      expect(after).toEqual({ ...before, [field]: bare[field], updatedAtMs: after.updatedAtMs })
      expect(before[field]).not.toEqual(bare[field])
      before = after
    }
  })

  it('leaves alone what is undefined', async () => {
    const { sender, saved } = await made()
    const updated = await sender.endpoints.update(saved.id, { name: undefined, url: undefined, auth: undefined })
    expect(updated).toEqual({ ...saved, updatedAtMs: updated.updatedAtMs })
  })

  it.each([
    [{ name: null }, 'name'],
    [{ events: null }, 'events'],
    [{ url: null }, 'url'],
    [{ headers: { 'X-A': null } }, 'headers'],
    [null, 'changes'],
    ['name', 'changes'],
  ])('refuses %o, naming it', async (changes, argument) => {
    const { sender, saved } = await made()
    await expect(sender.endpoints.update(saved.id, changes as object)).rejects.toMatchObject({
      code: 'invalid_endpoint',
      argument,
    })
    expect(await sender.endpoints.get(saved.id)).toEqual(saved)
  })

  it('goes from an envelope to a template to a preset and back, one at a time', async () => {
    const { sender } = strict()
    const { endpoint: saved } = await sender.endpoints.create(endpoint({ envelope: 'bare' }))
    const preset = { name: 'slack', settings: { url: 'https://hooks.slack.com/services/T/B/x' } }
    const refused = (changes: EndpointChanges, argument: string) =>
      expect(sender.endpoints.update(saved.id, changes)).rejects.toMatchObject({ code: 'invalid_endpoint', argument })
    await refused({ template: '{}' }, 'envelope')
    await refused({ preset }, 'envelope')
    expect(await sender.endpoints.update(saved.id, { template: '{}', envelope: null })).toMatchObject({
      template: '{}',
      envelope: 'standard',
    })
    await refused({ preset }, 'template')
    await refused({ envelope: 'devlink' }, 'envelope')
    const made = await sender.endpoints.update(saved.id, { preset, template: null, url: null, signature: null })
    expect(made).toMatchObject({ preset: { name: 'slack' }, template: undefined, signature: { scheme: 'none' } })
    await refused({ preset: null }, 'url')
    const back = { preset: null, url: 'https://billing.example.com/hooks', signature: null, envelope: 'bare' } as const
    const { updatedAtMs } = await sender.endpoints.update(saved.id, back)
    expect(await sender.endpoints.get(saved.id)).toEqual({ ...saved, updatedAtMs })
  })

  it('changes neither tenant nor secret nor identity, whatever it is handed', async () => {
    const { sender, saved } = await made()
    const foreign = { tenant: 'other', secret: 'another-secret', id: 'ep_x', status: 'disabled', createdAtMs: 0 }
    for (const [argument, value] of Object.entries(foreign)) {
      const changes = { name: 'Other', [argument]: value } as object
      const refused = { code: 'invalid_endpoint', argument }
      await expect(sender.endpoints.update(saved.id, changes)).rejects.toMatchObject(refused)
    }
    expect(await sender.endpoints.get(saved.id)).toEqual(saved)
  })

  it('to another scheme ends a replaced secret that cannot sign by it', async () => {
    const { sender, clock, transport } = rig()
    const { endpoint: saved } = await sender.endpoints.create(
      endpoint({ signature: 'hex', secret: 'plain text, no base64' }),
    )
    await sender.endpoints.rotateSecret(saved.id, { secret: SECRET })
    await sender.endpoints.update(saved.id, { signature: 'standard' })
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(0)
    expect(transport.requests[0]?.headers['webhook-signature']?.split(' ')).toHaveLength(1)
    expect((await sender.deliveries.list()).items).toMatchObject([{ status: 'succeeded' }])
  })

  it('looks its address up only when that is changed', async () => {
    let lookups = 0
    const counting = createAddressGuard({
      lookup: async () => {
        lookups++
        return ['93.184.216.34']
      },
    })
    const { sender } = rig([200], { guard: counting, presets: [slack()] })
    const { endpoint: saved } = await sender.endpoints.create(endpoint())
    expect(lookups).toBe(1)
    await sender.endpoints.update(saved.id, { name: 'Other', events: ['call.*'], headers: { 'X-A': '1' } })
    expect(lookups).toBe(1)
    await sender.endpoints.update(saved.id, { url: 'https://other.example.com/' })
    expect(lookups).toBe(2)
    const settings = { url: 'https://hooks.slack.com/services/T0/B0/abc' }
    await sender.endpoints.update(saved.id, { preset: { name: 'slack', settings }, url: null })
    expect(lookups).toBe(3)
    await sender.endpoints.update(saved.id, { preset: null, url: 'https://billing.example.com/' })
    expect(lookups).toBe(4)
  })

  it('by several at once loses no field', async () => {
    const { sender, saved } = await made()
    const changes = [{ name: 'N' }, { description: 'D' }, { timeoutSeconds: 7 }, { maxInFlight: 3 }]
    await Promise.all(changes.map(change => sender.endpoints.update(saved.id, change)))
    expect(await sender.endpoints.get(saved.id)).toMatchObject(Object.assign({}, ...changes) as object)
  })

  it('gives up with a conflict when others never stop writing', async () => {
    const store = memoryStore()
    store.endpoints.replace = async () => false
    const { sender } = rig([200], { store })
    const { endpoint: saved } = await sender.endpoints.create(endpoint())
    const calls = [
      () => sender.endpoints.update(saved.id, { name: 'x' }),
      () => sender.endpoints.disable(saved.id),
      () => sender.endpoints.rotateSecret(saved.id),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'conflict' })
    expect(await sender.endpoints.get(saved.id)).toEqual(saved)
  })
})

describe('rotateSecret', () => {
  it.each([
    [{ secret: 'not base64 at all!' }, 'invalid_endpoint', 'secret'],
    [{ secret: '' }, 'invalid_endpoint', 'secret'],
    [{ keepPreviousForSeconds: -1 }, 'invalid_option', 'keepPreviousForSeconds'],
    [{ keepPreviousForSeconds: Number.NaN }, 'invalid_option', 'keepPreviousForSeconds'],
    [{ keepPreviousForSeconds: 31_536_001 }, 'invalid_option', 'keepPreviousForSeconds'],
  ])('%o is refused and changes nothing', async (options, code, argument) => {
    const { sender } = strict()
    const { endpoint: saved } = await sender.endpoints.create(endpoint())
    await expect(sender.endpoints.rotateSecret(saved.id, options)).rejects.toMatchObject({ code, argument })
    expect(await sender.endpoints.get(saved.id)).toEqual(saved)
  })
})

describe('what is stored', () => {
  it('has no field that the endpoint does not have, so that nothing is shown unmasked', async () => {
    const { sender } = strict()
    const auth = { type: 'bearer', token: 'a-bearer-token' }
    for (const input of [{ auth, stray: 'canary' }, { auth: { ...auth, password: 'canary' } }]) {
      const error: unknown = await sender.endpoints.create(endpoint(input)).catch((e: unknown) => e)
      expect(error).toMatchObject({ code: 'invalid_endpoint' })
      expect((error as Error).message).not.toContain('canary')
    }
    const { endpoint: saved } = await sender.endpoints.create(endpoint({ auth: { ...auth, password: undefined } }))
    expect(Object.keys(saved.auth)).toEqual(['type', 'token'])
    expect(JSON.stringify([saved, await sender.endpoints.list()])).not.toMatch(/canary|a-bearer-token/)
  })

  it('is not changed by what the caller does with its objects afterwards', async () => {
    const { sender, clock, transport } = rig()
    const input = {
      ...endpoint(),
      headers: { 'X-A': '1' },
      events: ['lead.*'],
      auth: { type: 'bearer' as const, token: 'token-1' },
    }
    await sender.endpoints.create(input)
    input.headers['X-A'] = '2'
    input.events.length = 0
    input.auth.token = 'token-2'
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(0)
    expect(transport.requests[0]?.headers).toMatchObject({ 'X-A': '1', Authorization: 'Bearer token-1' })
  })
})

describe('createSender', () => {
  it('lets a worker hold as much as fits into 256 MB, and never less than it can begin', () => {
    const transport = scriptedTransport([200], manualClock())
    const heldWith = (options: object): number => readOptions({ guard, transport, ...options }).maxHeld
    expect(heldWith({})).toBe(1_024)
    expect(heldWith({ maxDataBytes: 1_048_576 })).toBe(256)
    expect(heldWith({ maxDataBytes: 100_000_000, worker: { slots: 7 } })).toBe(7)
  })

  it.each([
    [{ transport: undefined }, 'transport'],
    [{ guard: undefined }, 'guard'],
    [{ worker: { slots: 0 } }, 'worker.slots'],
    [{ worker: { leaseSeconds: Number.NaN } }, 'worker.leaseSeconds'],
    [{ disable: { afterSeconds: -1 } }, 'disable.afterSeconds'],
    [{ maxDataBytes: Number.POSITIVE_INFINITY }, 'maxDataBytes'],
    [{ logSuccesses: 'none' as 'brief' }, 'logSuccesses'],
    [{ userAgent: 'a\r\nb' }, 'userAgent'],
    [{ userAgent: '' }, 'userAgent'],
    [{ worker: { slot: 1 } }, 'worker.slot'],
    [{ disable: { after: 1 } }, 'disable.after'],
    [{ events: { 'lead.created': {} } }, "events['lead.created']"],
  ])('refuses %o, naming it', (options, argument) => {
    expect(() => rig([200], options as object)).toThrowError(
      expect.objectContaining({ code: 'invalid_option', argument }) as Error,
    )
  })

  it('names what is missing when it is given nothing', () => {
    const nothing = createSender as unknown as () => void
    expect(() => nothing()).toThrowError(/options are missing: \{ transport, guard/)
  })
})
