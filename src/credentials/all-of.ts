import { WebhookError } from '../errors.ts'
import type { WebhookRequest } from '../model/http.ts'
import { andThen } from '../model/maybe-promise.ts'
import { type MaybePromise, readVerdict, type Verifier, type VerifyResult } from '../model/verification.ts'

/**
 * Every check must pass. They are asked in order; the first refusal ends it. Waits only where a check does. What is no
 * verdict counts as a refusal, `invalid_verdict`.
 *
 * @throws {WebhookError} `invalid_option` without any check.
 * @example allOf(basicAuth({ username, password }), ipAllowlist({ allow }))
 */
export function allOf(...verifiers: readonly Verifier[]): Verifier {
  if (verifiers.length === 0) {
    throw new WebhookError('invalid_option', 'allOf needs at least one check', { argument: 'verifiers' })
  }
  if (verifiers.some(verifier => typeof verifier?.verify !== 'function')) {
    throw new WebhookError('invalid_option', 'allOf takes signature schemes and credentials', { argument: 'verifiers' })
  }
  const [only] = verifiers
  if (only !== undefined && verifiers.length === 1) return only
  const all: Verifier = {
    confidential: {
      headers: verifiers.flatMap(({ confidential }) => confidential?.headers ?? []),
      bodyPaths: verifiers.flatMap(({ confidential }) => confidential?.bodyPaths ?? []),
    },
    verify(request, context) {
      const from = (index: number, before: VerifyResult): MaybePromise<VerifyResult> => {
        const verifier = verifiers[index]
        if (!before.ok || verifier === undefined) return before
        return andThen(verifier.verify(request, context), own => from(index + 1, keepTime(before, readVerdict(own))))
      }
      return from(0, { ok: true })
    },
  }
  if (verifiers.some(verifier => verifier.authenticate === undefined)) return all
  return {
    ...all,
    authenticate(request, context) {
      const from = (index: number, proved: WebhookRequest): MaybePromise<WebhookRequest> => {
        const verifier = verifiers[index]
        if (verifier === undefined) return proved
        return andThen(verifier.authenticate?.(proved, context) ?? proved, next => from(index + 1, next))
      }
      return from(0, request)
    },
  }
}

/** The signed time of whichever check has one. */
function keepTime(before: VerifyResult, own: VerifyResult): VerifyResult {
  return own.ok && own.timestampMs === undefined && before.ok ? before : own
}
