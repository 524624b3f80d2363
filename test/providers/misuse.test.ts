import { createProvider, createReceiver } from 'crm-webhooks'
import { unverified } from 'crm-webhooks/credentials'
import { calcom } from 'crm-webhooks/providers/calcom'
import { describeProvider, path } from 'crm-webhooks/providers/describe'
import { signedRequest } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { invalidOption } from '../support/invalid-option.ts'

const verifier = unverified()

describe('createProvider', () => {
  const options = { name: 'acme', verifier, parse: () => ({ ok: true, events: [] }) }

  it('refuses an option that it does not know: events that look the same would be lost', () => {
    expect(() => createProvider({ ...options, dedupe: false } as never)).toThrow(
      invalidOption('dedupe', 'createProvider: dedupe is not an option'),
    )
    expect(() => createProvider({ ...options, timeoutSecond: 9 } as never)).toThrow(
      invalidOption('timeoutSecond', 'did you mean timeoutSeconds?'),
    )
  })

  it('builds one provider on another', async () => {
    const secure = calcom({ secret: 'test-secret' })
    const open = createProvider({ ...secure, timeoutSeconds: 9, verifier })
    const request = await signedRequest(secure, 'booking.created')
    const forged = { ...request, headers: { 'content-type': 'application/json' } }
    expect((await createReceiver({ provider: secure }).receive(forged)).status).toBe(401)
    expect((await createReceiver({ provider: open }).receive(forged)).status).toBe(200)
  })
})

describe('describeProvider', () => {
  const description = { name: 'acme', verifier, type: path('event') }

  it.each([undefined, null, 'acme'])('refuses %j', options => {
    expect(() => describeProvider(options as never)).toThrow(invalidOption('options', 'describeProvider: options'))
  })

  it('refuses a field that it does not know', () => {
    expect(() => describeProvider({ ...description, recordid: path('id') } as never)).toThrow(
      invalidOption('recordid', 'did you mean recordId?'),
    )
  })

  it.each(['type', 'id', 'recordId', 'time', 'attempt'])('refuses a %s that is a path as generic has it', argument => {
    expect(() => describeProvider({ ...description, [argument]: 'data.x' } as never)).toThrow(
      invalidOption(argument, `describeProvider: ${argument} must be a look-up, such as path(`),
    )
  })

  it('needs to know where the type stands', () => {
    expect(() => describeProvider({ name: 'acme', verifier } as never)).toThrow(invalidOption('type', 'look-up'))
  })
})
