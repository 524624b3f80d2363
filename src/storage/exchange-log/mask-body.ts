import { decodeUtf8, utf8 } from '../../bytes/encoding.ts'
import { maskForm } from './mask-form.ts'
import { maskJson } from './mask-json.ts'
import { visibleText } from './visible-text.ts'

/** What is masked beside the names that everybody uses for secrets. */
export interface MaskBodyOptions {
  /** Dotted paths in a JSON body; a number takes a list's item, `*` takes any. In a form, names of fields. */
  readonly paths?: readonly string[]
  /** Names, in any case, wherever they stand. */
  readonly names?: readonly string[]
  /** There was more of it, which was not kept. */
  readonly truncated?: boolean
  /** The body as text, where it is at hand: exactly what its bytes say. */
  readonly text?: string | undefined
}

/** How much of a body is kept, in bytes: 64 KiB. */
export const MAX_LOGGED_BYTES = 65_536

/**
 * A body as the exchange log keeps it: at most 64 KiB of text, with a mark where it was cut; secrets masked by name
 * (JSON, also where it is cut off, and forms); control characters as escapes. What is not UTF-8 text is only counted.
 *
 * @example maskBody('{"author":"Ann","api_key":"k"}', 'application/json') // '{"author":"Ann","api_key":"••••••"}'
 */
export function maskBody(body: Uint8Array | string, contentType: string, options: MaskBodyOptions = {}): string {
  const bytes = typeof body === 'string' ? utf8(body) : body
  const whole = bytes.length <= MAX_LOGGED_BYTES
  const text = readText(whole ? bytes : bytes.subarray(0, MAX_LOGGED_BYTES), whole ? options.text : undefined)
  if (text === undefined) return `[binary, ${bytes.length} bytes]`
  const { names = [], paths = [] } = options
  const isForm = /^\s*application\/x-www-form-urlencoded\b/i.test(contentType)
  const masked = visibleText(isForm ? maskForm(text, setOf([...names, ...paths])) : maskJson(text, paths, setOf(names)))
  const kept = firstBytes(masked)
  if (kept === masked && whole && !options.truncated) return masked
  return `${kept}… [cut, of ${options.truncated ? 'more than ' : ''}${bytes.length} bytes]`
}

function setOf(names: readonly string[]): ReadonlySet<string> {
  return names.length === 0 ? NO_NAMES : new Set(names.map(name => name.toLowerCase()))
}

const NO_NAMES: ReadonlySet<string> = new Set()

/** The text; `undefined` when it is none. A character that was cut through at the end is dropped. */
function readText(bytes: Uint8Array, known: string | undefined): string | undefined {
  if (known !== undefined) return known.includes('\u0000') ? undefined : known
  for (let missing = 0; missing <= 3; missing++) {
    const text = decodeUtf8(bytes.subarray(0, bytes.length - missing))
    if (text !== undefined) return text.includes('\u0000') ? undefined : text
  }
  return undefined
}

const encoder = new TextEncoder()

/** As much as fits, never half a character. */
function firstBytes(text: string): string {
  if (text.length * 3 <= MAX_LOGGED_BYTES) return text
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(MAX_LOGGED_BYTES)).read)
}
