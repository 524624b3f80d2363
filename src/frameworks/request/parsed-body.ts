import { utf8 } from '../../bytes/encoding.ts'

/** Where body parsers leave what they read. */
export interface ParsedBody {
  readonly body?: unknown
  readonly rawBody?: unknown
}

/** The exact bytes as a raw parser left them; `undefined` when there are none that can be relied on. */
export function bytesOfParser(
  { rawBody, body }: ParsedBody,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Uint8Array | undefined {
  if (rawBody instanceof Uint8Array) return rawBody
  if (body instanceof Uint8Array) return body
  return typeof rawBody === 'string' ? exactBytes(rawBody, headers) : undefined
}

/**
 * The bytes that a text was decoded from, if that is certain: it was UTF-8, uncompressed, without a byte that had to
 * be replaced, and has the length that was sent (a decoder may drop a byte order mark).
 */
function exactBytes(
  text: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Uint8Array | undefined {
  const type = String(headers['content-type'] ?? '')
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(type)?.[1]?.toLowerCase() ?? 'utf-8'
  if (charset !== 'utf-8' && charset !== 'utf8') return undefined
  if (headers['content-encoding'] !== undefined || text.includes('\uFFFD')) return undefined
  const bytes = utf8(text)
  return headers['content-length'] === String(bytes.length) ? bytes : undefined
}
