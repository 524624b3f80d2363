/** A name that HTTP allows for a header, a token (RFC 9110, section 5.6.2), of at most 100 characters. */
export const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/

/** They carry the message, its proof or the connection; and `__proto__` is no name that an object can hold safely. */
const PROTECTED = new Set([
  '__proto__',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
  'x-webhook-attempt',
  'x-webhook-delivery-id',
  'x-webhook-event',
  'x-webhook-signature',
])

/** Whether a header of a request that we send is ours: neither an endpoint nor its preset can set it. */
export function isProtectedHeader(name: string): boolean {
  return PROTECTED.has(name.toLowerCase())
}
