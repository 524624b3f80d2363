import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link pagerduty}. */
export interface PagerdutyOptions {
  /** The subscription's secret, shown once when it is created. */
  readonly secret: SecretInput
}

/** The body of a PagerDuty V3 webhook. */
export interface PagerdutyNotification {
  readonly event: {
    readonly id: string
    readonly event_type: string
    readonly resource_type?: string
    /** ISO 8601. */
    readonly occurred_at?: string
    readonly agent?: Readonly<Record<string, unknown>> | null
    readonly data: Readonly<Record<string, unknown>>
    readonly [field: string]: unknown
  }
}

/**
 * PagerDuty V3 webhooks.
 *
 * Proved by HMAC-SHA256 over the body (`X-PagerDuty-Signature: v1=…,v1=…`), without a time; several signatures stand
 * there while the secret changes. The id is `event.id`, the type `event.event_type`. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = pagerduty({ secret: process.env.PAGERDUTY_WEBHOOK_SECRET })
 * @see PagerDuty developer documentation, "V3 webhooks" and "Verifying webhook signatures".
 */
export function pagerduty(options: PagerdutyOptions): Provider<Readonly<Record<string, PagerdutyNotification>>> {
  const { secret } = optionsOf('pagerduty', options, ['secret'])
  return describeProvider({
    name: 'pagerduty',
    verifier: hmacSignature({
      secret,
      signature: { header: 'x-pagerduty-signature', list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
    }),
    id: path('event.id'),
    type: path('event.event_type'),
    recordId: path('event.data.id'),
    time: path('event.occurred_at'),
  })
}
