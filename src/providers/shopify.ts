import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, firstOf, header, type Lookup, pastTense, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link shopify}. */
export interface ShopifyOptions {
  /** The app's client secret; after a rotation the old one too, for an hour. */
  readonly secret: SecretInput
}

/**
 * Shopify.
 *
 * Proved by HMAC-SHA256 (base64) over the body, without a signed time; the headers are `X-Shopify-…`, or `shopify-…` for
 * newer events. The id is the webhook id header, the same over retries. `orders/create` becomes `order.created`.
 * Numbers above 2^53 lose digits in JSON, so `recordId` is taken from `admin_graphql_api_id` where it is there.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = shopify({ secret: process.env.SHOPIFY_CLIENT_SECRET })
 * receiver.on('order.created', ({ data }) => fulfil(data))
 * @see Shopify developer documentation, "Deliver webhooks through HTTPS".
 */
export function shopify(options: ShopifyOptions): Provider<Readonly<Record<string, Record<string, unknown>>>> {
  const { secret } = optionsOf('shopify', options, ['secret'])
  return describeProvider({
    name: 'shopify',
    timeoutSeconds: 4,
    verifier: hmacSignature({
      secret,
      signature: { header: ['x-shopify-hmac-sha256', 'shopify-hmac-sha256'] },
      encoding: 'base64',
    }),
    id: shopifyHeader('webhook-id'),
    type: shopifyHeader('topic'),
    canonical,
    recordId,
    time: shopifyHeader('triggered-at'),
  })
}

function shopifyHeader(name: string): Lookup {
  return firstOf(header(`x-shopify-${name}`), header(`shopify-${name}`))
}

/** `orders/create` → `order.created`, `companies/update` → `company.updated`. */
function canonical(topic: string): string {
  const [resource = '', ...rest] = canonicalType(topic).split('.')
  const singular = resource.endsWith('ies') ? `${resource.slice(0, -3)}y` : resource.replace(/s$/, '')
  return pastTense([singular, ...rest].join('.'))
}

const recordId: Lookup = ({ item }) => {
  const gid = valueAt(item, 'admin_graphql_api_id')
  if (typeof gid === 'string') return gid.slice(gid.lastIndexOf('/') + 1)
  const id = valueAt(item, 'id')
  return Number.isSafeInteger(id) || typeof id === 'string' ? String(id) : undefined
}
