import { constantTimeEqual } from '../../bytes/constant-time.ts'
import { decodeHex, decodeUtf8, utf8 } from '../../bytes/encoding.ts'
import { hash, SHA256 } from '../../bytes/hash.ts'
import { urlQuery, type WebhookRequest } from '../../model/http.ts'
import type { SecretInput } from '../../model/secret.ts'
import { type Refusal, refuse, type Verifier } from '../../model/verification.ts'
import { hmacSignature } from '../../signatures/hmac-signature.ts'
import { isForm } from '../shared/form-request.ts'
import { publicUrl } from '../shared/public-url.ts'

/**
 * `X-Twilio-Signature`: HMAC-SHA1 (base64) over the URL and the fields of a form, or over a URL that holds the hash of
 * the body.
 */
export function twilioSignature(secret: SecretInput, configuredUrl: string | undefined): Verifier {
  const scheme = hmacSignature({
    secret,
    algorithm: 'sha1',
    signature: { header: 'x-twilio-signature' },
    encoding: 'base64',
  })
  const address = publicUrl(configuredUrl)
  return {
    verify(request, context) {
      const url = address(request)
      const fields = coveredFields(request, url)
      if (typeof fields !== 'string') return fields
      let verdict = refuse('signature_mismatch', 'the signature does not match; is the public URL configured?')
      for (const candidate of urlVariants(url)) {
        const result = scheme.verify({ ...request, body: utf8(candidate + fields) }, context)
        if (result.ok) return result
        if (result.code !== 'signature_mismatch') verdict = result
      }
      return verdict
    },
    authenticate(request, context) {
      const url = address(request)
      const fields = coveredFields(request, url)
      const text = `${url}${typeof fields === 'string' ? fields : ''}`
      return { ...scheme.authenticate({ ...request, body: utf8(text) }, context), body: request.body }
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
  return sortedFields(request.body)
}

/** Names and values without separators, sorted by name; a repeated field's values sorted, each only once. */
function sortedFields(body: Uint8Array): string | Refusal {
  const text = decodeUtf8(body)
  if (text === undefined) return refuse('malformed_body', 'the body is not UTF-8 text')
  const fields = new Map<string, Set<string>>()
  for (const [name, value] of new URLSearchParams(text)) {
    const values = fields.get(name)
    if (values === undefined) fields.set(name, new Set([value]))
    else values.add(value)
  }
  const names = [...fields.keys()].sort()
  return names.flatMap(name => [...(fields.get(name) ?? [])].sort().map(value => name + value)).join('')
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
