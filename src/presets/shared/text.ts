/** Writes one character (a code point) for a target: the character itself, or its escape. */
export type Escape = (character: string) => string

/** What a character counts against a limit. Default: its length in UTF-16 units. */
export type Measure = (written: string) => number

const ELLIPSIS = '…'

/**
 * A text, escaped, and cut at a target's limit. A cut shows as an ellipsis, and never falls inside a character or
 * an escape. Costs no more than the limit, however long the text.
 */
export function clip(text: string, limit: number, escaping: Escape = identity, measure: Measure = lengthOf): string {
  if (escaping === identity && measure === lengthOf && text.length <= limit) return text
  let written = ''
  let used = 0
  let cut = ''
  const reserve = measure(ELLIPSIS)
  for (const character of text) {
    const piece = escaping(character)
    if (used + reserve <= limit) cut = written
    used += measure(piece)
    if (used > limit) return reserve <= limit ? cut + ELLIPSIS : ''
    written += piece
  }
  return written
}

const identity: Escape = character => character
const lengthOf: Measure = written => written.length

/** Bytes that a text takes inside a JSON string in UTF-8, for limits on the whole message. */
export const jsonBytes: Measure = written => {
  let bytes = 0
  for (const character of written) {
    const code = character.codePointAt(0) ?? 0
    if (code < 32) bytes += 6
    else if (code === 34 || code === 92) bytes += 2
    else if (code < 128) bytes += 1
    else if (code < 0x800) bytes += 2
    else if (code >= 0xd800 && code <= 0xdfff) bytes += 6
    else bytes += code < 0x10000 ? 3 : 4
  }
  return bytes
}

/** Applies an {@link Escape} to a whole text. */
export function escapeAll(text: string, escaping: Escape): string {
  return clip(text, Number.POSITIVE_INFINITY, escaping)
}

/**
 * Text that every target takes: line breaks as `\n`, no control characters but tab and line break, half surrogate
 * pairs replaced, no white space around it.
 */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(UNWANTED, '')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .trim()
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ')
}

/** Control characters, and the marks that turn the direction of text around and so can fake a different text. */
const UNWANTED = /(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** HTML text content and attribute values; a line break becomes `<br>`. */
export const html: Escape = character => HTML[character] ?? character
const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '\n': '<br>',
}

/** Slack: only these three characters open links, mentions and entities. */
export const mrkdwn: Escape = character => MRKDWN[character] ?? character
const MRKDWN: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Markdown: emphasis, code, links, spoilers, quotes and HTML stay text. */
export const markdown: Escape = character => (MARKDOWN.has(character) ? `\\${character}` : character)
const MARKDOWN = new Set('\\*_~`|[]<>')

/**
 * Jira wiki markup: macros, links, mentions and embedded images stay text. A backslash becomes an entity, as two of
 * them would be a line break.
 */
export const wiki: Escape = character => WIKI[character] ?? character
const WIKI: Readonly<Record<string, string>> = { '\\': '&#92;', '{': '\\{', '[': '\\[', '!': '\\!' }
