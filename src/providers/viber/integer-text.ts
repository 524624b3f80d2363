import { decodeUtf8 } from '../../bytes/encoding.ts'

/**
 * The digits of an integer at the top level of a JSON object, as written: beyond 2^53 `JSON.parse` rounds them. Of a
 * repeated key the last one counts, as in `JSON.parse`. `undefined` when it is not there or no integer. The body must
 * have been read as JSON before. Linear time.
 */
export function integerText(body: Uint8Array, key: string): string | undefined {
  const text = decodeUtf8(body) ?? ''
  let found: string | undefined
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    else if (character === '"') {
      const end = endOfString(text, at)
      if (depth === 1 && text.slice(at + 1, end) === key) {
        INTEGER_VALUE.lastIndex = end + 1
        const value = INTEGER_VALUE.exec(text)
        if (value !== null) found = value[1]
        else if (isKey(text, end)) found = undefined
      }
      at = end
    }
  }
  return found
}

const INTEGER_VALUE = /\s*:\s*(-?\d{1,40})(?=\s*[,}])/y
const COLON = /\s*:/y

function isKey(text: string, end: number): boolean {
  COLON.lastIndex = end + 1
  return COLON.test(text)
}

/** Where the string that opens at `start` closes. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1
  return at
}
