import type { AnyProvider } from '../providers/provider.ts'
import type { DedupeStore } from '../storage/dedupe-store.ts'
import type { ReceiverSettings } from './options.ts'

/** The provider of each name that receivers of this process use on a store; `undefined` once that was warned about. */
const known = new WeakMap<DedupeStore, Map<string, AnyProvider | undefined>>()

/**
 * Warns, once a name, of a second receiver that has the name and the store of another one but not its provider: of two
 * events with one id it takes the second for a repetition. Parts of an application that share a provider may each have
 * a receiver.
 */
export function warnOfSharedName(
  { name, dedupe, logger }: Pick<ReceiverSettings, 'name' | 'dedupe' | 'logger'>,
  provider: AnyProvider,
): void {
  const names = known.get(dedupe) ?? new Map<string, AnyProvider | undefined>()
  known.set(dedupe, names)
  if (!names.has(name)) names.set(name, provider)
  const first = names.get(name)
  if (first === undefined || first === provider) return
  names.set(name, undefined)
  logger.warn(
    'two webhook receivers with one name share a store: each takes events of the other for repetitions of its own. Give each a name, unless both receive the same webhooks',
    { receiver: name },
  )
}
