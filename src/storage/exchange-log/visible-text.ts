/** Text without control characters but tab and line ends: they become escapes, as JSON writes them. */
export function visibleText(text: string): string {
  return hasControl(text) ? text.replace(CONTROL, toEscape) : text
}

/** The same on one line. */
export function visibleLine(text: string): string {
  return hasControl(text) ? text.replace(CONTROL_OR_LINE_END, toEscape) : text
}

const CONTROL = /(?![\t\n\r])\p{Cc}/gu
const CONTROL_OR_LINE_END = /[\p{Cc}\u2028\u2029]/gu

/** Most texts have none, and this is several times faster than asking the expressions. */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0x2028 || code === 0x2029) return true
  }
  return false
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
