import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { afterEntity, canonicalType, describeProvider, firstOf, join, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link clickup}. */
export interface ClickupOptions {
  /** The webhook's `secret`, answered when it is created. */
  readonly secret: SecretInput
}

/** The body of a ClickUp webhook. */
export interface ClickupNotification {
  readonly event: string
  readonly webhook_id: string
  readonly task_id?: string
  /** What changed: `field`, `before`, `after`, `user`. */
  readonly history_items?: readonly Readonly<Record<string, unknown>>[]
  readonly [field: string]: unknown
}

/**
 * ClickUp.
 *
 * Proved by HMAC-SHA256 over the body (`X-Signature`), without a time. There is no delivery id: event and the first
 * history item together name an event once; without history (deletions) the body's SHA-256 is used.
 * `taskStatusUpdated` becomes `task.status_updated`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = clickup({ secret: process.env.CLICKUP_WEBHOOK_SECRET })
 * @see ClickUp API documentation, "Webhooks" and "Webhook signature".
 */
export function clickup(options: ClickupOptions): Provider<Readonly<Record<string, ClickupNotification>>> {
  const { secret } = optionsOf('clickup', options, ['secret'])
  return describeProvider({
    name: 'clickup',
    verifier: hmacSignature({ secret, signature: { header: 'x-signature' } }),
    id: join(':', path('event'), path('history_items.0.id')),
    idSource: 'composite',
    type: path('event'),
    canonical: native => cutEntity(canonicalType(native)),
    recordId: firstOf(path('task_id'), path('list_id'), path('folder_id'), path('space_id'), path('goal_id')),
    time: path('history_items.0.date'),
  })
}

const cutEntity = afterEntity(['task', 'list', 'folder', 'space', 'goal', 'key_result'])
