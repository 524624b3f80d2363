import type { TransportRequest } from '../transport.ts'

/** What only the transport may set, or what would change how the message is framed. */
const PROTECTED: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
])

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Latin-1 without control characters, except the tab. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** What is wrong with a request, in words; `undefined` when it can be sent. Never names a value. */
export function findRequestProblem({ method, headers, timeoutMs }: TransportRequest): string | undefined {
  if (!TOKEN.test(method) || method === 'CONNECT') return 'the method is not one that can be sent'
  if (!(timeoutMs > 0)) return 'timeoutMs must be more than 0'
  for (const name of Object.keys(headers)) {
    if (!TOKEN.test(name)) return 'a header name has characters that are not allowed'
    const value: unknown = headers[name]
    if (typeof value !== 'string' || !VALUE.test(value)) return `the header ${name} has characters that are not allowed`
    if (PROTECTED.has(name) || PROTECTED.has(name.toLowerCase())) return `the header ${name} is set by the transport`
  }
  return undefined
}
