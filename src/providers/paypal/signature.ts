import { decodeBase64, utf8 } from '../../bytes/encoding.ts'
import { systemNow } from '../../clock.ts'
import { WebhookError } from '../../errors.ts'
import { singleHeader, type WebhookRequest } from '../../model/http.ts'
import { type Refusal, refuse, type VerifyContext, type VerifyResult } from '../../model/verification.ts'
import type { PaypalOptions } from '../paypal.ts'
import { createKeyRing, verifiesRsa } from '../shared/signing-certificate.ts'
import { crc32 } from './crc32.ts'

/** Checks the `PAYPAL-*` headers of a request. */
export function createPaypalVerifier(options: PaypalOptions): {
  verify(request: WebhookRequest, context?: VerifyContext): Promise<VerifyResult>
} {
  const { toleranceSeconds } = options
  const webhookIds = typeof options.webhookId === 'string' ? [options.webhookId] : [...(options.webhookId ?? [])]
  if (webhookIds.length === 0 || !webhookIds.every(id => typeof id === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(id))) {
    throw new WebhookError('invalid_option', 'webhookId must be the id of the webhook', { argument: 'webhookId' })
  }
  const keys = createKeyRing(options.certificate)
  return {
    async verify(request, context) {
      const proof = readProof(request)
      if ('ok' in proof) return proof
      const timestampMs = Date.parse(proof.time)
      const nowMs = context?.now ?? systemNow()
      const distanceMs = Math.abs(nowMs - timestampMs)
      if (Number.isNaN(timestampMs)) return refuse('malformed_timestamp', 'the time of the transmission is no time')
      if (toleranceSeconds !== undefined && distanceMs > toleranceSeconds * 1000) {
        return refuse('timestamp_too_old', 'the time of the transmission is too far from now')
      }
      const key = await keys.find(proof.certificateUrl, nowMs)
      if (key === undefined) return refuse('unsupported_signature', 'there is no readable certificate at the URL')
      for (const webhookId of webhookIds) {
        const message = utf8(`${proof.id}|${proof.time}|${webhookId}|${crc32(request.body)}`)
        if (!(await verifiesRsa('SHA-256', key, proof.signature, message))) continue
        keys.proved(proof.certificateUrl)
        return { ok: true, timestampMs }
      }
      return refuse('signature_mismatch', 'the signature does not match; is the webhook id right?')
    },
  }
}

interface Proof {
  readonly id: string
  readonly time: string
  readonly certificateUrl: string
  readonly signature: Uint8Array
}

function readProof({ headers }: WebhookRequest): Proof | Refusal {
  const [id, time, signed, certificateUrl, algorithm] = [
    'paypal-transmission-id',
    'paypal-transmission-time',
    'paypal-transmission-sig',
    'paypal-cert-url',
    'paypal-auth-algo',
  ].map(name => singleHeader(headers, name))
  if (!id || !time || !signed || !certificateUrl) return refuse('missing_header', 'a PAYPAL- header is missing')
  if (id.includes('|') || time.includes('|')) return refuse('malformed_signature', 'a PAYPAL- header holds a separator')
  if (algorithm?.toLowerCase() !== 'sha256withrsa') {
    return refuse('unsupported_signature', 'the algorithm is not SHA256withRSA')
  }
  if (!isCertificateUrl(certificateUrl)) {
    return refuse('unsupported_signature', 'PAYPAL-CERT-URL does not lead to a certificate of PayPal')
  }
  const signature = decodeBase64(signed)
  return signature === undefined
    ? refuse('malformed_signature', 'the signature is not base64')
    : { id, time, certificateUrl, signature }
}

/** https, a host under paypal.com, no user, port or query, written as it is read. */
function isCertificateUrl(text: string): boolean {
  const form = /^https:\/\/(?:[a-z0-9-]{1,40}\.){1,3}paypal\.com\/v1\/notifications\/certs\/[A-Za-z0-9_-]{1,100}$/
  return text.length < 300 && form.test(text) && URL.canParse(text) && new URL(text).href === text
}
