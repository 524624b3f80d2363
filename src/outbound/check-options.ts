import { WebhookError } from '../errors.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import { checkSources } from '../model/sources.ts'
import type { Preset } from '../presets/preset.ts'
import type { Store } from '../storage/store.ts'
import type { EventCatalogue } from './catalogue.ts'
import type { SenderOptions } from './options.ts'

type Options = SenderOptions<EventCatalogue>

const OPTIONS: FieldTable<Options> = {
  transport: true,
  guard: true,
  store: true,
  events: true,
  presets: true,
  signatures: true,
  userAgent: true,
  maxDataBytes: true,
  worker: true,
  disable: true,
  storeTimeoutSeconds: true,
  logSuccesses: true,
  endpointRefreshSeconds: true,
  logger: true,
  clock: true,
  random: true,
  newId: true,
}

const WORKER_OPTIONS: FieldTable<NonNullable<Options['worker']>> = {
  slots: true,
  maxOpen: true,
  slowAfterMilliseconds: true,
  leaseSeconds: true,
  pollSeconds: true,
  settleAfterMilliseconds: true,
}

const DISABLE_OPTIONS: FieldTable<NonNullable<Options['disable']>> = {
  afterSeconds: true,
  minFailures: true,
  probeEverySeconds: true,
}

/**
 * Checks the names of all options, and that what is handed in to be used later is what it is taken for.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 */
export function checkSenderOptions(options: Options): void {
  checkOptions(options, Object.keys(OPTIONS), 'createSender')
  const { worker = {}, disable = {}, events = {}, presets = [], signatures = {} } = options
  checkOptions(worker, Object.keys(WORKER_OPTIONS), 'createSender', 'worker')
  checkOptions(disable, Object.keys(DISABLE_OPTIONS), 'createSender', 'disable')
  if (!isFunction(options.transport?.send))
    throw invalid('transport', 'is missing: nodeTransport({ guard }), for instance')
  if (!isFunction(options.guard?.check))
    throw invalid('guard', 'is missing: createAddressGuard({ lookup: nodeLookup() }), for instance')
  checkStore(options)
  for (const [type, schema] of Object.entries(events)) {
    if (!isFunction(schema?.safeParse)) throw invalid(`events['${type}']`, 'must be a zod schema')
  }
  if (!Array.isArray(presets)) throw invalid('presets', 'must be a list: [slack()]')
  presets.forEach((preset: unknown, i) => {
    if (!isPreset(preset)) throw invalid(`presets[${i}]`, 'must be a preset, such as slack(). Was the factory called?')
  })
  const names = (options.presets ?? []).map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw invalid('presets', `has '${twice}' twice: give one another name, by its option name`)
  for (const [name, scheme] of Object.entries(signatures)) {
    if (typeof scheme?.header !== 'string' || !isFunction(scheme.create))
      throw invalid(`signatures['${name}']`, 'must have a header and create(secrets, header)')
  }
  checkSources(options, invalid)
}

function checkStore({ store }: Options): void {
  if (store === undefined) return
  const { endpoints, deliveries, attempts }: Partial<Store> = store ?? {}
  if (!isFunction(endpoints?.insert) || !isFunction(deliveries?.enqueue) || !isFunction(attempts?.insert))
    throw invalid('store', "must be a store, such as sqliteStore('webhooks.db')")
}

function isPreset(preset: unknown): boolean {
  const { name, settings, request, outcome }: Partial<Preset> = preset ?? {}
  return typeof name === 'string' && [settings, request, outcome].every(isFunction)
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

/** What a wrong option is refused with. */
export function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `createSender: ${argument} ${problem}`, { argument })
}
