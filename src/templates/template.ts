import { MAX_JSON_DEPTH } from '../bytes/json.ts'
import { WebhookError } from '../errors.ts'
import { findJsonError, type JsonTextError } from './json-error.ts'
import { type Placeholder, parseLeaf } from './placeholder.ts'

/** How inserted values are written. */
export interface RenderOptions {
  /**
   * Applied to every text that a value or a default puts into a string, and to nothing else: HTML for one target,
   * mrkdwn for another. JSON needs no escaping here. Default: texts stay as they are.
   */
  readonly escape?: (text: string) => string
}

/** A checked template, ready to be filled in any number of times. */
export interface Template {
  /** The document with the values in it. Fresh objects and arrays each time, apart from values put in by `|json`. */
  render(values: unknown, options?: RenderOptions): unknown
  /** The same as compact JSON text. */
  renderText(values: unknown, options?: RenderOptions): string
  /** Every path that the template asks for, once each, in order of first use. */
  readonly variables: readonly string[]
  /** Texts in double braces that are not placeholders and will stay as they are: `{{#if x}}`. For warnings. */
  readonly ignored: readonly string[]
  /**
   * What was meant as a placeholder and stays as it is, in words, with its place in the document: one that is not
   * closed, and one with an unknown filter. Senders refuse such a template.
   *
   * @example compileTemplate({ a: ['{{x|jason}}'] }).mistakes // ["a.0: '{{x|jason}}' has an unknown filter; …"]
   */
  readonly mistakes: readonly string[]
  /**
   * The variables that a list of known ones does not cover. `customer` is covered by `customer.name`; a known name
   * that ends in `.*` covers all below it.
   *
   * @example template.unresolved(['subject', 'customer.name', 'data.*']) // ['sujbect']
   */
  unresolved(known: Iterable<string>): readonly string[]
}

/**
 * Compiles a JSON template: a JSON document whose string leaves may hold placeholders.
 *
 * - `{{path}}`: letters, digits, underscore; dots walk into own properties; spaces around are allowed. Texts are
 *   inserted as they are, numbers and booleans as JSON prints them, null and missing values as empty text, arrays
 *   and objects as compact JSON. The result is a string, also when the placeholder is all there is.
 * - `{{path|default:text}}`: the text, trimmed, when the value is missing, null or empty.
 * - `{{path|json}}`: as the whole leaf, the value itself with its type (missing gives null); inside a longer leaf,
 *   its compact JSON.
 *
 * Anything else between braces stays as it is. The document is parsed before values come in, and inserted text is
 * never read again: no value can change the structure.
 *
 * @param source JSON text, or a JSON value that is parsed already. A string is always JSON text.
 * @throws {WebhookError} `invalid_template`, with line and column, when it is not JSON or deeper than 200 levels.
 *
 * @example
 * const template = compileTemplate('{"ticket": {"title": "{{subject}}", "priority": "{{priority|json}}"}}')
 * template.render({ subject: 'He said "no"', priority: 2 }) // { ticket: { title: 'He said "no"', priority: 2 } }
 */
export function compileTemplate(source: unknown): Template {
  const variables = new Set<string>()
  const ignored = new Set<string>()
  const mistakes: string[] = []
  const findings = { variables, ignored, mistakes, place: [] }
  const render = compileNode(typeof source === 'string' ? parseSource(source) : source, findings)
  return {
    render: (values, options = {}) => render(values, options),
    renderText: (values, options = {}) => JSON.stringify(render(values, options)),
    variables: [...variables],
    ignored: [...ignored],
    mistakes,
    unresolved: known => uncovered(variables, [...known]),
  }
}

type Render = (values: unknown, options: RenderOptions) => unknown

interface Findings {
  readonly variables: Set<string>
  readonly ignored: Set<string>
  readonly mistakes: string[]
  /** Where in the document it is, key by key. */
  readonly place: string[]
}

function parseSource(text: string): unknown {
  const error = findJsonError(text)
  if (error !== undefined)
    throw invalid(`line ${error.line}, column ${error.column}: ${error.message}${hint(text, error)}`)
  return JSON.parse(text)
}

function hint(text: string, { offset }: JsonTextError): string {
  const start = text[offset - 1] === '{' && text[offset] === '{' ? offset - 1 : offset
  if (text.startsWith('{{', start)) {
    return '. Is it a placeholder outside a string? Put it in quotes; "{{path|json}}" keeps the type of the value'
  }
  const character = text[offset] ?? ''
  if (character === "'" || character === '“' || character === '”') return '. JSON wants straight double quotes'
  if (character === '}' || character === ']') return '. Is there a comma after the last item?'
  return text.trim() === '' ? '. The template is empty' : ''
}

function compileNode(node: unknown, findings: Findings): Render {
  if (typeof node === 'string') return compileLeaf(node, findings)
  if (node === null || typeof node === 'boolean' || (typeof node === 'number' && Number.isFinite(node)))
    return () => node
  if (typeof node !== 'object') throw invalid(`a ${typeof node} has no place in a JSON document`)
  if (findings.place.length >= MAX_JSON_DEPTH) throw invalid(`nested deeper than ${MAX_JSON_DEPTH} levels`)
  if (Array.isArray(node)) {
    const items = node.map((item: unknown, i) => compileChild(String(i), item, findings))
    return (values, options) => items.map(item => item(values, options))
  }
  const entries = Object.entries(node).map(
    ([key, value]: [string, unknown]) => [key, compileChild(key, value, findings)] as const,
  )
  // Object.fromEntries defines properties, so a key named __proto__ stays a key.
  return (values, options) => Object.fromEntries(entries.map(([key, value]) => [key, value(values, options)]))
}

function compileChild(key: string, node: unknown, findings: Findings): Render {
  findings.place.push(key)
  const render = compileNode(node, findings)
  findings.place.pop()
  return render
}

function compileLeaf(text: string, findings: Findings): Render {
  const { parts, ignored, mistakes } = parseLeaf(text)
  for (const mistake of mistakes) findings.mistakes.push([findings.place.join('.'), mistake].filter(Boolean).join(': '))
  for (const item of ignored) findings.ignored.add(item)
  for (const part of parts) if (typeof part !== 'string') findings.variables.add(part.path)
  const [only] = parts
  if (parts.length === 1 && typeof only === 'object' && only.filter === 'json') {
    const segments = only.path.split('.')
    return values => lookUp(values, segments) ?? null
  }
  const writers = parts.map(part => (typeof part === 'string' ? () => part : compilePart(part)))
  return (values, options) => writers.map(write => write(values, options)).join('')
}

function compilePart({ path, filter, fallback }: Placeholder): (values: unknown, options: RenderOptions) => string {
  const segments = path.split('.')
  return (values, options) => {
    const value = lookUp(values, segments)
    const text = filter === 'json' ? jsonText(value ?? null, path) : plainText(value, path)
    const chosen = text === '' ? fallback : text
    return options.escape === undefined ? chosen : options.escape(chosen)
  }
}

/** Own properties only, so `constructor` and `__proto__` find nothing that the data does not hold. */
function lookUp(values: unknown, segments: readonly string[]): unknown {
  let value = values
  for (const segment of segments) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[segment]
  }
  return value
}

function plainText(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : ''
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '' : value.toISOString()
  return typeof value === 'object' && value !== null ? jsonText(value, path) : ''
}

function jsonText(value: unknown, path: string): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (cause) {
    throw new WebhookError('invalid_template', `template: the value of ${path} cannot be written as JSON`, { cause })
  }
}

function uncovered(variables: ReadonlySet<string>, known: readonly string[]): readonly string[] {
  return [...variables].filter(
    variable =>
      !known.some(
        name =>
          name === variable ||
          name.startsWith(`${variable}.`) ||
          (name.endsWith('.*') && variable.startsWith(name.slice(0, -1))),
      ),
  )
}

function invalid(problem: string): WebhookError {
  return new WebhookError('invalid_template', `template: ${problem}`, { argument: 'template' })
}
