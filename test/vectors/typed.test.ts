import { readFileSync } from 'node:fs'
import { hmacSignature } from 'crm-webhooks/signatures'
import { calcom } from 'crm-webhooks/providers/calcom'
import { daktela } from 'crm-webhooks/providers/daktela'
import { generic } from 'crm-webhooks/providers/generic'
import { pipedrive } from 'crm-webhooks/providers/pipedrive'
import { retell } from 'crm-webhooks/providers/retell'
import { whatscrm } from 'crm-webhooks/providers/whatscrm'
import { expect, it } from 'vitest'
import type { AnyProvider } from '../../src/providers/provider.ts'
import { request } from '../providers/support.ts'

interface Vector {
  readonly id: string
  readonly secret: string
  readonly atUnixSeconds: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly valid: boolean
  readonly source: string
}

const vectors = JSON.parse(readFileSync(new URL('signatures.json', import.meta.url), 'utf8')) as readonly Vector[]

/** The provider that each vector goes through. */
const providers: Readonly<Record<string, (secret: string) => AnyProvider>> = {
  'retell-sdk': apiKey => retell({ apiKey }),
  'retell-sdk-stale': apiKey => retell({ apiKey }),
  'calcom-source': secret => calcom({ secret }),
  'seed003-generic-sha256': secret => whatscrm({ secret }),
  'daktela-seed000': secret => daktela({ secret }),
  'pipedrive-basic': credentials => {
    const [username = '', password = ''] = credentials.split(':')
    return pipedrive({ basicAuth: { username, password } })
  },
}

it.each(Object.entries(providers))('%s', async (id, build) => {
  const vector = vectors.find(candidate => candidate.id === id)
  if (vector === undefined) throw new Error(`no vector ${id}`)
  const provider = build(vector.secret)
  const context = vector.atUnixSeconds === null ? {} : { now: vector.atUnixSeconds * 1000 }
  const received = request(vector.body, vector.headers)
  expect((await provider.verify(received, context)).ok).toBe(vector.valid)
  expect((await provider.verify(request(`${vector.body} `, vector.headers), context)).ok).toBe(
    id === 'daktela-seed000' || id === 'pipedrive-basic',
  )
  expect((await build(`x${vector.secret}`).verify(received, context)).ok).toBe(false)
})

it('seed003-generic-sha256, through a generic provider', () => {
  const vector = vectors.find(({ id }) => id === 'seed003-generic-sha256')
  if (vector === undefined) throw new Error('no vector')
  const provider = generic({
    verifier: hmacSignature({
      secret: vector.secret,
      signature: { header: 'X-Webhook-Signature', prefix: 'sha256=' },
    }),
    type: 'event',
  })
  expect(provider.verify(request(vector.body, vector.headers))).toMatchObject({ ok: true })
})
