import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeBody, type Preset, type PresetRequest } from '../../src/presets/preset.ts'
import { valueAt } from '../../src/presets/shared/value-at.ts'
import { invalidOption } from '../support/invalid-option.ts'
import { findPresets, settingsOf } from './support/presets.ts'
import { DOTTED_CASE, FLAT_CASE, inputOf, SAMPLES } from './support/samples.ts'
import { startTargetServer, type TargetServer } from './support/target-server.ts'
import { TARGETS } from './support/targets.ts'

let server: TargetServer
beforeAll(async () => {
  server = await startTargetServer()
})
afterAll(() => server.close())

const files = await findPresets()

it('finds the presets', () => {
  expect(files.map(file => file.name).sort()).toEqual(Object.keys(SAMPLES).sort())
})

/** Every text anywhere in a JSON value, keys included. */
function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(texts)
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, v]) => [key, ...texts(v)])
    : []
}

function withoutPaths(body: unknown, paths: readonly string[]): string {
  const copy = structuredClone(body)
  for (const path of paths) if (typeof copy === 'object' && copy !== null) Reflect.deleteProperty(copy, path)
  return JSON.stringify(copy)
}

describe.each(files)('$name', ({ name, create }) => {
  const sample = SAMPLES[name]
  const target = TARGETS[name]
  if (sample === undefined || target === undefined) throw new Error(`no sample or target for ${name}`)
  const preset: Preset = create()
  const settings = settingsOf(preset, sample.settings)
  const request = (data: unknown): PresetRequest => preset.request(inputOf(data), settings)

  it('has its file name and a documentation link', () => {
    expect(preset.name).toBe(name)
    expect(new URL(preset.documentationUrl).protocol).toBe('https:')
    expect(create({ name: 'another-name' }).name).toBe('another-name')
  })

  it.each([{}, undefined, null])('refuses empty settings (%j), naming the field', input => {
    const result = preset.settings(input)
    expect(result.ok).toBe(false)
    expect(!result.ok && result.message).toMatch(
      /^(?:site|auth|instance|url|subdomain|domain|projectKey)\b.* is missing/,
    )
  })

  it('refuses each missing field by its name', () => {
    for (const field of Object.keys(sample.settings).filter(key => name !== 'generic' || key === 'url')) {
      const result = preset.settings({ ...sample.settings, [field]: undefined })
      expect(!result.ok && result.message).toContain(field)
    }
  })

  it('refuses unknown options by name, and tables that are none', () => {
    expect(() => create({ feilds: {} })).toThrow(invalidOption('feilds', 'did you mean fields?'))
    expect(() => create('slack' as never)).toThrow(invalidOption('options', 'must be an object, not string'))
    expect(() => create({ fields: [] })).toThrow(invalidOption('fields', 'must be an object, not a list'))
    if (name === 'generic') return
    expect(() => create({ labels: { custmer: 'Kunde' } })).toThrow(invalidOption('labels.custmer', 'customer?'))
  })

  it('refuses unknown settings and guesses what was meant', () => {
    const result = preset.settings({ ...sample.settings, feilds: {} })
    expect(!result.ok && result.message).toMatch(/"feilds" is not a setting here: did you mean fields\?/)
  })

  it('refuses settings of any other shape without throwing', () => {
    for (const input of [5, 'text', [], true, { auth: null }, { url: 5, auth: { type: 'none' } }]) {
      expect(preset.settings(input).ok).toBe(false)
    }
    fc.assert(fc.property(fc.anything(), input => typeof preset.settings(input).ok === 'boolean'))
  })

  it('gives back the settings as they were, so that they can be stored and checked again', () => {
    expect(settings).toEqual(sample.settings)
    expect(settingsOf(preset, JSON.parse(JSON.stringify(settings)))).toEqual(settings)
  })

  it('names every credential in secretSettings', () => {
    const named = preset.secretSettings.map(path => valueAt(settings, path))
    for (const secret of sample.secrets) expect(named).toContain(secret)
  })

  it('keeps the credential to the place where the target wants it', () => {
    const { url, headers, body, confidential } = request(FLAT_CASE)
    for (const secret of sample.secrets) {
      const places = {
        url: url.includes(secret),
        body: texts(body).some(text => text.includes(secret)),
      }
      expect(places).toEqual({ url: sample.secretIn === 'url', body: sample.secretIn === 'body' })
      expect(withoutPaths(body, confidential.bodyPaths)).not.toContain(secret)
    }
    expect(confidential.url).toBe(sample.secretIn === 'url')
    const open = Object.entries(headers).filter(([header]) => !confidential.headers.includes(header.toLowerCase()))
    for (const secret of sample.secrets) expect(JSON.stringify(open)).not.toContain(secret)
    expect(open.map(([header]) => header)).not.toContain('authorization')
    expect(confidential.headers.length > 0).toBe(sample.secretIn === 'headers')
    if (confidential.bodyPaths.length > 0) expect(['otrs', 'pagerduty']).toContain(name)
  })

  it('keeps credentials out of error texts, even when the target repeats them', () => {
    for (const secret of sample.secrets) {
      for (const body of [`bad request: ${secret}`, JSON.stringify({ message: secret, error: secret })]) {
        const outcome = preset.outcome({ status: 400, body }, settings)
        expect(JSON.stringify(outcome)).not.toContain(secret)
      }
    }
  })

  it('makes a request that can be sent: absolute URL, clean headers, JSON', () => {
    const made = request(FLAT_CASE)
    expect(URL.canParse(made.url)).toBe(true)
    expect(() => new Headers({ ...made.headers })).not.toThrow()
    expect(made.contentType).toBe('application/json')
    expect(JSON.parse(encodeBody(made))).toEqual(made.body)
  })

  it('sends the same on every attempt', () => {
    const first = preset.request(inputOf(FLAT_CASE, 'dlv_1', 1), settings)
    expect(preset.request(inputOf(FLAT_CASE, 'dlv_1', 4), settings)).toEqual(first)
  })

  it('makes the same request of flat and of dotted names', () => {
    expect(request(DOTTED_CASE)).toEqual(request(FLAT_CASE))
  })

  it('is taken by the target', async () => {
    const outcome = preset.outcome(await server.send(request(FLAT_CASE), target), settings)
    expect(outcome).toMatchObject({ ok: true })
  })

  it("tells the target's refusals from success", async () => {
    const made = request(FLAT_CASE)
    const judged = async (sent: PresetRequest, answer = target) =>
      preset.outcome(await server.send(sent, answer), settings)
    expect(await judged({ ...made, body: {} })).toMatchObject({ ok: false, message: expect.any(String) as string })
    const wrong = JSON.parse(
      JSON.stringify(sample.settings).replace(/pa55-Wörd|tok-en|key-012|ABCdef|abcdef/, 'wrong'),
    ) as unknown
    const stranger = preset.request(inputOf(FLAT_CASE), settingsOf(preset, wrong))
    if (name !== 'pagerduty' && name !== 'teams') expect(await judged(stranger)).toMatchObject({ ok: false })
    const limited = await judged(made, () => ({ status: 429, headers: { 'Retry-After': '30' }, body: 'slow down' }))
    expect(limited).toEqual({ ok: false, message: 'HTTP 429: slow down', retryAfterSeconds: 30 })
  })

  const long = 'Ünïcödé 😀 <b>&amp;</b> "q" \\ *x* @channel\n'.repeat(2500)
  it.each([
    ['only a subject', { subject: 'Short' }],
    ['nothing at all', {}],
    ['no object', 'text'],
    ['an empty description', { ...FLAT_CASE, description: '' }],
    ['a blank description', { ...FLAT_CASE, description: ' \n ' }],
    ['100 kB of description', { ...FLAT_CASE, description: long }],
    ['100 kB in every field', Object.fromEntries(Object.keys(FLAT_CASE).map(key => [key, long]))],
    [
      'emoji',
      {
        ...FLAT_CASE,
        subject: '😀'.repeat(20_000),
        description: '👩‍👩‍👧‍👦'.repeat(10_000),
        customer_name: '🎉'.repeat(2000),
      },
    ],
    ['only quotes', { ...FLAT_CASE, subject: '"'.repeat(9000), description: '\\"'.repeat(50_000) }],
    ['only brackets', { ...FLAT_CASE, subject: '<'.repeat(9000), description: '&<>'.repeat(30_000) }],
    [
      'control characters',
      { ...FLAT_CASE, subject: 'a\u0000b\u0007\r\nc', description: '\u0000\u001b[31mx\u0085\u202etxt' },
    ],
    ['half surrogate pairs', { ...FLAT_CASE, subject: 'a\ud83d', description: '\ude00'.repeat(100) }],
    [
      'other scripts',
      { ...FLAT_CASE, subject: 'Принтер горит', description: '打印机着火了\n‏הדפסה', customer_name: 'Łukasz' },
    ],
    [
      'mentions and links',
      {
        ...FLAT_CASE,
        subject: '<!channel> @all',
        description: '<https://evil.example|x> [x](https://evil.example) @here <users/all>',
      },
    ],
    ['an unknown priority', { ...FLAT_CASE, priority: 'whatever' }],
    [
      'values of other types',
      { subject: 5, description: { a: 1 }, priority: 3, customer_email: ['x'], case_id: 17, case: null },
    ],
    [
      'no good address and recording',
      { ...FLAT_CASE, customer_email: 'none', call_recording_url: 'javascript:alert(1)' },
    ],
  ])('is taken by the target with %s', async (_, data) => {
    const made = request(data)
    const response = await server.send(made, target)
    expect({ response: response.body, ...preset.outcome(response, settings) }).toMatchObject({ ok: true })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    const unclean = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]|\p{Surrogate}/u
    for (const text of texts(made.body)) expect(text).not.toMatch(unclean)
  })

  it('drops what is absent instead of printing it blank', () => {
    const labels = { phone: 'ZZ1', customer: 'ZZ2', recording: 'ZZ3', email: 'ZZ4', priority: 'ZZ5' }
    const own = create(name === 'generic' ? {} : { labels })
    const sparse = { subject: 'Short', description: 'Text', customer_name: null, customer_phone: '' }
    const body = encodeBody(own.request(inputOf(sparse), settings))
    for (const word of [/ZZ\d/, /undefined/, /""/, /\{\}/, name === 'teams' ? 'never' : 'null'])
      expect(body).not.toMatch(word)
    const full = encodeBody(own.request(inputOf(FLAT_CASE), settings))
    if (name !== 'generic') for (const label of Object.values(labels)) expect(full).toContain(label)
  })

  it('takes any JSON for data without throwing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (data, text) => {
        encodeBody(request(data))
        encodeBody(request({ ...FLAT_CASE, subject: text, description: text, priority: text, case_id: text }))
      }),
      { numRuns: 200 },
    )
  })

  it('takes any answer without throwing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }),
        fc.oneof(fc.json(), fc.string({ unit: 'binary' })),
        (status, body) => {
          const outcome = preset.outcome({ status, body, headers: { 'retry-after': body } }, settings)
          if (!outcome.ok) {
            expect(outcome.message.length).toBeGreaterThan(0)
            expect(outcome.message.length).toBeLessThanOrEqual(500)
            expect(outcome.message).not.toMatch(/\p{Cc}/u)
          } else expect(status).toBeLessThan(300)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('reads a 429 with its waiting time, and leaves the verdict on statuses to the policy', () => {
    const limited = preset.outcome({ status: 429, headers: { 'Retry-After': '17' }, body: '' }, settings)
    expect(limited).toEqual({ ok: false, message: 'HTTP 429', retryAfterSeconds: 17 })
    const page = preset.outcome({ status: 502, body: '<!DOCTYPE html><title>Bad gateway</title>' }, settings)
    expect(page).toEqual({ ok: false, message: 'HTTP 502: an HTML page: Bad gateway' })
  })

  it('merges fields of the target, filled in from the case, the endpoint having the last word', () => {
    const own = create({ fields: { zz_one: 'Ref {{case_id}}', zz_two: 1, zz_three: 3 } })
    const table = { zz_two: '{{customer.name}}', zz_three: null, zz_four: '{{missing}}' }
    const made = own.request(inputOf(FLAT_CASE), settingsOf(own, { ...sample.settings, fields: table }))
    const body = encodeBody(made)
    expect(body).toContain('"zz_one":"Ref TKT')
    expect(body).toContain('"zz_two":"Jane Müller"')
    expect(body).not.toContain('zz_three')
    expect(body).not.toContain('zz_four')
  })
})
