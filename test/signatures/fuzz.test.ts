/**
 * Valid requests, mutated at random: whenever the signed bytes or the proof differ from the original, the request must
 * be refused, and nothing may throw. Repeat a run with `FUZZ_SEED=… FUZZ_REQUESTS=… npx vitest run test/signatures/fuzz.test.ts`.
 */
import { describe, expect, it } from 'vitest'
import { encodeBase64Url, utf8 } from '../../src/bytes/encoding.ts'
import type { WebhookRequest } from '../../src/model/http.ts'
import type { Verifier } from '../../src/model/verification.ts'
import { type HmacSignature, hmacSignature, standardWebhooks } from '../../src/signatures/index.ts'

const MUTATED_REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 100_000)
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const NOW = 1_767_225_600_000
const SECRET = 'a-shared-secret-of-32-characters'

type Headers = Record<string, string | readonly string[]>

/** A scheme, and a second opinion on what of a request is the proof and what is signed. */
interface Target {
  readonly name: string
  readonly scheme: Pick<HmacSignature, 'verify'> & Pick<Verifier, 'authenticate'>
  /** Texts of the signatures; the letter case of hex does not count. */
  readonly proofs: (header: (name: string) => string) => readonly string[]
  /** What is signed beside the body: before and behind it. */
  readonly around: (header: (name: string) => string) => readonly [before: string, behind: string]
}

const items = (value: string, separator: string): readonly string[] =>
  value.split(separator).map(item => item.replace(/^[ \t]+/, '').replace(/[ \t]+$/, ''))
const tagged = (value: string, separator: string, tag: string): readonly string[] =>
  items(value, separator).flatMap(item => (item.startsWith(tag) ? [item.slice(tag.length)] : []))
const lower = (texts: readonly string[]): readonly string[] =>
  texts.map(item => item.replace(/[A-F]/g, letter => letter.toLowerCase()))

const TARGETS: readonly Target[] = [
  {
    name: 'prefix and hex',
    scheme: hmacSignature({ secret: SECRET, signature: { header: 'x-signature', prefix: 'sha256=' } }),
    proofs: header => (header('x-signature').startsWith('sha256=') ? lower([header('x-signature').slice(7)]) : []),
    around: () => ['', ''],
  },
  {
    name: 'list with a time',
    scheme: hmacSignature({
      secret: SECRET,
      signature: { header: 'x-signature', list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
      timestamp: { from: { tag: 't' } },
      message: '{timestamp}.{body}',
    }),
    proofs: header => lower(tagged(header('x-signature'), ',', 'v1=')),
    around: header => [`${tagged(header('x-signature'), ',', 't=').join('|')}.`, ''],
  },
  {
    name: 'time behind the body',
    scheme: hmacSignature({
      secret: ['old', SECRET],
      signature: { header: 'x-signature', list: { separator: ',', tagSeparator: '=', tag: 'd' } },
      timestamp: { from: { tag: 'v' }, unit: 'ms' },
      message: '{body}{timestamp}',
    }),
    proofs: header => lower(tagged(header('x-signature'), ',', 'd=')),
    around: header => ['', tagged(header('x-signature'), ',', 'v=').join('|')],
  },
  {
    name: 'fields by position',
    scheme: hmacSignature({
      secret: SECRET,
      signature: { header: 'x-signature', fields: ['hmac', '1', 'timestamp', 'signature'], separator: ';' },
      timestamp: { from: 'field', unit: 'ms' },
      encoding: 'base64url',
      message: '{timestamp}.{body}',
    }),
    // Base64url is read with and without padding.
    proofs: header => [
      header('x-signature')
        .replace(/^[ \t]*hmac;1;.*;/s, '')
        .replace(/[ \t]+$/, '')
        .replace(/={1,2}$/, ''),
    ],
    around: header => [`${items(header('x-signature'), ';')[2]}.`, ''],
  },
  {
    name: 'two headers and an ISO time',
    scheme: hmacSignature({
      secret: SECRET,
      signature: { header: ['x-signature', 'x-signature-2'] },
      encoding: 'base64',
      timestamp: { from: { header: 'x-time' }, unit: 'iso' },
      message: '{body}{timestamp}',
    }),
    proofs: header => [header('x-signature'), header('x-signature-2')],
    around: header => ['', header('x-time')],
  },
  {
    name: 'Standard Webhooks',
    scheme: standardWebhooks({ secret: `whsec_${Buffer.from(SECRET).toString('base64')}` }),
    proofs: header =>
      header('webhook-signature')
        .split(' ')
        .flatMap(item => (item.startsWith('v1,') ? [item.slice(3)] : [])),
    around: header => [`${header('webhook-id')}.${header('webhook-timestamp')}.`, ''],
  },
]

const BODIES = [
  '{"event":"deal.updated","data":{"id":4242,"title":"Rámcová smlouva"}}',
  '{}',
  '{ "a" : [1, 2] }\r\n',
  'a=1&b=2',
]

describe(`mutated requests, seed ${SEED}`, () => {
  const random = generator(SEED)
  const share = Math.ceil(MUTATED_REQUESTS / TARGETS.length)

  it.each(TARGETS.map(target => [target.name, target] as const))('%s: what differs is refused', (_name, target) => {
    let different = 0
    while (different < share) {
      const original = sample(target, BODIES[random(BODIES.length)] ?? '')
      const reference = opinion(target, original)
      for (let i = 0; i < 50; i++) {
        let mutated = original
        for (let changes = 1 + random(3); changes > 0; changes--) mutated = mutate(mutated, random)
        if (isSame(opinion(target, mutated), reference)) continue
        different++
        if (target.scheme.verify(mutated, { now: NOW }).ok)
          expect.fail(`accepted: ${show(mutated)}, signed as ${show(original)}`)
      }
    }
  })

  it.each(TARGETS.map(target => [target.name, target] as const))(
    '%s: what does not differ is accepted',
    (_name, target) => {
      for (const body of BODIES)
        expect(target.scheme.verify(sample(target, body), { now: NOW })).toMatchObject({ ok: true })
    },
  )
})

function sample({ scheme }: Target, body: string): WebhookRequest {
  const headers = { 'content-type': 'application/json', 'webhook-id': 'msg_1' }
  const request = { method: 'POST', url: '/hook', headers, body: utf8(body) }
  const signed = scheme.authenticate?.(request, { now: NOW })
  if (signed === undefined || signed instanceof Promise) throw new Error('expected a scheme that signs at once')
  return signed
}

interface Opinion {
  readonly proofs: readonly string[]
  readonly signed: string
}

function opinion({ proofs, around }: Target, { headers, body }: WebhookRequest): Opinion {
  const values = new Map(Object.entries(headers as Headers).map(([name, value]) => [name.toLowerCase(), value]))
  const header = (name: string): string => {
    const value = values.get(name) ?? ''
    return typeof value === 'string' ? value : (value[0] ?? '')
  }
  const [before, behind] = around(header)
  return { proofs: proofs(header), signed: before + Buffer.from(body).toString('latin1') + behind }
}

function isSame(mutated: Opinion, original: Opinion): boolean {
  return (
    mutated.signed === original.signed && original.proofs.some(proof => proof !== '' && mutated.proofs.includes(proof))
  )
}

/** A small generator with a seed (mulberry32): whole numbers from 0 up to a limit. */
function generator(seed: number): (limit: number) => number {
  let state = seed
  return limit => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}

type Random = (limit: number) => number

function mutate(request: WebhookRequest, random: Random): WebhookRequest {
  if (random(3) === 0) {
    const text = mutateText(Buffer.from(request.body).toString('latin1'), random)
    return { ...request, body: new Uint8Array(Buffer.from(text, 'latin1')) }
  }
  const headers = { ...(request.headers as Headers) }
  const names = Object.keys(headers).filter(name => name !== 'content-type')
  const name = names[random(names.length)]
  if (name === undefined) return request
  const value = headers[name] ?? ''
  const first = typeof value === 'string' ? value : (value[0] ?? '')
  switch (random(12)) {
    case 0:
      delete headers[name]
      break
    case 1:
      headers[name] = [mutateText(first, random), first]
      break
    case 2: {
      const other = names[random(names.length)] ?? name
      headers[name] = headers[other] ?? ''
      headers[other] = value
      break
    }
    case 3:
      delete headers[name]
      headers[mutateText(name, random)] = value
      break
    default:
      headers[name] = mutateText(first, random)
  }
  return { ...request, headers }
}

const INSERTS = [
  '\0',
  '\ufeff',
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ',',
  '=',
  ';',
  '.',
  '0',
  'A',
  '\u00a0',
  'é',
  '\ud800',
  'v1=',
  't=1,',
]

function mutateText(text: string, random: Random): string {
  const at = random(text.length + 1)
  const end = Math.min(text.length, at + 1 + random(8))
  switch (random(8)) {
    case 0:
      return (
        text.slice(0, at) + String.fromCharCode((text.charCodeAt(at) || 48) ^ (1 << random(8))) + text.slice(at + 1)
      )
    case 1:
      return text.slice(0, at)
    case 2:
      return text.slice(at)
    case 3:
      return text.slice(0, end) + text.slice(at)
    case 4:
      return text.slice(0, at) + text.slice(end) + text.slice(at, end)
    case 5:
      return text.slice(0, at) + (INSERTS[random(INSERTS.length)] ?? '') + text.slice(at)
    case 6:
      return text.slice(0, at) + text.slice(end)
    default:
      return reencode(text, random)
  }
}

function reencode(text: string, random: Random): string {
  switch (random(7)) {
    case 0:
      return text.toUpperCase()
    case 1:
      return text.replace(/\+/g, '-').replace(/\//g, '_')
    case 2:
      return text.replace(/=+$/, '')
    case 3:
      return `${text}=`
    case 4:
      return text.replace(/[0-9a-f]{40,}/, digits => encodeBase64Url(new Uint8Array(Buffer.from(digits, 'hex'))))
    case 5:
      return encodeURIComponent(text.replace(/[\ud800-\udfff]/g, ''))
    default:
      return Buffer.from(text).toString('base64')
  }
}

function show({ headers, body }: WebhookRequest): string {
  return JSON.stringify({ headers, body: Buffer.from(body).toString('latin1') })
}
