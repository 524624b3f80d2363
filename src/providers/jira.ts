import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { afterEntity, canonicalType, describeProvider, header, type Lookup, path, splitType } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link jira}. */
export interface JiraOptions {
  /** The secret that was set when the webhook was registered (Settings → System → WebHooks). */
  readonly secret: SecretInput
}

/** The body of a Jira webhook: the record under its own name beside these. */
export interface JiraNotification {
  readonly webhookEvent: string
  /** Milliseconds since the epoch. */
  readonly timestamp?: number
  readonly issue?: Readonly<Record<string, unknown>>
  readonly comment?: Readonly<Record<string, unknown>>
  readonly user?: Readonly<Record<string, unknown>>
  /** What changed: `items` with `field`, `from` and `to`. */
  readonly changelog?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * Jira Cloud webhooks that an administrator registered with a secret. (Connect apps use a JWT and are not covered.)
 *
 * Proved by HMAC-SHA256 over the body (`X-Hub-Signature: sha256=…`), without a time. The id is the header
 * `X-Atlassian-Webhook-Identifier`, the same over retries, which `X-Atlassian-Webhook-Retry` counts.
 * `jira:issue_created` becomes `issue.created`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = jira({ secret: process.env.JIRA_WEBHOOK_SECRET })
 * @see Atlassian developer documentation, "Webhooks" of the Jira Cloud platform.
 */
export function jira(options: JiraOptions): Provider<Readonly<Record<string, JiraNotification>>> {
  const { secret } = optionsOf('jira', options, ['secret'])
  return describeProvider({
    name: 'jira',
    verifier: hmacSignature({ secret, signature: { header: 'x-hub-signature', prefix: 'sha256=' } }),
    id: header('x-atlassian-webhook-identifier'),
    type: path('webhookEvent'),
    canonical,
    recordId,
    time: path('timestamp'),
    attempt: header('x-atlassian-webhook-retry'),
    firstAttempt: 0,
  })
}

const cutEntity = afterEntity([
  'issue',
  'issuelink',
  'issue_property',
  'comment',
  'worklog',
  'attachment',
  'project',
  'version',
  'user',
  'sprint',
  'board',
  'option',
])

function canonical(nativeType: string): string {
  return cutEntity(canonicalType(nativeType.replace(/^jira:/, '')))
}

const recordId: Lookup = input => {
  const { entity } = splitType(canonical(path('webhookEvent')(input) ?? ''))
  return path(entity === 'issuelink' ? 'issueLink.id' : entity === 'user' ? 'user.accountId' : `${entity}.id`)(input)
}
