import type { Clock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { NewId } from '../ids.ts'
import type { Endpoint, EndpointSecret } from '../model/endpoint.ts'
import { checkOptions } from '../model/known-fields.ts'
import { generateSecret } from '../signatures/standard-webhooks.ts'
import { MASK, maskHeaders, maskUrl } from '../storage/exchange-log/index.ts'
import type { EndpointPage, PageRequest, Store, TenantOption } from '../storage/store.ts'
import { tenantOf } from '../storage/tenant-option.ts'
import type { EndpointCache } from './endpoint-cache.ts'
import { checkFields, invalid } from './endpoint-fields.ts'
import { checkEndpoint, ENDPOINT_FIELDS, type EndpointInput, type EndpointRules, NO_URL } from './endpoint-input.ts'
import { checkSecret } from './endpoint-proof.ts'
import { PARK_MS, putOff } from './resting.ts'

/** An endpoint without what must stay secret: secrets are gone, credentials masked. */
export type PublicEndpoint = Omit<Endpoint, 'secrets' | 'failingSinceMs'>

/**
 * What an update changes, as a JSON merge patch does: a field that is left out (or `undefined`) stays, one that is given
 * is replaced as a whole, and `null` takes it away, so that it is as if `create` had not been given it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
export type EndpointChanges = {
  readonly [Field in Exclude<keyof EndpointInput, 'tenant' | 'secret'>]?:
    | EndpointInput[Field]
    | (Field extends RequiredField ? undefined : null | undefined)
}

type RequiredField = 'name' | 'events'

/**
 * Manages endpoints. Every call by id throws `not_found` for an unknown id or another tenant's, and every call
 * `invalid_option` for what is not known in its options: a misspelt `tenant` would find everybody's.
 */
export interface Endpoints {
  /**
   * @returns the endpoint with its secret: the only time that the secret is shown.
   * @throws {WebhookError} `invalid_endpoint`, naming the field.
   */
  create(input: EndpointInput): Promise<{ readonly endpoint: PublicEndpoint; readonly secret: string }>
  /** @throws {WebhookError} `store_encryption` when the store does not have the key that it is encrypted with. */
  get(id: string, options?: TenantOption): Promise<PublicEndpoint>
  /** Newest first. Those that the store cannot read are named by their ids in `unreadable`; nothing is sent to them. */
  list(
    filter?: TenantOption & { readonly status?: Endpoint['status'] } & PageRequest,
  ): Promise<EndpointPage<PublicEndpoint>>
  /**
   * Changes the given fields, and checks the endpoint as it is then: without its preset it needs a `url`, and what a
   * preset left unsigned stays so until it is given a `signature`.
   *
   * @throws {WebhookError} `invalid_endpoint`, naming the field; `conflict` when others never stop changing it.
   * @example await sender.endpoints.update(id, { timeoutSeconds: 10, rateLimit: null })
   */
  update(id: string, changes: EndpointChanges, options?: TenantOption): Promise<PublicEndpoint>
  delete(id: string, options?: TenantOption): Promise<void>
  /** What waited is sent. */
  enable(id: string, options?: TenantOption): Promise<PublicEndpoint>
  /** Nothing new is published to it; what waits is kept until it is enabled. */
  disable(id: string, options?: TenantOption): Promise<PublicEndpoint>
  /**
   * A new secret. The old one goes on signing beside it for a while, so that receivers can change over. After several
   * rotations so do the last four whose time is not over, where the scheme has room for so many signatures.
   *
   * @param options.keepPreviousForSeconds Default 86,400 (a day); with 0 all old ones end, at once in this process. Others
   * sign with them until they hear of the change, for up to `endpointRefreshSeconds`.
   */
  rotateSecret(
    id: string,
    options?: TenantOption & { readonly keepPreviousForSeconds?: number; readonly secret?: string },
  ): Promise<{ readonly endpoint: PublicEndpoint; readonly secret: string }>
}

/** Concurrent writers are retried this often. */
const MAX_TRIES = 5

/** Creates the management of endpoints. */
export function createEndpoints(
  store: Store,
  cache: EndpointCache,
  rules: EndpointRules,
  { clock, newId }: { readonly clock: Clock; readonly newId: NewId },
): Endpoints {
  const load = async (id: string, tenant: string | undefined): Promise<Endpoint> => {
    const endpoint = await store.endpoints.get(id, tenant)
    if (endpoint === undefined) throw new WebhookError('not_found', `there is no endpoint '${id}'`, { argument: 'id' })
    return endpoint
  }
  const change = async (
    id: string,
    tenant: string | undefined,
    apply: (endpoint: Endpoint) => Endpoint | Promise<Endpoint>,
  ): Promise<Endpoint> => {
    for (let i = 0; i < MAX_TRIES; i++) {
      const before = await load(id, tenant)
      const after = { ...(await apply(before)), updatedAtMs: Math.max(clock.now(), before.updatedAtMs + 1) }
      if (await store.endpoints.replace(after, before.updatedAtMs)) {
        cache.put(after)
        return after
      }
    }
    throw new WebhookError('conflict', `the endpoint '${id}' is being changed by others`, { argument: 'id' })
  }

  return {
    async create(input) {
      const settings = await checkEndpoint(input, rules)
      const nowMs = clock.now()
      const endpoint: Endpoint = { id: newId('ep'), ...settings, ...ACTIVE, createdAtMs: nowMs, updatedAtMs: nowMs }
      await store.endpoints.insert(endpoint)
      cache.put(endpoint)
      return { endpoint: toPublic(endpoint), secret: endpoint.secrets[0]?.value ?? '' }
    },
    get: async (id, options) => toPublic(await load(id, tenantOf('endpoints.get', options))),
    async list(filter = {}) {
      checkOptions(filter, ['tenant', 'status', 'limit', 'cursor'], 'endpoints.list')
      const page = await store.endpoints.list(filter)
      return { ...page, items: page.items.map(toPublic) }
    },
    async update(id, changes, options) {
      const endpoint = await change(id, tenantOf('endpoints.update', options), async before => {
        const saved = toInput(before)
        checkChanges(changes)
        const { secret = '' } = saved
        const isMoved = changes.url !== undefined || changes.preset !== undefined
        const settings = await checkEndpoint({ ...patched(saved, changes), secret }, rules, isMoved)
        const secrets = before.secrets.filter(({ value }, i) => i === 0 || fits(value, settings.signature, rules))
        return { ...before, ...settings, tenant: before.tenant, secrets }
      })
      return toPublic(endpoint)
    },
    async delete(id, options) {
      const tenant = tenantOf('endpoints.delete', options)
      const deleted = await store.endpoints.delete(id, tenant)
      if (!deleted) await load(id, tenant)
      cache.remove(id)
      // Their attempts find no endpoint and end them, instead of leaving them waiting for ever.
      await store.deliveries.reschedule(id, clock.now(), 'sooner')
    },
    async enable(id, options) {
      const endpoint = await change(id, tenantOf('endpoints.enable', options), before => ({ ...before, ...ACTIVE }))
      await store.deliveries.reschedule(id, clock.now(), 'sooner')
      return toPublic(endpoint)
    },
    async disable(id, options) {
      const disabled = {
        status: 'disabled',
        disabledReason: 'manual',
        disabledAtMs: clock.now(),
        probeAtMs: undefined,
      } as const
      const endpoint = await change(id, tenantOf('endpoints.disable', options), before => ({ ...before, ...disabled }))
      await putOff(id, clock.now() + PARK_MS, store, clock)
      return toPublic(endpoint)
    },
    async rotateSecret(id, options = {}) {
      checkOptions(options, ['tenant', 'keepPreviousForSeconds', 'secret'], 'endpoints.rotateSecret')
      const { tenant, keepPreviousForSeconds = 86_400, secret = generateSecret() } = options
      if (!(keepPreviousForSeconds >= 0 && keepPreviousForSeconds <= 31_536_000)) {
        throw new WebhookError('invalid_option', 'keepPreviousForSeconds must be 0 to 31,536,000', {
          argument: 'keepPreviousForSeconds',
        })
      }
      const expiresAtMs = clock.now() + keepPreviousForSeconds * 1000
      const endpoint = await change(id, tenant, before => {
        checkSecret(secret, before.signature, rules)
        const previous = expiring(before.secrets, expiresAtMs, clock.now()).filter(({ value }) => value !== secret)
        return { ...before, secrets: [{ value: secret }, ...previous] }
      })
      return { endpoint: toPublic(endpoint), secret }
    },
  }
}

const ACTIVE = {
  status: 'active',
  disabledReason: undefined,
  disabledAtMs: undefined,
  failingSinceMs: undefined,
  probeAtMs: undefined,
} as const

/** More secrets that are being replaced would make the header of their signatures too long. */
const MAX_PREVIOUS = 4

/** The secrets that sign beside a new one: what was current, for a while, and what is being replaced already. */
function expiring(secrets: readonly EndpointSecret[], expiresAtMs: number, nowMs: number): readonly EndpointSecret[] {
  const [current, ...previous] = secrets
  if (current === undefined || expiresAtMs <= nowMs) return []
  const live = previous.filter(secret => (secret.expiresAtMs ?? 0) > nowMs)
  return [{ value: current.value, expiresAtMs }, ...live].slice(0, MAX_PREVIOUS)
}

/** Whether a secret that is being replaced can sign by the scheme that the endpoint has now. */
function fits(secret: string, signature: Endpoint['signature'], rules: EndpointRules): boolean {
  try {
    checkSecret(secret, signature, rules)
    return true
  } catch {
    return false
  }
}

/** An endpoint as others may see it. */
export function toPublic({ secrets: _secrets, failingSinceMs: _since, ...endpoint }: Endpoint): PublicEndpoint {
  return {
    ...endpoint,
    url: maskUrl(endpoint.url),
    auth: maskAuth(endpoint.auth),
    headers: maskHeaders(endpoint.headers),
    preset: endpoint.preset && { name: endpoint.preset.name, settings: {} },
  }
}

function maskAuth(auth: Endpoint['auth']): Endpoint['auth'] {
  switch (auth.type) {
    case 'none':
      return auth
    case 'basic':
      return { ...auth, password: MASK }
    case 'bearer':
      return { ...auth, token: MASK }
    case 'apiKey':
      return { ...auth, key: MASK }
  }
}

function checkChanges(changes: unknown): void {
  if (typeof changes !== 'object' || changes === null) throw invalid('changes', 'must be an object')
  for (const fixed of ['tenant', 'secret']) {
    if (Reflect.get(changes, fixed) !== undefined) throw invalid(fixed, 'cannot be changed by an update')
  }
  checkFields(changes, ENDPOINT_FIELDS)
}

/** `saved` with what `changes` says: absent stays, `null` is taken away. */
function patched(saved: EndpointInput, changes: EndpointChanges): EndpointInput {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined)
  for (const [field, value] of given) {
    if (value === null && ['name', 'events'].includes(field)) throw invalid(field, 'is required: it cannot be null')
  }
  const removed = new Set(given.filter(([, value]) => value === null).map(([field]) => field))
  const kept = Object.entries({ ...saved, ...Object.fromEntries(given) }).filter(([field]) => !removed.has(field))
  return { name: saved.name, events: saved.events, ...Object.fromEntries(kept) }
}

/** A stored endpoint as input again, so that an update is checked as a whole. */
function toInput(endpoint: Endpoint): EndpointInput {
  const {
    name,
    url,
    events,
    method,
    headers,
    auth,
    signature,
    envelope,
    timeoutSeconds,
    maxInFlight,
    ordering,
    metadata,
  } = endpoint
  const { description, when, preset, template, rateLimit, tenant, secrets } = endpoint
  return {
    name,
    events,
    method,
    headers,
    auth,
    signature,
    envelope,
    timeoutSeconds,
    maxInFlight,
    ordering,
    metadata,
    retry: endpoint.retry as NonNullable<EndpointInput['retry']>,
    ...(url !== NO_URL && { url }),
    ...(description !== undefined && { description }),
    ...(when && { when }),
    ...(preset && { preset }),
    ...(template !== undefined && { template }),
    ...(rateLimit && { rateLimit }),
    ...(tenant !== undefined && { tenant }),
    ...(secrets[0] && { secret: secrets[0].value }),
  }
}
