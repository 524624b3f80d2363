import { secretMatcher } from '../../credentials/matches-secret.ts'
import { urlQuery, type WebhookRequest, type WebhookResponse } from '../../model/http.ts'
import type { SecretInput } from '../../model/secret.ts'
import type { Verifier } from '../../model/verification.ts'
import { hmacSignature } from '../../signatures/hmac-signature.ts'
import { emptyAnswer, isPlainToken, textAnswer } from '../shared/answers.ts'
import { singleParameter } from '../shared/query.ts'

/** What every product of Meta needs to be received. */
export interface MetaSecrets {
  /** The app secret (app dashboard, "App settings", "Basic"). */
  readonly appSecret: SecretInput
  /** The verify token that was typed into the dashboard: a second secret, used only at registration. */
  readonly verifyToken: SecretInput
}

/** `X-Hub-Signature-256`: HMAC-SHA256 (hex) over the bytes as sent, in which Meta escapes what is not ASCII. */
export function metaSignature(appSecret: SecretInput): Verifier {
  return hmacSignature({ secret: appSecret, signature: { header: 'x-hub-signature-256', prefix: 'sha256=' } })
}

/**
 * Answers the registration, a GET with `hub.mode`, `hub.challenge` and `hub.verify_token`: the challenge for the right
 * token, 403 for a wrong one.
 */
export function metaSubscription(verifyToken: SecretInput): (request: WebhookRequest) => WebhookResponse | undefined {
  const expected = secretMatcher('verifyToken', verifyToken)
  return ({ method, url }) => {
    if (method !== 'GET') return undefined
    const query = urlQuery(url)
    if (singleParameter(query, 'hub.mode') !== 'subscribe') return undefined
    const challenge = singleParameter(query, 'hub.challenge')
    const known = expected.matches(singleParameter(query, 'hub.verify_token') ?? '')
    return known && isPlainToken(challenge) ? textAnswer(challenge) : emptyAnswer(403)
  }
}
