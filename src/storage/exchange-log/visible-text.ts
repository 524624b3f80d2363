/** Text without control characters but tab and line ends: they become escapes, as JSON writes them. */
export function visibleText(text: string): string {
  return text.replace(CONTROL, toEscape)
}

/** The same on one line. */
export function visibleLine(text: string): string {
  return text.replace(CONTROL_OR_LINE_END, toEscape)
}

const CONTROL = /(?![\t\n\r])\p{Cc}/gu
const CONTROL_OR_LINE_END = /[\p{Cc}\u2028\u2029]/gu

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
