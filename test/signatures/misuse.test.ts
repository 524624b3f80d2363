import type { WebhookError } from 'crm-webhooks'
import { basicAuth } from 'crm-webhooks/credentials'
import { discord } from 'crm-webhooks/providers/discord'
import { gohighlevel } from 'crm-webhooks/providers/gohighlevel'
import { sendgrid } from 'crm-webhooks/providers/sendgrid'
import { telnyx } from 'crm-webhooks/providers/telnyx'
import {
  asymmetricSignature,
  hashSignature,
  hmacSignature,
  jwtSignature,
  standardWebhooks,
} from 'crm-webhooks/signatures'
import { describe, expect, it } from 'vitest'
import { invalidOption } from '../support/invalid-option.ts'

const misuse = (code: string, argument: string): WebhookError =>
  expect.objectContaining({ code, argument, message: expect.stringContaining(argument) as string }) as WebhookError

describe('a scheme that is described wrongly', () => {
  const schemes = { hmacSignature, hashSignature, asymmetricSignature, standardWebhooks, jwtSignature }

  it.each(Object.entries(schemes))('%s needs options', (_name, scheme) => {
    for (const none of [undefined, null, 'whsec_x']) {
      expect(() => scheme(none as never)).toThrow(misuse('invalid_option', 'options'))
    }
  })

  it.each(Object.entries(schemes))('%s refuses an option that would have no effect', (name, scheme) => {
    for (const stray of ['tolerance', 'bodyHash']) {
      const wrong = misuse('invalid_option', stray)
      expect(() => scheme({ [stray]: 'x', secret: 'abc' } as never)).toThrow(wrong)
      if (name !== 'standardWebhooks') expect(() => scheme({ [stray]: 'x', secret: 'abc' } as never)).toThrow(name)
    }
  })

  it.each([undefined, 'header', {}, { prefix: 'x' }])('jwtSignature does not look for a token in %j', from => {
    expect(() => jwtSignature({ secret: 'abc', from } as never)).toThrow(misuse('invalid_option', 'from'))
  })

  it.each([
    [{ timestamp: { from: 'field', tolerance: 60 } }, 'timestamp.tolerance'],
    [{ timestamp: 'x' }, 'timestamp'],
    [{ timestamp: {} }, 'timestamp.from'],
    [{ timestamp: { from: { tag: 5 } } }, 'timestamp.from'],
    [{ signature: { header: 'x-s', prefix: 5 } }, 'signature.prefix'],
    [{ signature: { header: 'x-s', list: { tag: 'v1' } } }, 'signature.list'],
    [{ signature: { header: 'x-s', list: null } }, 'signature.list'],
    [{ signature: { bodyPath: 5 } }, 'signature.bodyPath'],
    [{ message: 5 }, 'message'],
    [{ key: 'hex' }, 'key'],
    [{ key: { decode: 'base32' } }, 'key.decode'],
  ])('%j is refused by name', (more, argument) => {
    const options = { secret: 'abc', signature: { header: 'x-s' }, ...more }
    expect(() => hmacSignature(options as never)).toThrow(misuse('invalid_option', argument))
  })
})

describe('a name that nobody would read', () => {
  const list = { separator: ',', tagSeparator: '=', tag: 'v1' }
  const [secret, header] = ['abc', 'x-s']

  it.each([
    [{ toleranceSeconds: 60 }, 'toleranceSeconds', ''],
    [{ algoritm: 'sha1' }, 'algoritm', 'did you mean algorithm?'],
    [{ signature: { haeder: 'x' } }, 'signature.haeder', 'did you mean header?'],
    [{ signature: { header, prefx: 'sha256=' } }, 'signature.prefx', 'did you mean prefix?'],
    [{ signature: { header, lits: list } }, 'signature.lits', 'did you mean list?'],
    [{ signature: { header, list, prefix: 'v1=' } }, 'signature.prefix', ''],
    [{ signature: { header, list: { ...list, trim: true } } }, 'signature.list.trim', ''],
    [{ signature: { header, fields: ['signature'], separator: ',', repeats: true } }, 'signature.repeats', 'repeat?'],
    [{ signature: { bodyPath: 'signature', header } }, 'signature.header', ''],
    [{ timestamp: { from: { header }, tolerance: 60 } }, 'timestamp.tolerance', ''],
    [{ timestamp: { from: { haeder: 'x' } } }, 'timestamp.from.haeder', 'did you mean header?'],
    [{ key: { encoding: 'hex' } }, 'key.encoding', ''],
  ])('%j is refused by name', (more, argument, hint) => {
    const error = invalidOption(argument, hint)
    const options = { secret, message: '{secret}{body}', signature: { header }, ...more }
    for (const scheme of [hmacSignature, hashSignature]) expect(() => scheme(options as never)).toThrow(error)
    const { secret: _, ...others } = options
    const publicKey = new Uint8Array(32)
    expect(() => asymmetricSignature({ ...others, algorithm: 'ed25519', publicKey } as never)).toThrow(error)
  })

  it('is refused by tokens too', () => {
    expect(() => jwtSignature({ secret, from: 'body', maxAge: 60 } as never)).toThrow(invalidOption('maxAge'))
    expect(() => jwtSignature(undefined as never)).toThrow(invalidOption('options'))
  })

  it('may be left out by being undefined', () => {
    const options = { secret, tolerance: undefined, signature: { header, prefx: undefined } }
    expect(() => hmacSignature(options as never)).not.toThrow()
  })
})

/** As `process.env.NAME` is for the compiler. */
const unset: string | undefined = undefined

describe('a variable that is not set', () => {
  it('is taken by the compiler for a public key, and refused', () => {
    const missing = misuse('invalid_secret', 'publicKey')
    for (const provider of [discord, telnyx, sendgrid, gohighlevel]) {
      expect(() => provider({ publicKey: unset })).toThrow(missing)
    }
    const signature = { header: 'x-s' }
    expect(() => asymmetricSignature({ algorithm: 'ed25519', publicKey: unset, signature })).toThrow(missing)
    expect(() => asymmetricSignature({ algorithm: 'ed25519', publicKey: 5 as never, signature })).toThrow(missing)
    expect(() => standardWebhooks({ publicKey: unset })).toThrow(misuse('invalid_secret', 'secret'))
  })

  it('is taken by the compiler for Basic, and refused', () => {
    expect(() => basicAuth({ username: 'crm', password: unset })).toThrow(
      misuse('invalid_secret', 'basicAuth.password'),
    )
    expect(() => basicAuth({ username: unset, password: 'p' })).toThrow(misuse('invalid_secret', 'basicAuth.username'))
    expect(() => basicAuth(null as never)).toThrow(misuse('invalid_option', 'basicAuth'))
  })
})
