import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, join, type Lookup, listAt, path, splitType } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link gocardless}. */
export interface GocardlessOptions {
  /** The webhook endpoint's secret. */
  readonly secret: SecretInput
}

/** One element of `events`. */
export interface GocardlessEvent {
  readonly id: string
  /** ISO 8601. */
  readonly created_at?: string
  readonly resource_type: string
  readonly action: string
  readonly links?: Readonly<Record<string, string>>
  readonly details?: Readonly<Record<string, unknown>>
  readonly metadata?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/**
 * GoCardless.
 *
 * Proved by HMAC-SHA256 over the body, without a time. The header is called `Webhook-Signature` like that of Standard
 * Webhooks, but is another scheme. A request is a batch; each event has its own id (`EV…`). `payments` + `confirmed`
 * becomes `payment.confirmed`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = gocardless({ secret: process.env.GOCARDLESS_WEBHOOK_SECRET })
 * @see GoCardless API reference, "Webhooks".
 */
export function gocardless(options: GocardlessOptions): Provider<Readonly<Record<string, GocardlessEvent>>> {
  const { secret } = optionsOf('gocardless', options, ['secret'])
  return describeProvider({
    name: 'gocardless',
    timeoutSeconds: 8,
    verifier: hmacSignature({ secret, signature: { header: 'webhook-signature' } }),
    split: listAt('events'),
    id: path('id'),
    type: nativeType,
    canonical,
    recordId: input => path(`links.${splitType(canonical(nativeType(input) ?? '')).entity}`)(input),
    time: path('created_at'),
  })
}

const nativeType: Lookup = join('.', path('resource_type'), path('action'))

function canonical(native: string): string {
  return canonicalType(native).replace(/s\./, '.')
}
