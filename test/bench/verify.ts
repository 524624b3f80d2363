/**
 * What it costs to verify a request: header text and body bytes in, verdict out, with a secret that was prepared
 * before. Against `node:crypto` used directly, and against the packages that senders publish.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { verify as octokitVerify } from '@octokit/webhooks-methods'
import { Retell } from 'retell-sdk'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { Webhook as SvixWebhook } from 'svix'
import { nobleHmac, selectHmacBackend } from '../../src/bytes/hmac.ts'
import { hmacSignature, standardWebhooks } from '../../src/signatures/index.ts'
import { type Contestant, compare, formatTable, type Measurement, ratioOf } from './harness.ts'

/** One measurement. Ratios above 1 are faster than `createHmac`. */
export interface Row {
  readonly bytes: number
  readonly name: string
  readonly microseconds: number
  readonly ratio: number
  /** `undefined` where there is none. */
  readonly goal: number | undefined
  readonly reached: boolean | undefined
}

const SIZES = [300, 1_024, 16_384, 65_536]
const NODE = 'node:crypto createHmac(KeyObject) + timingSafeEqual'
const NATIVE = 'crm-webhooks, native'
const NOBLE = 'crm-webhooks, @noble/hashes'
/** What noble itself takes when the state after the key is kept: no more than this can be had with noble alone. */
const BARE_NOBLE = '@noble/hashes HMAC, key prepared'
const FASTEST_PEER = 'crm-webhooks, native, to the fastest package'
const PEERS = ['standardwebhooks', 'svix', 'stripe', '@octokit/webhooks-methods', 'retell-sdk']

/** Ratio to the baseline that a contestant should reach at a size. */
const GOALS: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  [NATIVE]: { 1024: 1.15, 65536: 0.97 },
  [NOBLE]: { 1024: 0.38 },
  [FASTEST_PEER]: { 1024: 1.3 },
}

const SECRET = 'a-shared-secret-of-32-characters'
const STANDARD_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const KEY = createSecretKey(Buffer.from(SECRET))

/** Measures and prints a table for each size. */
export async function run(options: { readonly rounds?: number } = {}): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const bytes of SIZES) {
    const all = contestants(bytes)
    const settings = { baseline: NODE, ...options }
    // The packages leave much garbage behind, which the others would have to wait for: they get a run of their own.
    const own = await compare(
      all.filter(({ name }) => !PEERS.includes(name)),
      settings,
    )
    const peers = await compare(
      all.filter(({ name }) => [NODE, NATIVE, ...PEERS].includes(name)),
      settings,
    )
    const shown = [...own, ...peers.filter(({ name }) => PEERS.includes(name))]
    const judged = shown.map(({ name, microseconds, ratio }) => judge(bytes, name, microseconds, ratio))
    judged.push(judge(bytes, FASTEST_PEER, Number.NaN, ratioToFastestPeer(peers)))
    rows.push(...judged)
    console.log(`\n## Verify ${bytes} bytes (Node ${process.version})\n\n${formatTable(judged.map(toCells))}`)
  }
  return rows
}

function judge(bytes: number, name: string, microseconds: number, ratio: number): Row {
  const goal = GOALS[name]?.[bytes]
  return { bytes, name, microseconds, ratio, goal, reached: goal === undefined ? undefined : ratio >= goal }
}

function ratioToFastestPeer(measurements: readonly Measurement[]): number {
  const ours = measurements.find(({ name }) => name === NATIVE)
  const peers = measurements.filter(({ name }) => PEERS.includes(name))
  return Math.min(...peers.map(peer => ratioOf(ours?.rounds ?? [], peer.rounds)))
}

function toCells({ name, microseconds, ratio, goal, reached }: Row): Record<string, string> {
  return {
    contestant: name,
    microseconds: Number.isNaN(microseconds) ? '' : microseconds.toPrecision(3),
    ratio: ratio.toFixed(2),
    goal: goal === undefined ? '' : goal.toFixed(2),
    reached: reached === undefined ? '' : reached ? 'yes' : 'NO',
  }
}

function contestants(bytes: number): readonly Contestant[] {
  const text = jsonOfSize(bytes)
  const body = new Uint8Array(Buffer.from(text))
  const mac = (key: string | Buffer, ...parts: readonly string[]): Buffer => {
    const hmac = createHmac('sha256', key)
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  }
  const header = `sha256=${mac(SECRET, text).toString('hex')}`
  const request = {
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json', 'x-signature': header },
    body,
  }
  const shape = { secret: SECRET, signature: { header: 'x-signature', prefix: 'sha256=' } }
  const native = hmacSignature(shape)
  selectHmacBackend(nobleHmac)
  const noble = hmacSignature(shape)
  selectHmacBackend(undefined)
  const bareNoble = hmac.create(sha256, Buffer.from(SECRET))

  const seconds = Math.floor(Date.now() / 1_000)
  const [id, milliseconds] = ['msg_2KWPBgLlAfxdpx2AI54pPJ85f4W', Date.now()]
  const standardMac = mac(Buffer.from(STANDARD_SECRET.slice(6), 'base64'), `${id}.${seconds}.${text}`).toString(
    'base64',
  )
  const standardHeaders = {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${standardMac}`,
  }
  const standard = standardWebhooks({ secret: STANDARD_SECRET })
  const standardRequest = { ...request, headers: standardHeaders }
  const [reference, svix] = [new StandardWebhook(STANDARD_SECRET), new SvixWebhook(STANDARD_SECRET)]
  const stripe = new Stripe('sk_test_123')
  const stripeHeader = `t=${seconds},v1=${mac(SECRET, `${seconds}.${text}`).toString('hex')}`
  const retellHeader = `v=${milliseconds},d=${mac(SECRET, text, String(milliseconds)).toString('hex')}`

  return [
    {
      name: NODE,
      run: () => timingSafeEqual(createHmac('sha256', KEY).update(body).digest(), Buffer.from(header.slice(7), 'hex')),
    },
    { name: NATIVE, run: () => native.verify(request).ok },
    { name: NOBLE, run: () => noble.verify(request).ok },
    { name: BARE_NOBLE, run: () => bareNoble.clone().update(body).digest() },
    { name: 'crm-webhooks, native, Standard Webhooks', run: () => standard.verify(standardRequest).ok },
    { name: 'standardwebhooks', run: () => reference.verify(text, standardHeaders) },
    { name: 'svix', run: () => svix.verify(text, standardHeaders) },
    { name: 'stripe', run: () => stripe.webhooks.constructEvent(text, stripeHeader, SECRET) },
    { name: '@octokit/webhooks-methods', run: () => octokitVerify(SECRET, text, header) },
    { name: 'retell-sdk', run: () => Retell.verify(text, SECRET, retellHeader) },
  ]
}

/** JSON of exactly that many bytes, made of records as a CRM sends them. */
function jsonOfSize(bytes: number): string {
  const records: unknown[] = []
  const document = (padding: string): string => JSON.stringify({ event: 'deal.updated', records, padding })
  for (let i = 0; document('').length < bytes - 220; i++) {
    const owner = { id: 77 + i, name: 'Jane Doe', email: `owner${i}@example.com` }
    records.push({ id: 1_000_000 + i, title: `Renewal of contract no. ${i}`, value: 1234.5, currency: 'EUR', owner })
  }
  return document('x'.repeat(bytes - document('').length))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run()
