import { MAX_JSON_DEPTH } from '../bytes/json.ts'

/** Where a JSON text stops being JSON, and what was expected there. Lines and columns count from 1. */
export interface JsonTextError {
  readonly offset: number
  readonly line: number
  readonly column: number
  readonly message: string
}

/**
 * Finds the first error of a JSON text (RFC 8259), or `undefined` when there is none. `JSON.parse` reports a position
 * in some engines and for some mistakes only, so the text is scanned here. Linear, and at most
 * {@link MAX_JSON_DEPTH} levels deep.
 */
export function findJsonError(text: string): JsonTextError | undefined {
  const scanner = new Scanner(text)
  const message = scanner.document()
  if (message === undefined) return undefined
  const before = text.slice(0, scanner.at)
  const lastBreak = before.lastIndexOf('\n')
  return { offset: scanner.at, line: before.split('\n').length, column: scanner.at - lastBreak, message }
}

/** Each method moves past one thing, or answers what is wrong and stops at the place. */
class Scanner {
  at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  document(): string | undefined {
    const problem = this.#value(0)
    if (problem !== undefined) return problem
    this.#blanks()
    return this.at < this.#text.length ? 'expected the end of the document' : undefined
  }

  #value(depth: number): string | undefined {
    this.#blanks()
    const character = this.#text[this.at]
    if (depth >= MAX_JSON_DEPTH && (character === '{' || character === '[')) {
      return `nested deeper than ${MAX_JSON_DEPTH} levels`
    }
    if (character === '{') return this.#list('}', () => this.#member(depth))
    if (character === '[') return this.#list(']', () => this.#value(depth + 1))
    if (character === '"') return this.#string()
    return this.#word(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y)
  }

  #list(end: string, item: () => string | undefined): string | undefined {
    this.at++
    this.#blanks()
    if (this.#text[this.at] === end) return this.#step()
    for (;;) {
      const problem = item()
      if (problem !== undefined) return problem
      this.#blanks()
      const character = this.#text[this.at]
      if (character === end) return this.#step()
      if (character !== ',') return `expected "," or "${end}"`
      this.at++
    }
  }

  #member(depth: number): string | undefined {
    this.#blanks()
    if (this.#text[this.at] !== '"') return 'expected a key in double quotes'
    const problem = this.#string()
    if (problem !== undefined) return problem
    this.#blanks()
    if (this.#text[this.at] !== ':') return 'expected ":"'
    this.at++
    return this.#value(depth + 1)
  }

  #string(): string | undefined {
    const start = this.at++
    for (; this.at < this.#text.length; this.at++) {
      const code = this.#text.charCodeAt(this.at)
      if (code === 34) return this.#step()
      if (code < 32) return 'a line break or control character inside a string must be written as an escape (\\n)'
      if (code === 92) {
        const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
        escaped.lastIndex = this.at
        if (!escaped.test(this.#text)) return 'a backslash inside a string must be doubled (\\\\)'
        this.at = escaped.lastIndex - 1
      }
    }
    this.at = start
    return 'a string is not closed'
  }

  #word(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    if (!pattern.test(this.#text)) return 'expected a JSON value'
    this.at = pattern.lastIndex
    return undefined
  }

  #blanks(): void {
    while (' \t\n\r'.includes(this.#text[this.at] ?? 'x')) this.at++
  }

  #step(): undefined {
    this.at++
  }
}
