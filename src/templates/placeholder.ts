/** `{{path}}` and what its filter does with the value. */
export interface Placeholder {
  readonly path: string
  readonly filter: 'json' | 'default' | undefined
  /** The text after `default:`. */
  readonly fallback: string
}

/** A string leaf, cut up: literal texts and placeholders in order. */
export interface ParsedLeaf {
  readonly parts: ReadonlyArray<string | Placeholder>
  /** Texts in double braces that are no placeholders and so stay as they are: `{{#if x}}`. */
  readonly ignored: readonly string[]
}

/**
 * Cuts a string leaf up, once, from left to right. Every step ends at the next `{{` or `}}` at the latest, so the
 * cost is linear whatever the text.
 */
export function parseLeaf(text: string): ParsedLeaf {
  const parts: Array<string | Placeholder> = []
  const ignored: string[] = []
  let literalFrom = 0
  let at = text.indexOf('{{')
  while (at !== -1) {
    const end = closingBraces(text, at + 2)
    const inner = end === -1 ? '' : text.slice(at + 2, end)
    const placeholder = end === -1 ? undefined : parsePlaceholder(inner)
    if (placeholder === undefined) {
      if (end !== -1 && !inner.startsWith('{')) ignored.push(`{{${inner}}}`)
      at = text.indexOf('{{', at + 1)
      continue
    }
    if (at > literalFrom) parts.push(text.slice(literalFrom, at))
    parts.push(placeholder)
    literalFrom = end + 2
    at = text.indexOf('{{', literalFrom)
  }
  if (literalFrom < text.length || parts.length === 0) parts.push(text.slice(literalFrom))
  return { parts, ignored }
}

/** Where the next `}}` is, unless another `{{` comes first. */
function closingBraces(text: string, from: number): number {
  for (let i = from; i + 1 < text.length; i++) {
    if (text[i] === '}' && text[i + 1] === '}') return i
    if (text[i] === '{' && text[i + 1] === '{') return -1
  }
  return -1
}

const PATH = /^[\p{L}\p{M}\p{N}_]+(?:\.[\p{L}\p{M}\p{N}_]+)*$/u

function parsePlaceholder(inner: string): Placeholder | undefined {
  const bar = inner.indexOf('|')
  const path = (bar === -1 ? inner : inner.slice(0, bar)).trim()
  if (!PATH.test(path)) return undefined
  if (bar === -1) return { path, filter: undefined, fallback: '' }
  const filter = inner.slice(bar + 1).trim()
  if (filter === 'json') return { path, filter: 'json', fallback: '' }
  if (filter.startsWith('default:')) return { path, filter: 'default', fallback: filter.slice(8).trim() }
  return undefined
}
