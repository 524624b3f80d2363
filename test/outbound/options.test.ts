import {
  type AddressGuardOptions,
  createAddressGuard,
  createSender,
  type PublishOptions,
  type ReplayFilter,
  type SenderOptions,
  systemClock,
} from 'crm-webhooks'
import { generic as genericPreset } from 'crm-webhooks/presets/generic'
import { slack } from 'crm-webhooks/presets/slack'
import { type GenericOptions, generic } from 'crm-webhooks/providers/generic'
import { manualClock, type ScriptedAnswer, scriptedTransport, simulate } from 'crm-webhooks/testing'
import { nodeLookup, systemLookup } from 'crm-webhooks/transports/node'
import { describe, expect, it } from 'vitest'
import { endpoint, guard, rig } from './support.ts'

/** What JavaScript lets through. */
const untyped = <Value>(value: unknown): Value => value as Value
const transport = scriptedTransport([], systemClock)
const refusal = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return error
  }
  return undefined
}
const invalidOption = (argument: string, message = '') => ({
  name: 'WebhookError',
  code: 'invalid_option',
  argument,
  message: expect.stringContaining(message) as unknown,
})

describe('options', () => {
  const sender = (options: unknown) => () =>
    createSender({ guard, transport, ...untyped<Partial<SenderOptions<never>>>(options) })
  const guarded = (options: unknown) => () => createAddressGuard(untyped<AddressGuardOptions>(options))
  const provider = (options: unknown) => () => generic(untyped<GenericOptions>(options))
  const lookup = nodeLookup()

  it.each([
    ['options', () => createSender(untyped<SenderOptions<never>>(undefined)), 'transport'],
    ['storee', sender({ storee: {} }), 'did you mean store'],
    ['disable', sender({ disable: false }), 'must be an object'],
    ['disable.afterSecond', sender({ disable: { afterSecond: 5 } }), 'did you mean afterSeconds'],
    ['disable.minFailures', sender({ disable: { minFailures: 0.5 } }), 'whole'],
    ['worker.slot', sender({ worker: { slot: 5 } }), 'did you mean slots'],
    ['worker.slots', sender({ worker: { slots: 2.5 } }), 'whole'],
    ['worker.settleAfterMilliseconds', sender({ worker: { settleAfterMilliseconds: '5' } }), 'number'],
    ['presets', sender({ presets: slack() }), 'list'],
    ['presets[0]', sender({ presets: [slack] }), 'Was the factory called?'],
    ['presets[1]', sender({ presets: [slack(), null] }), 'preset'],
    ['presets', sender({ presets: [slack(), slack({ labels: { customer: 'Kunde' } })] }), "'slack' twice"],
    ['store', sender({ store: 'x.db' }), "sqliteStore('webhooks.db')"],
    ['store', sender({ store: null }), 'store'],
    ["signatures['x']", sender({ signatures: { x: 1 } }), 'create'],
    ['clock', sender({ clock: Date }), 'setTimer'],
    ['random', sender({ random: 5 }), 'function'],
    ['newId', sender({ newId: 'x' }), 'function'],
    ['options', guarded(undefined), 'lookup'],
    ['lookup', guarded({ lookup: nodeLookup }), 'nodeLookup()'],
    ['lookup', guarded({ lookup: systemLookup }), 'systemLookup()'],
    ['allow', guarded({ lookup, allow: '127.0.0.1' }), 'list'],
    ['httpOnly', guarded({ lookup, httpOnly: true }), 'did you mean httpsOnly'],
    ['httpsOnly', guarded({ lookup, httpsOnly: 'false' }), 'true or false'],
    ['refusedPorts', guarded({ lookup, refusedPorts: 25 }), 'list'],
    ['startMs', () => manualClock(untyped('2025-01-01')), 'Date.UTC'],
    ['script[0]', () => scriptedTransport([untyped<ScriptedAnswer>('OK')], systemClock), 'hang'],
    ['script', () => scriptedTransport(untyped('hang'), systemClock), 'list'],
    ['clock', () => scriptedTransport([200], untyped(undefined)), 'manualClock()'],
    ['faults', () => simulate({ faults: untyped(['kil']) }, async () => undefined), 'object'],
    ['faults.kil', () => simulate({ faults: untyped({ kil: 1 }) }, async () => undefined), 'did you mean kill'],
    ['faults.kill', () => simulate({ faults: { kill: 5 } }, async () => undefined), '0 to 1'],
    ['data', provider({ name: 'acme', type: 'event', verifier: { verify() {} }, data: 5 }), 'path'],
  ])('refuses a wrong %s', async (argument, build, message) => {
    expect(await refusal(build)).toMatchObject(invalidOption(argument, message))
  })

  it('takes what a simulation hands to its processes as it is', async () => {
    const { steps } = await simulate({}, async world => {
      const process = world.spawn('sender', host => ({ sender: createSender(host), step: host.step }))
      await process.call(({ step }) => step('own', () => undefined))
    })
    expect(steps).toContain('sender/own#1')
  })
})

describe('an endpoint', () => {
  const { sender } = rig([200], { presets: [genericPreset()] })
  it.each([
    [{ retry: 'retry' }, 'retry', /^endpoint: retry must be a schedule or one of/],
    [{ retry: { schedule: [0] } }, 'retry.schedule[0]', /^endpoint: retry.schedule\[0\] must be a number/],
    [{ template: '{' }, 'template', /^endpoint: template line 1, column 2/],
    [{ template: '{"a":{"b":"{{x|jason}}"}}' }, 'template', /^endpoint: template a.b: '\{\{x\|jason}}' has an unknown/],
    [{ template: { a: '{{x' } }, 'template', /^endpoint: template a: '\{\{x' is not closed/],
    [{ secret: 'whsk_AAAA' }, 'secret', /^endpoint: secret must be whsk_/],
    [{ auth: { type: 'basic', password: 'x' } }, 'auth.username', /^endpoint: auth.username is missing/],
    [{ auth: { type: 'basic', user: 'x' } }, 'auth.user', /no field of auth; there are: type, username, password$/],
    [
      { preset: { name: 'generic', settings: { url: 'https://a.example.com/', template: ['{{x'] } }, url: undefined },
      'preset.settings',
      /template: 0: '\{\{x' is not closed/,
    ],
  ])('is refused with what is wrong, said once: %j', async (fields, argument, message) => {
    const error = await refusal(() => sender.endpoints.create(untyped(endpoint({ secret: undefined, ...fields }))))
    expect(error).toMatchObject({
      code: 'invalid_endpoint',
      argument,
      message: expect.stringMatching(message) as unknown,
    })
  })

  it('may send braces that are no placeholders', async () => {
    const template = { a: '{{', b: '{{#if x}}{{x}}{{/if}}', c: 'a {{ b c' }
    const { name, url, events } = endpoint()
    // Undefined is as if it were left out, in the types too.
    const created = await sender.endpoints.create({ name, url, events, template, preset: undefined, retry: undefined })
    const { body } = await sender.preview(created.endpoint.id, { data: { x: 1 } })
    expect(JSON.parse(body)).toEqual({ a: '{{', b: '{{#if x}}1{{/if}}', c: 'a {{ b c' })
  })
})

describe('what is asked of a sender', () => {
  const { sender, clock } = rig()
  const { publish, endpoints, deliveries, attempts, lifecycle } = sender
  const published = (options: unknown) => () => publish('lead.created', {}, untyped<PublishOptions>(options))
  const replayed = (filter: unknown) => () => deliveries.replay(untyped<ReplayFilter>(filter))
  const made = sender.endpoints.create(endpoint()).then(created => created.endpoint.id)

  it.each([
    ['idempotencykey', published({ idempotencykey: 'x' }), 'did you mean idempotencyKey'],
    ['options', published('key'), 'object'],
    ['options', published(null), 'object'],
    ['options', replayed(undefined), 'missing'],
    ['endpointId', replayed({}), 'id of an endpoint'],
    ['since', replayed({ endpointId: 'x', since: '2020-01-01' }), 'Date'],
    ['until', replayed({ endpointId: 'x', until: new Date('x') }), 'Date'],
    ['sinceMs', replayed({ endpointId: 'x', sinceMs: 5 }), 'did you mean since'],
    ['since', () => deliveries.list(untyped({ since: new Date() })), 'did you mean sinceMs'],
    ['limit', () => deliveries.failures({ limit: untyped('x') }), 'whole'],
    ['tenent', () => deliveries.failures(untyped({ tenent: 'x' })), 'did you mean tenant'],
    ['tenent', () => deliveries.get('x', untyped({ tenent: 'y' })), 'did you mean tenant'],
    ['tenent', () => deliveries.retry('x', untyped({ tenent: 'y' })), 'did you mean tenant'],
    ['options', () => deliveries.cancel('x', untyped('y')), 'deliveries.cancel'],
    ['tenent', async () => endpoints.get(await made, untyped({ tenent: 'y' })), 'did you mean tenant'],
    ['options', async () => endpoints.get(await made, untyped('y')), 'endpoints.get'],
    ['tenantId', () => endpoints.list(untyped({ tenantId: 'y' })), 'did you mean tenant'],
    ['tenent', async () => endpoints.update(await made, {}, untyped({ tenent: 'y' })), 'did you mean tenant'],
    ['tenent', async () => endpoints.enable(await made, untyped({ tenent: 'y' })), 'did you mean tenant'],
    ['tenent', async () => endpoints.disable(await made, untyped({ tenent: 'y' })), 'did you mean tenant'],
    ['tenent', async () => endpoints.delete(await made, untyped({ tenent: 'y' })), 'did you mean tenant'],
    [
      'keepPreviousSeconds',
      async () => endpoints.rotateSecret(await made, untyped({ keepPreviousSeconds: 0 })),
      'did you mean keepPreviousForSeconds',
    ],
    ['options', () => deliveries.discardFailures(untyped(undefined)), 'missing'],
    ['tenent', () => deliveries.discardFailures(untyped({ endpointId: 'x', cause: 'y', tenent: 'z' })), 'tenant'],
    ['since', () => attempts.list(untyped({ since: new Date() })), 'did you mean sinceMs'],
    ['format', () => attempts.export({}, untyped('xml')), 'csv'],
    ['form', () => attempts.export(untyped({ form: 'xml' }), 'csv'), 'attempts.export'],
    ['since', async () => sender.stats(await made, { since: untyped(5) }), 'Date'],
    ['sinceMs', async () => sender.stats(await made, untyped({ sinceMs: 5 })), 'did you mean since'],
    ['graceSeconds', () => sender.stop({ graceSeconds: Number(undefined) }), 'number from 0'],
    ['graceSeconds', () => sender.stop({ graceSeconds: -1 }), 'number from 0'],
    ['grace', () => sender.stop(untyped({ grace: 5 })), 'stop: grace is not an option'],
    ['typ', async () => sender.test(await made, untyped({ typ: 'lead.created' })), 'did you mean type'],
    [
      'name',
      () => lifecycle.on(untyped<'delivery.failed'>('delivery.succeded'), () => undefined),
      'did you mean delivery.succeeded',
    ],
  ])('refuses a wrong %s', async (argument, ask, message) => {
    expect(await refusal(ask)).toMatchObject(invalidOption(argument, message))
  })

  it('is refused as an event where it is one, whatever asks for it', async () => {
    const time = published({ time: '2020-01-01' })
    expect(await refusal(time)).toMatchObject({ code: 'invalid_event', argument: 'time' })
    const preview = async () => sender.preview(await made, { type: 'X Y' })
    expect(await refusal(preview)).toMatchObject({
      code: 'invalid_event',
      argument: 'type',
      message: expect.stringMatching(/^event: type must be words/) as unknown,
    })
    const event = await publish('lead.created', {}, { time: new Date(clock.now() - 5_000) })
    expect(event).toMatchObject({ deliveries: 1 })
  })

  it('is taken with fields that are undefined, and a group of failures with its figures', async () => {
    await publish('lead.created', {}, untyped<PublishOptions>({ idempotencyKey: undefined, more: undefined }))
    const group = {
      endpointId: 'x',
      cause: 'gone',
      direction: 'outbound',
      count: 1,
      oldestAtMs: 1,
      newestAtMs: 1,
    } as const
    expect(await deliveries.discardFailures(group)).toBe(0)
  })
})
