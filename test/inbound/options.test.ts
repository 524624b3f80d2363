import { createProvider, createReceiver } from 'crm-webhooks'
import { unverified } from 'crm-webhooks/credentials'
import { describeProvider, path } from 'crm-webhooks/providers/describe'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { describe, expect, it } from 'vitest'
import { acme } from '../support/acme.ts'
import { invalidOption } from '../support/invalid-option.ts'

const provider = acme()

describe('options of a receiver', () => {
  it.each([
    [undefined, 'options', 'are missing'],
    [undefined, 'options', 'random, newId }'],
    [{ provider, gaurd: {} }, 'gaurd', 'createReceiver: gaurd is not an option'],
    ['acme', 'options', 'must be an object'],
    [provider, 'provider', 'createReceiver({ provider })'],
    [{ provider: acme }, 'provider', 'Was the factory called?'],
    [{ provider, aknowledge: 'on-receipt' }, 'aknowledge', 'did you mean acknowledge?'],
    [{ provider, maxBodyBytess: 1 }, 'maxBodyBytess', 'did you mean maxBodyBytes?'],
    [{ provider, dedupe: { keepSecond: 5 } }, 'dedupe.keepSecond', 'did you mean keepSeconds?'],
    [{ provider, dedupe: false }, 'dedupe', 'must be an object'],
    [{ provider, retry: 'default' }, 'retry', "without acknowledge: 'on-receipt'"],
    [{ provider, slots: 5 }, 'slots', "without acknowledge: 'on-receipt'"],
    [{ provider, ordered: true }, 'ordered', "without acknowledge: 'on-receipt'"],
    [{ provider, name: '' }, 'name', 'must be a text'],
    [{ provider, clock: Date }, 'clock', 'setTimer'],
    [{ provider, random: 3 }, 'random', 'must be a function'],
    [{ provider, newId: 'x' }, 'newId', 'must be a function'],
  ])('%j is refused', (options, argument, message) => {
    expect(() => createReceiver(options as never)).toThrow(invalidOption(argument, message))
  })

  it.each([
    [{ slots: 2.5 }, 'slots', 'a whole number'],
    [{ slots: '5' }, 'slots', 'a whole number'],
    [{ ordered: 'yes' }, 'ordered', 'true or false'],
    [{ retry: { schedule: [1], jiter: 1 } }, 'retry.jiter', 'createReceiver: retry.jiter is not a field'],
    [{ retry: 'defualt' }, 'retry', 'createReceiver: retry must be a schedule'],
  ])('%j is refused on receipt, and named once', (more, argument, message) => {
    const options = { provider, acknowledge: 'on-receipt', store: memoryStore(), ...more }
    expect(() => createReceiver(options as never)).toThrow(invalidOption(argument, message))
  })

  it('may hold the parts of a sender, as the host of a simulation does', () => {
    expect(() => createReceiver({ provider, transport: {}, guard: {} } as never)).not.toThrow()
  })

  it('may be left out by being undefined', () => {
    expect(() => createReceiver({ provider, slots: undefined, aknowledge: undefined } as never)).not.toThrow()
  })
})

describe('a stop', () => {
  it.each([Number.NaN, -1, 'soon'])('is not told to wait for %s seconds', async graceSeconds => {
    const receiver = createReceiver({ provider, acknowledge: 'on-receipt', store: memoryStore() })
    await expect(receiver.stop({ graceSeconds } as never)).rejects.toThrow(invalidOption('graceSeconds', 'from 0'))
    await expect(createReceiver({ provider }).stop({ grace: 5 } as never)).rejects.toThrow(
      invalidOption('grace', 'stop'),
    )
  })
})

describe('reconcile', () => {
  it.each([[[{}]], [[null]], [{}], [undefined], ['deal.updated']])(
    'refuses %j, which holds no events',
    async events => {
      await expect(createReceiver({ provider }).reconcile(events as never)).rejects.toThrow(
        invalidOption('events', 'reconcile'),
      )
    },
  )
})

describe('createProvider', () => {
  it.each([undefined, null, 'acme'])('refuses %j', options => {
    expect(() => createProvider(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid_provider', argument: 'options' }),
    )
  })

  it('refuses a name that nobody would read, and says which was meant', () => {
    const { verify, parse } = provider
    const options = { name: 'acme', verifier: { verify }, parse, timeoutSecond: 5 }
    expect(() => createProvider(options as never)).toThrow(
      invalidOption('timeoutSecond', 'did you mean timeoutSeconds?'),
    )
  })
})

describe('describeProvider', () => {
  const description = { name: 'acme', verifier: unverified(), type: path('event') }

  it.each([
    [undefined, 'options', 'are missing'],
    ['acme', 'options', 'must be an object'],
    [{ ...description, recordID: path('id') }, 'recordID', 'did you mean recordId?'],
    [{ ...description, dedupe: false }, 'dedupe', ''],
    [{ ...description, parse: () => undefined }, 'parse', ''],
  ])('refuses %j', (options, argument, message) => {
    expect(() => describeProvider(options as never)).toThrow(invalidOption(argument, message))
  })

  it('refuses what is missing as createProvider does', () => {
    expect(() => describeProvider({ ...description, verifier: undefined } as never)).toThrow(
      expect.objectContaining({ code: 'invalid_provider', argument: 'verifier' }),
    )
  })
})
