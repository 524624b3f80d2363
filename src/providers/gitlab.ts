import { allOf } from '../credentials/all-of.ts'
import { sharedSecret } from '../credentials/shared-secret.ts'
import { WebhookError } from '../errors.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import type { Verifier } from '../model/verification.ts'
import { standardWebhooks } from '../signatures/standard-webhooks.ts'
import { canonicalType, describeProvider, firstOf, header, join, pastTense, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link gitlab}: at least one of the two proofs; with both, both must hold. */
export interface GitlabOptions {
  /** The webhook's signing token: `whsec_` and base64 of 32 bytes. Proves the body. */
  readonly signingToken?: SecretInput
  /** The webhook's classic secret token, sent as it is in `X-Gitlab-Token`. Proves only the caller. */
  readonly token?: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. Only with `signingToken`. */
  readonly toleranceSeconds?: number
}

/** The body of a GitLab webhook. */
export interface GitlabNotification {
  readonly object_kind?: string
  readonly event_name?: string
  readonly object_attributes?: Readonly<Record<string, unknown>>
  /** Changed attributes with `previous` and `current`. */
  readonly changes?: Readonly<Record<string, unknown>>
  readonly project?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * GitLab: project, group and system hooks.
 *
 * With a signing token proved as Standard Webhooks says; with a classic token only the caller is proved. The id is the
 * header `webhook-id`, which is signed, or else `Idempotency-Key`, the same value; `X-Gitlab-Event-UUID` is shared by several hooks and not used.
 * The type is the body's `object_kind` with the action: `merge_request.opened`, `push`.
 *
 * @throws {WebhookError} `invalid_option` when neither token is given; `invalid_secret`.
 * @example const provider = gitlab({ signingToken: process.env.GITLAB_SIGNING_TOKEN })
 * @see GitLab documentation, "Webhooks" and "Webhook events".
 */
export function gitlab(options: GitlabOptions): Provider<Readonly<Record<string, GitlabNotification>>> {
  optionsOf('gitlab', options, ['signingToken', 'token', 'toleranceSeconds'])
  return describeProvider({
    name: 'gitlab',
    timeoutSeconds: 8,
    verifier: gitlabVerifier(options),
    id: firstOf(header('webhook-id'), header('idempotency-key')),
    type: firstOf(
      join('.', path('object_kind'), path('object_attributes.action')),
      path('object_kind'),
      path('event_name'),
    ),
    canonical: native => pastTense(canonicalType(native)),
    recordId: firstOf(path('object_attributes.id'), path('project.id'), path('project_id')),
  })
}

function gitlabVerifier({ signingToken, token, toleranceSeconds = 300 }: GitlabOptions): Verifier {
  const verifiers: Verifier[] = []
  if (signingToken !== undefined) {
    verifiers.push(standardWebhooks({ secret: requireSecrets('signingToken', signingToken), toleranceSeconds }))
  }
  if (token !== undefined) {
    verifiers.push(sharedSecret({ header: 'x-gitlab-token', secret: requireSecrets('token', token) }))
  }
  if (verifiers.length === 0) {
    throw new WebhookError('invalid_option', 'gitlab: give signingToken or token. Is the environment variable set?', {
      argument: 'signingToken',
    })
  }
  return allOf(...verifiers)
}
