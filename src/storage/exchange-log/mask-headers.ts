import { isSecretName, MASK } from './secret-names.ts'
import { visibleLine } from './visible-text.ts'

/**
 * Headers as the exchange log keeps them: credentials, cookies and signatures masked by name, control characters as
 * escapes, repeated ones joined with a comma.
 *
 * @param names further names to mask, in any case.
 * @param hide takes out what else must not be seen of a value.
 * @example maskHeaders({ Authorization: 'Bearer abc', 'X-Author': 'Ann' })
 * // { Authorization: 'Bearer ••••••', 'X-Author': 'Ann' }
 */
export function maskHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  names: readonly string[] = NO_NAMES,
  hide?: (value: string) => string,
): Readonly<Record<string, string>> {
  const masked: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined) continue
    const text = typeof value === 'string' ? value : value.join(', ')
    const secret = isSecretName(name, 'header') || (names.length > 0 && includesName(names, name))
    const visible = secret ? maskCredential(text) : visibleLine(text)
    const shown = hide === undefined ? visible : hide(visible)
    if (name === '__proto__') Object.defineProperty(masked, name, { value: shown, enumerable: true })
    else masked[visibleLine(name)] = shown
  }
  return masked
}

const NO_NAMES: readonly string[] = []

function includesName(names: readonly string[], name: string): boolean {
  const lower = name.toLowerCase()
  return names.some(other => other.toLowerCase() === lower)
}

/** How somebody authenticates is no secret. */
function maskCredential(text: string): string {
  const scheme = /^(Basic|Bearer|Digest|Token) /i.exec(text)?.[0] ?? ''
  return scheme + MASK
}
