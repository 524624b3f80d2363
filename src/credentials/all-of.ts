import { WebhookError } from '../errors.ts'
import type { MaybePromise, Verifier, VerifyResult } from '../model/verification.ts'

/**
 * Every check must pass. They are asked in order; the first refusal ends it. Waits only where a check does.
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
  const all: Verifier = {
    verify(request, context) {
      const from = (index: number, before: VerifyResult): MaybePromise<VerifyResult> => {
        const verifier = verifiers[index]
        if (!before.ok || verifier === undefined) return before
        const result = verifier.verify(request, context)
        const next = (own: VerifyResult): MaybePromise<VerifyResult> => from(index + 1, keepTime(before, own))
        return result instanceof Promise ? result.then(next) : next(result)
      }
      return from(0, { ok: true })
    },
  }
  if (verifiers.some(verifier => verifier.authenticate === undefined)) return all
  return {
    ...all,
    async authenticate(request, context) {
      let proved = request
      for (const verifier of verifiers) proved = (await verifier.authenticate?.(proved, context)) ?? proved
      return proved
    },
  }
}

/** The signed time of whichever check has one. */
function keepTime(before: VerifyResult, own: VerifyResult): VerifyResult {
  return own.ok && own.timestampMs === undefined && before.ok ? before : own
}
