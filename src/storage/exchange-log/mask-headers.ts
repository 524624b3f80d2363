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
  const more = new Set(names.map(name => name.toLowerCase()))
  const masked: Array<[string, string]> = []
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    const text = typeof value === 'string' ? value : value.join(', ')
    const secret = more.has(name.toLowerCase()) || isSecretName(name, 'header')
    masked.push([visibleLine(name), secret ? maskCredential(text) : visibleLine(text)])
  }
  return Object.fromEntries(masked)
}

/** How somebody authenticates is no secret. */
function maskCredential(text: string): string {
  const scheme = /^(Basic|Bearer|Digest|Token) /i.exec(text)?.[0] ?? ''
  return scheme + MASK
}
