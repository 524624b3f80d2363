import { constantTimeEqual } from '../../bytes/constant-time.ts'
import { DIGESTS } from '../../bytes/digests.ts'
import { decodeBase64, decodeHex, utf8 } from '../../bytes/encoding.ts'
import { hash, SHA256 } from '../../bytes/hash.ts'
import { urlQuery, type WebhookRequest } from '../../model/http.ts'
import type { SecretInput } from '../../model/secret.ts'
import { type Refusal, refuse, type Verifier } from '../../model/verification.ts'
import { hmacSignature } from '../../signatures/hmac-signature.ts'
import { isRefusal, requireHeader, sortedForm } from '../../signatures/request-parts.ts'
import { isForm } from '../shared/form-request.ts'
import { publicUrl } from '../shared/public-url.ts'

const HEADER = 'x-twilio-signature'

/**
 * `X-Twilio-Signature`: HMAC-SHA1 (base64) over the URL and the fields of a form, or over a URL that holds the hash of
 * the body.
 */
export function twilioSignature(secret: SecretInput, configuredUrl: string | undefined): Verifier {
  const scheme = hmacSignature({
    secret,
    algorithm: 'sha1',
    signature: { header: HEADER },
    encoding: 'base64',
    message: '{url}{body}',
  })
  const address = publicUrl(configuredUrl)
  return {
    verify(request, context) {
      // Strangers get no work done that a look at the header saves.
      const signature = requireHeader(request, HEADER)
      if (isRefusal(signature)) return signature
      if (decodeBase64(signature)?.length !== DIGESTS.sha1.bytes) {
        return refuse('malformed_signature', 'the signature is not a SHA-1 in base64')
      }
      const url = address(request)
      const fields = coveredFields(request, url)
      if (typeof fields !== 'string') return fields
      const body = utf8(fields)
      for (const candidate of urlVariants(url)) {
        const result = scheme.verify({ ...request, url: candidate, body }, context)
        if (result.ok) return result
      }
      return refuse('signature_mismatch', 'the signature does not match; is the public URL configured?')
    },
    authenticate(request, context) {
      const url = address(request)
      const fields = coveredFields(request, url)
      const body = utf8(typeof fields === 'string' ? fields : '')
      const { headers } = scheme.authenticate({ ...request, url, body }, context)
      return { ...request, headers }
    },
  }
}

/** What is signed behind the URL. Refuses a body that nothing would cover. */
function coveredFields(request: WebhookRequest, url: string): string | Refusal {
  const expected = urlQuery(url).getAll('bodySHA256')
  if (expected.length > 0) {
    const digest = expected.length === 1 ? decodeHex(expected[0] ?? '') : undefined
    if (digest !== undefined && constantTimeEqual(digest, hash(SHA256, request.body))) return ''
    return refuse('signature_mismatch', 'the body does not have the hash that the URL tells')
  }
  if (request.body.length === 0) return ''
  if (!isForm(request)) return refuse('unsupported_signature', 'the URL has no bodySHA256, so nothing covers this body')
  return sortedForm(request.body)
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' }

/** The forms in which Twilio may have signed a URL: with or without its port, odd characters escaped or not. */
function urlVariants(url: string): ReadonlySet<string> {
  const variants = new Set([url])
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    return variants
  }
  const { protocol, hostname, port, pathname, search } = parsed
  const credentials = parsed.username === '' ? '' : `${parsed.username}:${parsed.password}@`
  const escaped = [...parsed.searchParams].map(pair => pair.map(encodeURIComponent).join('=')).join('&')
  const asReceived = url.includes('?') ? url.slice(url.indexOf('?')) : ''
  for (const host of [hostname, `${hostname}:${port === '' ? (DEFAULT_PORTS[protocol] ?? '') : port}`]) {
    for (const query of [search, search === '' ? '' : `?${escaped}`, asReceived]) {
      variants.add(`${protocol}//${credentials}${host}${pathname}${query}`)
    }
  }
  return variants
}
