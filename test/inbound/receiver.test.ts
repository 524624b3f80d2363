import { createReceiver, type ReceivedEvent, reply, type WebhookResponse } from 'crm-webhooks'
import { manualClock } from 'crm-webhooks/testing'
import { describe, expect, it, vi } from 'vitest'
import { acme, acmeRequest, dealUpdated, recordingLogger } from '../support/acme.ts'

const bodyOf = (response: WebhookResponse): Record<string, unknown> =>
  JSON.parse(response.body) as Record<string, unknown>

describe('the answer', () => {
  it('counts what the handlers report', async () => {
    const receiver = createReceiver({ provider: acme() })
    receiver.on('deal.*', () => 'updated')
    receiver.on('*', () => [
      { recordId: 'a', status: 'created', targetId: '7' },
      { recordId: 'b', status: 'skipped' },
    ])
    const response = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(response.status).toBe(200)
    expect(bodyOf(response)).toEqual({
      status: 'ok',
      total: 3,
      created: 1,
      updated: 1,
      skipped: 1,
      failed: 0,
      duration: expect.any(Number) as number,
      errors: [],
    })
  })

  it('is 207 when a handler reports a failed record, and names it', async () => {
    const receiver = createReceiver({ provider: acme() })
    receiver.on('deal.updated', () => ({ recordId: 'call_42', status: 'failed', message: 'CRM unavailable' }))
    const response = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(response.status).toBe(207)
    expect(bodyOf(response)).toMatchObject({
      status: 'ok',
      total: 1,
      failed: 1,
      errors: [{ source_id: 'call_42', message: 'CRM unavailable' }],
    })
  })

  it('is 200 with nothing counted when no handler is registered', async () => {
    const response = await createReceiver({ provider: acme() }).receive(acmeRequest(dealUpdated('1')))
    expect(response.status).toBe(200)
    expect(bodyOf(response)).toMatchObject({ status: 'ok', total: 0 })
  })

  it('rounds the duration to milliseconds, in seconds', async () => {
    const clock = manualClock()
    const receiver = createReceiver({ provider: acme(), clock })
    receiver.on('*', async () => clock.advance(1_234))
    const response = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(bodyOf(response).duration).toBe(1.234)
  })

  it("is a handler's reply where it gives one", async () => {
    const receiver = createReceiver({ provider: acme() })
    receiver.on('question.asked', () => reply({ answer: 42 }))
    const ask = acmeRequest({ id: '1', type: 'question.asked', data: {}, reply: true })
    for (const response of [await receiver.receive(ask), await receiver.receive(ask)]) {
      expect(response.status).toBe(200)
      expect(bodyOf(response)).toEqual({ answer: 42 })
    }
  })

  it("is the provider's where it has its own", async () => {
    const provider = acme({ respond: result => ({ status: result.httpStatus, headers: {}, body: result.outcome }) })
    const receiver = createReceiver({ provider })
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).body).toBe('handled')
    expect((await receiver.receive(acmeRequest(dealUpdated('1'), { headers: {} }))).body).toBe('refused')
  })
})

describe('refusals', () => {
  it.each([
    ['not authentic', acmeRequest(dealUpdated('1'), { headers: {} }), 401, 'signature_mismatch'],
    ['not JSON', acmeRequest('{"id":'), 400, 'malformed_body'],
    ['empty', acmeRequest(''), 400, 'malformed_body'],
    ['another method', acmeRequest(dealUpdated('1'), { method: 'PUT' }), 405, 'method_not_allowed'],
    ['too large', acmeRequest(`"${'x'.repeat(2_000)}"`), 413, 'too_large'],
  ])('%s', async (_name, request, status, code) => {
    const logger = recordingLogger()
    const handler = vi.fn()
    const rejected = vi.fn()
    const receiver = createReceiver({ provider: acme(), logger, maxBodyBytes: 1_000 })
    receiver.on('*', handler)
    receiver.lifecycle.on('rejected', rejected)
    const response = await receiver.receive(request)
    expect(response.status).toBe(status)
    expect(bodyOf(response)).toEqual({
      status: 'error',
      total: 0,
      created: 0,
      updated: 0,
      skipped: 0,
      failed: 0,
      duration: 0,
      errors: [],
    })
    expect(handler).not.toHaveBeenCalled()
    expect(rejected).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code }))
    expect(logger.lines).toHaveLength(1)
    expect(logger.lines[0]).toMatchObject({ level: 'warn', fields: { code } })
  })

  it('names the allowed methods', async () => {
    const response = await createReceiver({ provider: acme() }).receive(acmeRequest('', { method: 'DELETE' }))
    expect(response.headers.allow).toBe('POST')
  })

  it('names the limit of a body and its option', async () => {
    const causes: string[] = []
    const receiver = createReceiver({ provider: acme(), maxBodyBytes: 10 })
    receiver.lifecycle.on('rejected', ({ message }) => causes.push(message))
    await receiver.receive(acmeRequest('x'.repeat(11)))
    expect(causes).toEqual(['the body is larger than 10 bytes, the limit of maxBodyBytes'])
  })

  it('answers 408 when the body does not arrive in time', async () => {
    const clock = manualClock()
    const receiver = createReceiver({ provider: acme(), clock, bodyTimeoutSeconds: 5 })
    receiver.lifecycle.on('rejected', ({ message }) =>
      expect(message).toContain('5 s, the limit of bodyTimeoutSeconds'),
    )
    const pending = receiver.receive({ ...acmeRequest(''), body: () => new Promise(() => {}) })
    await clock.advance(5_000)
    const response = await pending
    expect(response.status).toBe(408)
    expect(response.headers.connection).toBe('close')
    expect(clock.pending).toBe(0)
  })

  it('says how to mend a body that a framework parsed', async () => {
    const logger = recordingLogger()
    const receiver = createReceiver({ provider: acme(), logger })
    const response = await receiver.receive({ ...acmeRequest(''), body: { id: 1 } as never })
    expect(response.status).toBe(500)
    expect(bodyOf(response).message).toMatch(/raw bytes/)
    expect(logger.lines).toHaveLength(1)
  })

  it('is what an answer comes to that is no verdict', async () => {
    for (const odd of [undefined, {}, { ok: 'yes' }, Promise.resolve({ ok: 1 })]) {
      const receiver = createReceiver({ provider: acme({ verify: () => odd as never }) })
      const handler = vi.fn()
      receiver.on('*', handler)
      expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(401)
      expect(handler).not.toHaveBeenCalled()
    }
  })

  it('survives a provider that throws', async () => {
    const logger = recordingLogger()
    const boom = (): never => {
      throw new TypeError('boom')
    }
    for (const broken of [{ verify: boom }, { parse: boom }, { challenge: boom }, { unsignedChallenge: boom }]) {
      const response = await createReceiver({ provider: acme(broken), logger }).receive(acmeRequest(dealUpdated('1')))
      expect(response.status).toBe(500)
      expect(response.body).not.toContain('boom')
    }
    expect(logger.lines).toHaveLength(4)
  })
})

describe('handlers', () => {
  it('get the event with `changed`, which works on its own', async () => {
    const receiver = createReceiver({ provider: acme() })
    const seen: boolean[] = []
    receiver.on('deal.updated', ({ changed, data }) => {
      seen.push(changed('stage'), changed('stage', 'won'), changed('stage', 'lost'), changed('id'), data.bulk)
    })
    await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(seen).toEqual([true, true, false, false, false])
  })

  it('get an event that is frozen, with `changed` too', async () => {
    const read = acme().parse(acmeRequest(dealUpdated('1')))
    if (!read.ok) throw new Error(read.message)
    const events = read.events.map(event => Object.freeze({ ...event }))
    const receiver = createReceiver({ provider: acme({ parse: () => ({ ok: true, events }) }) })
    const seen: boolean[] = []
    receiver.on('deal.updated', ({ changed }) => {
      seen.push(changed('stage', 'won'))
    })
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(200)
    const other = createReceiver({ provider: acme() })
    other.on('deal.*', ({ changed }) => {
      seen.push(changed('id'))
    })
    expect(await other.reconcile(events)).toMatchObject({ taken: 1, failed: 0 })
    expect(seen).toEqual([true, false])
  })

  it('that throw, reject or hang do not touch the others, and make the sender try again', async () => {
    const clock = manualClock()
    const logger = recordingLogger()
    const receiver = createReceiver({ provider: acme(), clock, logger })
    const good = vi.fn()
    const failed = vi.fn()
    receiver.on('deal.updated', () => {
      throw new Error('secret detail')
    })
    receiver.on('deal.updated', async () => Promise.reject(new Error('later')))
    receiver.on('deal.updated', good)
    receiver.lifecycle.on('failed', failed)
    const response = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(response.status).toBe(500)
    expect(response.body).not.toContain('secret detail')
    expect(good).toHaveBeenCalledOnce()
    expect(failed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ timedOut: false }))
    expect(logger.lines).toHaveLength(1)
  })

  it('that change the event change only their own copy', async () => {
    const receiver = createReceiver({ provider: acme() })
    const stages: unknown[] = []
    receiver.on('deal.updated', event => {
      ;(event.data.current as { stage: string }).stage = 'spoilt'
    })
    receiver.on('deal.updated', event => {
      stages.push(event.data.current?.stage)
    })
    await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(stages).toEqual(['won'])
  })

  it('can be taken away', async () => {
    const receiver = createReceiver({ provider: acme() })
    const handler = vi.fn()
    const off = receiver.on('deal.updated', handler)
    await receiver.receive(acmeRequest(dealUpdated('1')))
    off()
    await receiver.receive(acmeRequest(dealUpdated('2')))
    expect(handler).toHaveBeenCalledOnce()
  })

  it('are told when the answer cannot wait any longer', async () => {
    const clock = manualClock()
    const receiver = createReceiver({ provider: acme(), clock })
    let signal: AbortSignal | undefined
    receiver.on('*', (_event, context) => {
      signal = context.signal
      return new Promise(() => {})
    })
    const pending = receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(9_000)
    expect((await pending).status).toBe(500)
    expect(signal?.aborted).toBe(true)
  })
})

describe('patterns', () => {
  it.each([
    ['call_close', 'call.closed'],
    ['deal.update', 'deal.updated'],
    ['dael.created', 'deal.created'],
  ])('%s is refused, and %s suggested', (wrong, right) => {
    const receiver = createReceiver({ provider: acme() })
    expect(() => receiver.on(wrong as never, () => {})).toThrow(
      expect.objectContaining({ code: 'invalid_pattern', message: expect.stringContaining(`'${right}'`) as string }),
    )
  })

  it.each(['', 'deal.', '.updated', 'deal..updated', undefined, null, 7, 'deal.*.updated', 'invoice.*'])(
    '%j is refused',
    wrong => {
      const receiver = createReceiver({ provider: acme() })
      expect(() => receiver.on(wrong as never, () => {})).toThrow(expect.objectContaining({ code: 'invalid_pattern' }))
    },
  )

  it('any pattern is taken for a provider with an open list', () => {
    const receiver = createReceiver({ provider: acme({ eventTypes: undefined }) })
    expect(() => receiver.on('invoice.paid' as never, () => {})).not.toThrow()
  })
})

describe('events of unknown type', () => {
  it('reach only `*`, and are reported once', async () => {
    const logger = recordingLogger()
    const receiver = createReceiver({ provider: acme(), logger })
    const seen: ReceivedEvent[] = []
    const unrouted = vi.fn()
    receiver.on('*', event => {
      seen.push(event)
    })
    receiver.on('deal.*', () => {
      throw new Error('must not run')
    })
    receiver.lifecycle.on('unrouted', unrouted)
    const response = await receiver.receive(acmeRequest({ id: '1', type: 'deal.frobnicated', data: {} }))
    expect(response.status).toBe(200)
    expect(seen).toMatchObject([{ type: 'deal.frobnicated', known: false }])
    expect(unrouted).toHaveBeenCalledOnce()
    expect(logger.lines.filter(line => line.level === 'warn')).toMatchObject([{ fields: { type: 'deal.frobnicated' } }])
  })
})

describe('set-up requests', () => {
  const echo = (request: { url: string }): WebhookResponse | undefined =>
    request.url.includes('challenge=') ? { status: 200, headers: {}, body: 'echo' } : undefined

  it('that are signed are answered only when they are authentic', async () => {
    const receiver = createReceiver({ provider: acme({ challenge: echo }) })
    const request = acmeRequest('{}', { url: 'https://x.example/acme?challenge=1' })
    expect((await receiver.receive(request)).body).toBe('echo')
    expect((await receiver.receive({ ...request, headers: {} })).status).toBe(401)
  })

  it('that are not signed are answered, with any method', async () => {
    const receiver = createReceiver({ provider: acme({ unsignedChallenge: echo }) })
    const request = acmeRequest('', { url: '/acme?challenge=1', method: 'GET', headers: {} })
    expect((await receiver.receive(request)).body).toBe('echo')
    expect((await receiver.receive({ ...request, url: '/acme' })).status).toBe(405)
  })
})

describe('health', () => {
  it('is answered on the path below the mounted one', async () => {
    const clock = manualClock(Date.UTC(2024, 0, 15, 10, 30))
    const receiver = createReceiver({ provider: acme(), name: 'Acme webhooks', clock })
    const response = await receiver.receive(
      acmeRequest('', { method: 'GET', url: '/hooks/acme/health?x=1', headers: {} }),
    )
    expect(response.status).toBe(200)
    expect(bodyOf(response)).toEqual({
      status: 'ok',
      service: 'Acme webhooks',
      timestamp: '2024-01-15T10:30:00.000Z',
    })
    expect(receiver.health()).toEqual(bodyOf(response))
  })
})

describe('Web requests', () => {
  it('go in and come out', async () => {
    const receiver = createReceiver({ provider: acme() })
    const { handle } = receiver
    const request = new Request('https://x.example/acme', {
      method: 'POST',
      headers: { 'x-acme': 'yes' },
      body: JSON.stringify(dealUpdated('1')),
    })
    const handler = vi.fn()
    receiver.on('deal.updated', handler)
    const response = await handle(request)
    expect(response.status).toBe(200)
    expect(handler).toHaveBeenCalledOnce()
    expect(response.headers.get('content-type')).toBe('application/json')
  })

  it('that were read before say how to mend it', async () => {
    const request = new Request('https://x.example/acme', { method: 'POST', body: '{}' })
    await request.text()
    const response = await createReceiver({ provider: acme() }).handle(request)
    expect(response.status).toBe(500)
    expect(await response.text()).toContain('request.json()')
  })
})

describe('a logger that throws', () => {
  it('changes no answer', async () => {
    const write = (): never => {
      throw new Error('the disk of the log is full')
    }
    const logger = { debug: write, info: write, warn: write, error: write }
    const receiver = createReceiver({ provider: acme(), logger })
    const forged = { ...acmeRequest(dealUpdated('1')), headers: {} }
    expect((await receiver.receive(forged)).status).toBe(401)
    receiver.on('*', write)
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(500)
  })
})

describe('options', () => {
  it.each([
    [{ provider: undefined }, 'provider'],
    [{ provider: acme }, 'provider'],
    [{ maxBodyBytes: 0 }, 'maxBodyBytes'],
    [{ maxBodyBytes: Number.NaN }, 'maxBodyBytes'],
    [{ handlerTimeoutSeconds: -1 }, 'handlerTimeoutSeconds'],
    [{ bodyTimeoutSeconds: Number.POSITIVE_INFINITY }, 'bodyTimeoutSeconds'],
    [{ dedupe: { keepSeconds: 0 } }, 'dedupe.keepSeconds'],
    [{ acknowledge: 'sometimes' }, 'acknowledge'],
    [{ store: {} }, 'store'],
    [{ dedupe: { keepSecond: 5 } }, 'dedupe.keepSecond'],
  ])('%j is refused, naming %s', (options, argument) => {
    expect(() => createReceiver({ provider: acme(), ...options } as never)).toThrow(
      expect.objectContaining({ code: 'invalid_option', argument }),
    )
  })
})
