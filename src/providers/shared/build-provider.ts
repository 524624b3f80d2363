import { WebhookError } from '../../errors.ts'
import type { EventMap } from '../../model/event.ts'
import type { Provider, ProviderOptions } from '../provider.ts'

/**
 * A provider of its parts, with the defaults filled in. Names that are not known have been refused before.
 *
 * @throws {WebhookError} `invalid_provider` when the name, the verifier or `parse` is missing.
 */
export function buildProvider<Events extends EventMap>(options: ProviderOptions<Events>): Provider<Events> {
  const { name, verifier, parse } = options
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    throw invalidProvider('name', 'must be lower-case letters, digits and hyphens')
  }
  if (typeof verifier?.verify !== 'function') {
    throw invalidProvider('verifier', 'must be a signature scheme or a credential; use unverified() to go without')
  }
  if (typeof parse !== 'function') throw invalidProvider('parse', 'must be a function')
  return {
    name,
    eventTypes: options.eventTypes,
    nativeTypes: options.nativeTypes ?? {},
    methods: options.methods ?? ['POST'],
    timeoutSeconds: options.timeoutSeconds,
    ...(options.deduplicate !== undefined && { deduplicate: options.deduplicate }),
    ...(verifier.confidential && { confidential: verifier.confidential }),
    verify: (request, context) => verifier.verify(request, context),
    ...(verifier.authenticate && { authenticate: verifier.authenticate.bind(verifier) }),
    parse,
    ...(options.challenge && { challenge: options.challenge }),
    ...(options.unsignedChallenge && { unsignedChallenge: options.unsignedChallenge }),
    ...(options.respond && { respond: options.respond }),
  }
}

/** A provider was described wrongly. */
export function invalidProvider(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_provider', `createProvider: ${argument} ${problem}`, { argument })
}
