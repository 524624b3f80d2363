import { createAddressGuard } from 'crm-webhooks'
import { fetchTransport } from 'crm-webhooks/transports/fetch'
import { nodeLookup, nodeTransport } from 'crm-webhooks/transports/node'
import { undiciTransport } from 'crm-webhooks/transports/undici'
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { invalidOption } from '../support/invalid-option.ts'

const guard = createAddressGuard({ lookup: false })

describe.each(Object.entries({ nodeTransport, undiciTransport, fetchTransport }))('%s', (name, build) => {
  const parts = name === 'undiciTransport' ? { undici } : {}

  it('refuses an option that it does not know: a misspelt guard guards nothing', () => {
    const options = { ...parts, guard, gaurd: guard }
    expect(() => build(options as never)).toThrow(
      invalidOption('gaurd', `${name}: gaurd is not an option: did you mean`),
    )
  })

  it('takes a guard inside its options only', () => {
    expect(() => build(guard as never)).toThrow(invalidOption('guard', `${name}({ guard })`))
    expect(() => build('guard' as never)).toThrow(invalidOption('options', `${name}: options must be an object`))
  })

  it.each([null, {}, createAddressGuard])('refuses %j as a guard when it is built', none => {
    expect(() => build({ ...parts, guard: none } as never)).toThrow(invalidOption('guard', 'createAddressGuard'))
  })
})

describe('nodeLookup', () => {
  it('refuses an option that it does not know', () => {
    expect(() => nodeLookup({ timeout: 100 } as never)).toThrow(invalidOption('timeout', 'did you mean timeoutMs?'))
  })
})
