import { isSecretName, MASK } from './secret-names.ts'
import { visibleLine } from './visible-text.ts'

/**
 * Headers as the exchange log keeps them: credentials, cookies and signatures masked by name, control characters as
 * escapes, repeated ones joined with a comma.
 *
 * @param names further names to mask, in any case.
 * @example maskHeaders({ Authorization: 'Bearer abc', 'X-Author': 'Ann' })
 * // { Authorization: 'Bearer ••••••', 'X-Author': 'Ann' }
 */
export function maskHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  names: readonly string[] = [],
): Readonly<Record<string, string>> {
  const masked: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined) continue
    const text = typeof value === 'string' ? value : value.join(', ')
    const secret = isSecretName(name, 'header') || (names.length > 0 && includesName(names, name))
    const shown = secret ? maskCredential(text) : visibleLine(text)
    if (name === '__proto__') Object.defineProperty(masked, name, { value: shown, enumerable: true })
    else masked[visibleLine(name)] = shown
  }
  return masked
}

function includesName(names: readonly string[], name: string): boolean {
  const lower = name.toLowerCase()
  return names.some(other => other.toLowerCase() === lower)
}

/** How somebody authenticates is no secret. */
function maskCredential(text: string): string {
  const scheme = /^(Basic|Bearer|Digest|Token) /i.exec(text)?.[0] ?? ''
  return scheme + MASK
}
