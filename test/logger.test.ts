import { createReceiver, createSender, type Logger } from 'crm-webhooks'
import { describe, expect, it, vi } from 'vitest'
import { harmlessLogger } from '../src/model/logger.ts'
import { acme, acmeRequest, dealUpdated, recordingLogger } from './support/acme.ts'

const boom = (): never => {
  throw new Error('the disk is full')
}
const throwing: Logger = { debug: boom, info: boom, warn: boom, error: boom }

describe('the logger of a host', () => {
  it.each(['debug', 'info', 'warn', 'error'] as const)('is asked for %s when something is built', level => {
    const { [level]: _, ...partial } = recordingLogger()
    const wrong = { code: 'invalid_option', argument: 'logger', message: expect.stringContaining(level) as string }
    expect(() => createReceiver({ provider: acme(), logger: partial as never })).toThrow(expect.objectContaining(wrong))
    const sending = { transport: { send: vi.fn() }, guard: { check: vi.fn() }, logger: partial }
    expect(() => createSender(sending as never)).toThrow(expect.objectContaining(wrong))
  })

  it.each([true, null, () => {}])('must be an object with methods: %s', logger => {
    const wrong = { code: 'invalid_option', argument: 'logger' }
    expect(() => harmlessLogger(logger as never)).toThrow(expect.objectContaining(wrong))
  })

  it('may throw: the answer is the same', async () => {
    const receiver = createReceiver({ provider: acme(), logger: throwing })
    receiver.on('*', boom)
    receiver.lifecycle.on('rejected', boom)
    expect((await receiver.receive(acmeRequest('x', { headers: {} }))).status).toBe(401)
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(500)
    expect((await receiver.receive(null as never)).status).toBe(500)
  })

  it('may reject: nobody waits for it', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    harmlessLogger({ ...throwing, warn: (() => Promise.reject(new Error('late'))) as () => void }).warn('x')
    await new Promise(resolve => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('keeps its own `this`', () => {
    const lines: string[] = []
    class Own {
      readonly lines = lines
      warn(message: string): void {
        this.lines.push(message)
      }
      debug(): void {}
      info(): void {}
      error(): void {}
    }
    harmlessLogger(new Own()).warn('x')
    expect(lines).toEqual(['x'])
  })
})
