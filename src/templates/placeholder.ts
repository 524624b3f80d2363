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
  /** What is wrong with texts that were meant as placeholders, by their path: not closed, or with an unknown filter. */
  readonly mistakes: readonly string[]
}

/**
 * Cuts a string leaf up, once, from left to right. Every step ends at the next `{{` or `}}` at the latest, so the
 * cost is linear whatever the text.
 */
export function parseLeaf(text: string): ParsedLeaf {
  const parts: Array<string | Placeholder> = []
  const ignored: string[] = []
  const mistakes: string[] = []
  let literalFrom = 0
  let at = text.indexOf('{{')
  while (at !== -1) {
    const end = closingBraces(text, at + 2)
    const inner = end === -1 ? '' : text.slice(at + 2, end)
    const placeholder = end === -1 ? undefined : parsePlaceholder(inner)
    if (placeholder === undefined) {
      if (end !== -1 && !inner.startsWith('{')) ignored.push(`{{${inner}}}`)
      const mistake = end === -1 ? mistakeOfOpen(text, at) : mistakeOfFilter(inner)
      if (mistake !== undefined) mistakes.push(mistake)
      at = text.indexOf('{{', at + 1)
      continue
    }
    if (at > literalFrom) parts.push(text.slice(literalFrom, at))
    parts.push(placeholder)
    literalFrom = end + 2
    at = text.indexOf('{{', literalFrom)
  }
  if (literalFrom < text.length || parts.length === 0) parts.push(text.slice(literalFrom))
  return { parts, ignored, mistakes }
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

/** A path behind `{{`, and then a filter, a brace, the next placeholder or the end, where `}}` should be. */
const OPEN = /\{\{\s*[\p{L}\p{M}\p{N}_][\p{L}\p{M}\p{N}_.]*\s*(?:$|[|}]|\{\{)/uy

function mistakeOfOpen(text: string, at: number): string | undefined {
  OPEN.lastIndex = at
  return OPEN.test(text) ? `'${text.slice(at, at + MAX_SHOWN)}' is not closed with }}` : undefined
}

function mistakeOfFilter(inner: string): string | undefined {
  const bar = inner.indexOf('|')
  if (bar === -1 || !PATH.test(inner.slice(0, bar).trim())) return undefined
  return `'{{${inner.slice(0, MAX_SHOWN)}}}' has an unknown filter; there are: json, default:text`
}

const MAX_SHOWN = 60
