import { allOf } from '../credentials/all-of.ts'
import { type BasicAuthOptions, basicAuth } from '../credentials/basic-auth.ts'
import { type IpAllowlistOptions, ipAllowlist } from '../credentials/ip-allowlist.ts'
import { unverified } from '../credentials/unverified.ts'
import { WebhookError } from '../errors.ts'
import type { EventOf, ParseResult } from '../model/event.ts'
import { checkOptions } from '../model/known-fields.ts'
import type { SecretInput } from '../model/secret.ts'
import type { Verifier } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { nativeTypes, type PipedriveEvents } from './pipedrive/events.ts'
import { parsePipedrive } from './pipedrive/parse.ts'
import { createProvider, type Provider } from './provider.ts'
import type { Validation } from './schema.ts'
import { optionsOf } from './shared/options.ts'

export type { PipedriveChange } from './pipedrive/change.ts'
export {
  type AddressValue,
  type CustomField,
  type CustomFieldValue,
  type CustomFieldValues,
  customFieldValue,
  type DateRangeValue,
  type MonetaryValue,
  type TimeRangeValue,
  type TimeValue,
} from './pipedrive/custom-fields.ts'
export type { MergeableEntity, PipedriveEvents } from './pipedrive/events.ts'
export type {
  Activity,
  ActivityType,
  Deal,
  Lead,
  Note,
  Organization,
  OtherRecord,
  Person,
  PipedriveEntity,
  PipedriveRecords,
  Pipeline,
  Product,
  Stage,
  User,
} from './pipedrive/records.ts'
export type { Validation } from './schema.ts'

/** Options of {@link pipedrive}. At least one check is needed; those that are given must all pass. */
export interface PipedriveOptions {
  /** The HTTP authentication user and password that the webhook was created with: all that Pipedrive itself offers. */
  readonly basicAuth?: BasicAuthOptions
  /**
   * Asks for an HMAC-SHA256 of the raw body as bare lower-case hex, as a gateway of your own may add it. Pipedrive
   * does not sign.
   */
  readonly signature?: {
    /** Several during a rotation. */
    readonly secret: SecretInput
    /** Default `x-pipedrive-signature`. */
    readonly header?: string
  }
  /** Address ranges that may call, and the proxies that may say who does. Pipedrive publishes no list. */
  readonly allow?: PipedriveAllow
  /** Accepts every request: anybody who knows the URL can then send events. Cannot be combined with a check. */
  readonly unverified?: true
  /**
   * How much of a body is checked. Default `full`. With `envelope`, an event whose record has a field of another type
   * than documented is delivered instead of refused, should Pipedrive change one.
   */
  readonly validation?: Validation
}

/** Who may call. */
export interface PipedriveAllow {
  /** Addresses and ranges: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`. */
  readonly addresses: IpAllowlistOptions['allow']
  /** Proxies whose `x-forwarded-for` is believed. Default: none. */
  readonly trustedProxies?: IpAllowlistOptions['trustedProxies']
}

/**
 * Pipedrive, webhooks v1 and v2 at the same URL: records that were created, updated, deleted or merged.
 *
 * Both versions give the same event for the same edit. `event.data` is a record change with both sides complete
 * (v2 sends only the previous values of what changed), `changes` holds what really differs, and custom fields
 * stand under `custom_fields` by key, unwrapped, in `changes` under their own key. Standard fields keep the names
 * and forms of their version (see {@link Deal}).
 *
 * - **Proof**: HTTP Basic, set when the webhook is created. Nothing is signed.
 * - **Id**: `meta.id` of v2. For v1, and for users in v2, where `meta.id` is not unique, account, entity, record,
 *   action and time together.
 * - **Attempt**: `meta.attempt` of v2, `retry + 1` of v1. Any answer but 2xx is tried again, 4xx too, after 3, 30
 *   and 150 seconds. An answer is due within 10 seconds. Ten first attempts that failed ban the webhook for 30 minutes.
 * - **Merges**: the survivor gets `deal.merged` with `mergedFrom` (v2 only), the other one `deal.deleted` with
 *   `mergedInto` (v2 only).
 * - **Users** are not deleted but deactivated: `user.updated` with `changes.active_flag` from `true` to `false`.
 * - An entity or action that is not documented comes as an event with `known: false`. A body without `meta.action`,
 *   the entity or the ids, or with a documented field of another type, is `invalid_data` (see `validation`).
 *
 * Source: https://pipedrive.readme.io/docs/guide-for-webhooks-v2 and https://pipedrive.readme.io/docs/guide-for-webhooks
 *
 * @throws {WebhookError} `invalid_option` without any check; what the checks throw for a bad secret or address.
 * @example
 * const receiver = createReceiver({
 *   provider: pipedrive({ basicAuth: { username, password } }),
 * })
 * receiver.on('deal.updated', ({ data }) => {
 *   if (hasChanged(data, 'status', 'won')) return celebrate(data.current?.title, data.current?.value)
 * })
 */
export function pipedrive(options: PipedriveOptions): Provider<PipedriveEvents> {
  optionsOf('pipedrive', options, ['basicAuth', 'signature', 'allow', 'unverified', 'validation'])
  const validation = options.validation ?? 'full'
  const types = nativeTypes()
  return createProvider<PipedriveEvents>({
    name: 'pipedrive',
    verifier: verifierOf(options),
    eventTypes: [...new Set(Object.values(types))],
    nativeTypes: types,
    timeoutSeconds: 9,
    // With `envelope` the types of the fields are Pipedrive's promise.
    parse: request => parsePipedrive(request, validation) as ParseResult<EventOf<PipedriveEvents>>,
  })
}

function verifierOf({ basicAuth: basic, signature, allow, unverified: open }: PipedriveOptions): Verifier {
  const verifiers: Verifier[] = []
  // JavaScript may hand over the text 'false', which must not open the door.
  if (open !== undefined && open !== true) {
    throw new WebhookError('invalid_option', 'pipedrive: unverified must be true, or left out', {
      argument: 'unverified',
    })
  }
  if (allow !== undefined) {
    checkOptions(allow, ['addresses', 'trustedProxies'], 'pipedrive', 'allow')
    const { addresses, trustedProxies } = allow
    verifiers.push(ipAllowlist({ allow: addresses, ...(trustedProxies && { trustedProxies }) }))
  }
  if (basic !== undefined) verifiers.push(basicAuth(basic))
  if (signature !== undefined) {
    checkOptions(signature, ['secret', 'header'], 'pipedrive', 'signature')
    const { secret, header = 'x-pipedrive-signature' } = signature
    verifiers.push(hmacSignature({ secret, signature: { header } }))
  }
  if (open && verifiers.length > 0) {
    throw new WebhookError(
      'invalid_option',
      'pipedrive: unverified cannot be combined with basicAuth, signature or allow',
      {
        argument: 'unverified',
      },
    )
  }
  if (open) return unverified()
  if (verifiers.length === 0) {
    throw new WebhookError(
      'invalid_option',
      'pipedrive: give basicAuth, signature or allow; to accept every request, say unverified: true',
      { argument: 'basicAuth' },
    )
  }
  return allOf(...verifiers)
}
