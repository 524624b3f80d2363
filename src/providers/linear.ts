import { utf8 } from '../bytes/encoding.ts'
import { parseJson } from '../bytes/json.ts'
import { systemNow } from '../clock.ts'
import type { SecretInput } from '../model/secret.ts'
import { type Verifier, withHeaders } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, header, join, pastTense, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link linear}. */
export interface LinearOptions {
  /** The webhook's signing secret (Settings → API → Webhooks). */
  readonly secret: SecretInput
  /** How far the time in the body may lie from now, in seconds. Default 60, as Linear asks. */
  readonly toleranceSeconds?: number
}

/** The body of a Linear webhook. */
export interface LinearNotification {
  readonly type: string
  readonly action: string
  readonly data?: Readonly<Record<string, unknown>>
  /** Old values of the changed fields. */
  readonly updatedFrom?: Readonly<Record<string, unknown>>
  readonly url?: string
  /** ISO 8601. */
  readonly createdAt?: string
  /** When it was sent, in milliseconds since the epoch. */
  readonly webhookTimestamp: number
  readonly webhookId?: string
  readonly [field: string]: unknown
}

/**
 * Linear.
 *
 * Proved by HMAC-SHA256 over the body, whose `webhookTimestamp` is the signed time; the header `Linear-Timestamp` is
 * not signed and ignored. The id is the header `Linear-Delivery`. Types are `Type.action`: `Issue` + `update` →
 * `issue.updated`. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = linear({ secret: process.env.LINEAR_WEBHOOK_SECRET })
 * @see Linear developer documentation, "Webhooks".
 */
export function linear(options: LinearOptions): Provider<Readonly<Record<string, LinearNotification>>> {
  const { secret, toleranceSeconds = 60 } = optionsOf('linear', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'linear',
    timeoutSeconds: 4,
    verifier: linearVerifier(secret, toleranceSeconds),
    id: header('linear-delivery'),
    type: join('.', path('type'), path('action')),
    canonical: native => pastTense(canonicalType(native)),
    recordId: path('data.id'),
    time: path('createdAt'),
  })
}

function linearVerifier(secret: SecretInput, toleranceSeconds: number): Verifier {
  const scheme = hmacSignature({
    secret,
    signature: { header: 'linear-signature' },
    timestamp: { from: { bodyPath: 'webhookTimestamp' }, unit: 'ms', toleranceSeconds },
  })
  const untimed = hmacSignature({ secret, signature: { header: 'linear-signature' } })
  return {
    verify: (request, context) => scheme.verify(request, context),
    authenticate(request, context) {
      const parsed = parseJson(request.body)
      const webhookTimestamp = context?.now ?? systemNow()
      const isObject = parsed.ok && typeof parsed.value === 'object' && parsed.value !== null
      const body = isObject ? utf8(JSON.stringify({ ...parsed.value, webhookTimestamp })) : request.body
      return withHeaders({ ...request, body }, untimed.sign({ body }))
    },
  }
}
