/**
 * Text without spaces and tabs around it: the white space of header fields (RFC 9110, section 5.6.3). `trim` would also
 * take line breaks, byte order marks and no-break spaces away. Linear, unlike a pattern that ends in `[ \t]+$`.
 */
export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}
