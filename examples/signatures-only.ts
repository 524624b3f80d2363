// Signing and verifying without a receiver: npx tsx examples/signatures-only.ts
import { generateSecret, hmacSignature, standardWebhooks } from 'crm-webhooks/signatures'

const body = new TextEncoder().encode('{"type":"order.created","data":{"total":99}}')

// Standard Webhooks: id, time and body are signed.
const standard = standardWebhooks({ secret: generateSecret() })
const headers = standard.sign({ id: 'msg_1', body })
const verdict = (request: { body?: Uint8Array; now?: number }) => {
  const { body: received = body, now = Date.now() } = request
  const result = standard.verify({ method: 'POST', url: '/', headers, body: received }, { now })
  return result.ok ? 'authentic' : result.code
}
console.log('as sent:', verdict({}))
console.log('changed:', verdict({ body: new TextEncoder().encode('{}') }))
console.log('an hour later:', verdict({ now: Date.now() + 3_600_000 }))

// Any other HMAC, described: where it stands, how it is written, what it covers.
const github = hmacSignature({ secret: 'change-me', signature: { header: 'x-hub-signature-256', prefix: 'sha256=' } })
console.log(github.sign({ body })['x-hub-signature-256'])

// Prints:
// as sent: authentic
// changed: signature_mismatch
// an hour later: timestamp_too_old
// sha256=b96651fae296d2298eda810277155afa891014072f2c960dc38e62836a6d22c5
