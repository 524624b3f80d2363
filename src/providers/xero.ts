import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, join, pastTense, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer } from './shared/answers.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link xero}. */
export interface XeroOptions {
  /** The webhooks key of the app. */
  readonly webhooksKey: SecretInput
}

/**
 * Xero: contacts, invoices and other records, by id only.
 *
 * Proved by HMAC-SHA256 (base64) over the body in `x-xero-signature`, without a time. For its "intent to receive" Xero
 * sends right and wrong signatures and insists on 200 and 401 without a body, so every answer has none. A request is
 * split into its `events`. `id` is tenant, record, change and time. Types: `INVOICE` + `UPDATE` → `invoice.updated`.
 * Xero waits 5 seconds.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = xero({ webhooksKey: process.env.XERO_WEBHOOKS_KEY })
 * receiver.on('invoice.updated', ({ recordId }) => fetchInvoice(recordId))
 * @see Xero developer documentation, "Webhooks", "Configuring your server".
 */
export function xero(options: XeroOptions): Provider<OpenEvents> {
  const { webhooksKey } = optionsOf('xero', options, ['webhooksKey'])
  return describeProvider<OpenEvents>({
    name: 'xero',
    verifier: hmacSignature({ secret: webhooksKey, signature: { header: 'x-xero-signature' }, encoding: 'base64' }),
    timeoutSeconds: 4.5,
    split: body => {
      const events = valueAt(body, 'events')
      return Array.isArray(events) ? (events as readonly unknown[]) : undefined
    },
    id: join(':', path('tenantId'), path('resourceId'), path('eventCategory'), path('eventType'), path('eventDateUtc')),
    idSource: 'composite',
    type: join('.', path('eventCategory'), path('eventType')),
    canonical: native => pastTense(canonicalType(native.toLowerCase())),
    recordId: path('resourceId'),
    time: ({ item }) => asUtc(valueAt(item, 'eventDateUtc')),
    respond: ({ httpStatus }) => emptyAnswer(httpStatus < 300 ? 200 : httpStatus),
  })
}

/** Xero leaves out the zone. */
function asUtc(time: unknown): string | undefined {
  if (typeof time !== 'string') return undefined
  return /(?:Z|[+-]\d\d:\d\d)$/.test(time) ? time : `${time}Z`
}
