import { isSecretName, MASK } from './secret-names.ts'

/** An open object or array, and where in it the scanner is. */
interface Frame {
  readonly kind: 'object' | 'array'
  key: string
  index: number
}

/**
 * Masks the secret values of JSON text and leaves everything else as it is, digit by digit. The text may be cut off
 * or have JSON only in parts: a quoted name with a colon behind it is enough. Takes one pass.
 */
export function maskJson(text: string, paths: readonly string[], names: ReadonlySet<string>): string {
  const patterns = paths.map(path => path.split('.'))
  const frames: Frame[] = []
  const secret = (key: string): boolean =>
    names.has(key.toLowerCase()) || isSecretName(key) || patterns.some(pattern => matches(pattern, frames))
  let masked = ''
  let from = 0
  let at = 0
  while (at < text.length) {
    const character = text[at]
    const top = frames.at(-1)
    if (character === '{') frames.push({ kind: 'object', key: '', index: 0 })
    else if (character === '[') frames.push({ kind: 'array', key: '', index: 0 })
    else if (character === '}' || character === ']') frames.pop()
    else if (character === ',' && top !== undefined) top.index++
    if (character !== '"') {
      at++
      continue
    }
    const end = endOfString(text, at)
    const value = startOfValue(text, end)
    if (value === undefined) {
      at = end
      continue
    }
    const key = keyOf(text.slice(at, end))
    if (top !== undefined) top.key = key
    at = value
    if (!secret(key)) continue
    at = endOfValue(text, value)
    masked += `${text.slice(from, value)}"${MASK}"`
    from = at
  }
  return masked + text.slice(from)
}

function matches(pattern: readonly string[], frames: readonly Frame[]): boolean {
  return (
    pattern.length === frames.length &&
    frames.every(
      ({ kind, key, index }, i) => pattern[i] === '*' || pattern[i] === (kind === 'object' ? key : `${index}`),
    )
  )
}

function keyOf(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1)
  try {
    const key: unknown = JSON.parse(token)
    return typeof key === 'string' ? key : token
  } catch {
    return token.slice(1, -1)
  }
}

/** Behind the closing quote. */
function endOfString(text: string, start: number): number {
  let from = start + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote === -1) return text.length
    let slashes = quote
    while (slashes > from && text[slashes - 1] === '\\') slashes--
    // Escaped by the last of an odd number of them.
    if ((quote - slashes) % 2 === 0) return quote + 1
    from = quote + 1
  }
}

/** Behind the colon; `undefined` when there is none. */
function startOfValue(text: string, from: number): number | undefined {
  const colon = skipSpace(text, from)
  return text[colon] === ':' ? skipSpace(text, colon + 1) : undefined
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++
  return at
}

/** Behind a string, a number or word, or a whole object or array. */
function endOfValue(text: string, start: number): number {
  let depth = 0
  let at = start
  while (at < text.length) {
    const character = text[at]
    if (character === '"') {
      at = endOfString(text, at)
      if (depth === 0) return at
      continue
    }
    if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (character === ',' || character === '\n')) return at
    at++
  }
  return at
}
