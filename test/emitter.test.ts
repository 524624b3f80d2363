import { createReceiver } from 'crm-webhooks'
import { describe, expect, it } from 'vitest'
import { acme, acmeRequest, dealUpdated, recordingLogger } from './support/acme.ts'
import { rejectedThenable } from './support/thenable.ts'

describe('the lifecycle of a receiver', () => {
  const { lifecycle } = createReceiver({ provider: acme() })

  it.each(['on', 'once'] as const)('%s() refuses a name that is never told, and says the near one', method => {
    expect(() => lifecycle[method]('reject' as never, () => {})).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining('rejected') as string }),
    )
  })

  it.each(['on', 'once'] as const)('%s() refuses a listener that is no function', method => {
    expect(() => lifecycle[method]('rejected', undefined as never)).toThrow(
      expect.objectContaining({ code: 'invalid_option', argument: 'listener' }),
    )
  })

  it('logs what a listener rejects with, by a promise of any library', async () => {
    const logger = recordingLogger()
    const receiver = createReceiver({ provider: acme(), logger })
    receiver.lifecycle.on('received', () => rejectedThenable(new Error('boom')))
    await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(logger.lines.map(({ message }) => message)).toContain('lifecycle listener failed')
  })
})
