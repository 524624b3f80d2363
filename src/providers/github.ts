import { utf8 } from '../bytes/encoding.ts'
import { parseJson } from '../bytes/json.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, header, join, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { formOrJson, isForm } from './shared/form-request.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link github}. */
export interface GithubOptions {
  /** The webhook's secret (repository, organisation or app settings → Webhooks). */
  readonly secret: SecretInput
}

/** The body of a GitHub webhook: the record under its own name beside these. */
export interface GithubNotification {
  readonly action?: string
  readonly repository?: Readonly<Record<string, unknown>>
  readonly sender?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * GitHub: repository, organisation and app webhooks, with either content type.
 *
 * Proved by HMAC-SHA256 over the body (`X-Hub-Signature-256: sha256=…`), without a time; the SHA-1 twin is ignored.
 * The id is the header `X-GitHub-Delivery`, which a redelivery keeps. The type is the header `X-GitHub-Event` with the
 * body's `action`: `issues.opened`, `push`. A new webhook sends `ping`, an event like any other. No automatic retries.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = github({ secret: process.env.GITHUB_WEBHOOK_SECRET })
 * receiver.on('issues.opened', ({ data }) => triage(data))
 * @see GitHub documentation, "Validating webhook deliveries" and "Webhook events and payloads".
 */
export function github(options: GithubOptions): Provider<Readonly<Record<string, GithubNotification>>> {
  const { secret } = optionsOf('github', options, ['secret'])
  const event = header('x-github-event')
  return describeProvider({
    name: 'github',
    timeoutSeconds: 8,
    verifier: hmacSignature({ secret, signature: { header: 'x-hub-signature-256', prefix: 'sha256=' } }),
    format: formOrJson,
    split: (body, request) => (isForm(request) ? formPayload(body) : [body]),
    id: header('x-github-delivery'),
    type: firstOf(join('.', event, path('action')), event),
    // The most particular record first: a comment's event carries the issue too.
    recordId: firstOf(
      ...['comment', 'review', 'issue', 'pull_request', 'release', 'check_run', 'workflow_run', 'repository'].map(
        name => path(`${name}.id`),
      ),
    ),
  })
}

function formPayload(form: unknown): readonly unknown[] | undefined {
  const payload = valueAt(form, 'payload')
  const parsed = typeof payload === 'string' ? parseJson(utf8(payload)) : undefined
  return parsed?.ok ? [parsed.value] : undefined
}
