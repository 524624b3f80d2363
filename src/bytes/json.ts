import { decodeUtf8 } from './encoding.ts'

/** Deeper documents parse, but break whoever walks them by recursion (`JSON.stringify`, `structuredClone`). */
export const MAX_JSON_DEPTH = 200

/** A JSON body, or why it is none. */
export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string }

/**
 * Reads untrusted JSON: UTF-8 only (a byte order mark is dropped), at most {@link MAX_JSON_DEPTH} levels, no
 * `__proto__` key, which would change the prototype of whatever it is assigned to. Of a repeated key the last
 * one counts, as in `JSON.parse`. Costs linear time and never throws.
 */
export function parseJson(bytes: Uint8Array): JsonResult {
  const text = decodeUtf8(bytes)
  if (text === undefined) return { ok: false, message: 'the body is not UTF-8 text' }
  if (text === '') return { ok: false, message: 'the body is empty' }
  if (isTooDeep(text)) return { ok: false, message: `the body is nested deeper than ${MAX_JSON_DEPTH} levels` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, message: 'the body is not valid JSON' }
  }
  if (mayHaveProtoKey(text) && hasProtoKey(value)) return { ok: false, message: 'the body has a key named __proto__' }
  return { ok: true, value }
}

/** `__proto__`, with any of its characters written as an escape. A cheap reason to look closer. */
const PROTO_KEY =
  /(?:_|\\u005[fF])(?:_|\\u005[fF])(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006[fF])(?:t|\\u0074)(?:o|\\u006[fF])(?:_|\\u005[fF])(?:_|\\u005[fF])/

/**
 * Most texts have neither of what the expression needs, and looking for these is several times faster: for a few
 * characters that do not begin with an underscore, at which the search would stop in every name.
 */
function mayHaveProtoKey(text: string): boolean {
  return (text.includes('proto_') || text.includes('\\u00')) && PROTO_KEY.test(text)
}

function hasProtoKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(hasProtoKey)
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProtoKey)
}

/** Counts brackets first, which is cheap; only a text with enough of them is scanned character by character. */
function isTooDeep(text: string): boolean {
  if (text.length < 2 * MAX_JSON_DEPTH) return false
  if (countUpTo(text, '[', MAX_JSON_DEPTH) + countUpTo(text, '{', MAX_JSON_DEPTH) <= MAX_JSON_DEPTH) return false
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 92) i++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 91 || code === 123) {
      if (++depth > MAX_JSON_DEPTH) return true
    } else if (code === 93 || code === 125) depth--
  }
  return false
}

function countUpTo(text: string, character: string, limit: number): number {
  let count = 0
  for (let at = text.indexOf(character); at !== -1 && count <= limit; at = text.indexOf(character, at + 1)) count++
  return count
}

/** Whether decoded JSON is an object, not an array or `null`. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
