import { createReceiver } from 'crm-webhooks'
import { calcom } from 'crm-webhooks/providers/calcom'
import { manualClock, sampleTypes, signedRequest } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { invalidOption } from '../support/invalid-option.ts'

const provider = calcom({ secret: 'test-secret' })

describe('signedRequest', () => {
  it('says what is no provider', async () => {
    const called = invalidOption('provider', 'signedRequest: provider must be a provider')
    await expect(signedRequest(createReceiver({ provider }) as never)).rejects.toThrow(called)
    await expect(signedRequest(undefined as never)).rejects.toThrow(called)
    await expect(signedRequest(calcom as never)).rejects.toThrow(invalidOption('provider', 'Was the factory called?'))
    await expect(sampleTypes(calcom as never)).rejects.toThrow(invalidOption('provider', 'sampleTypes: provider'))
  })

  it('refuses an override that would change nothing', async () => {
    const overrides = { payload: { title: 'Demo' } }
    await expect(signedRequest(provider, 'booking.created', overrides as never)).rejects.toThrow(
      invalidOption('overrides.payload', 'signedRequest: overrides.payload is not an option'),
    )
    await expect(signedRequest(provider, 'booking.created', { header: {} } as never)).rejects.toThrow(
      invalidOption('overrides.header', 'did you mean headers?'),
    )
  })
})

describe('manualClock', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, '60', undefined])('does not advance by %s', async milliseconds => {
    const clock = manualClock()
    const before = clock.now()
    const again = (): void => void clock.setTimer(again, 1_000)
    again()
    await expect(clock.advance(milliseconds as never)).rejects.toThrow(invalidOption('milliseconds', 'advance'))
    expect(clock.now()).toBe(before)
  })
})
