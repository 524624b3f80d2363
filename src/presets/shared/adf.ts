import type { CaseFact } from './case-text.ts'

/** A node of the Atlassian Document Format. */
export interface AdfNode {
  readonly type: string
  readonly text?: string
  readonly content?: readonly AdfNode[]
  readonly marks?: ReadonlyArray<{ readonly type: string; readonly attrs?: Readonly<Record<string, string>> }>
}

/** A whole document. */
export interface AdfDocument extends AdfNode {
  readonly type: 'doc'
  readonly version: 1
}

/**
 * A text, split into paragraphs at empty lines, and facts as a list below it, in the Atlassian Document Format. The
 * format refuses empty text nodes and line breaks inside them, so neither is made.
 * https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
 *
 * @example adfDocument('Line one\nLine two', [{ label: 'Phone', value: '+49 30 1' }])
 */
export function adfDocument(text: string, facts: readonly CaseFact[] = []): AdfDocument {
  const paragraphs = text
    .split(/\n{2,}/)
    .filter(part => part !== '')
    .map(paragraph)
  const list: AdfNode[] = facts.length === 0 ? [] : [{ type: 'bulletList', content: facts.map(listItem) }]
  const content = [...paragraphs, ...list]
  return { type: 'doc', version: 1, content: content.length === 0 ? [{ type: 'paragraph', content: [] }] : content }
}

function paragraph(text: string): AdfNode {
  const content: AdfNode[] = []
  text.split('\n').forEach((line, index) => {
    if (index > 0) content.push({ type: 'hardBreak' })
    if (line !== '') content.push({ type: 'text', text: line })
  })
  return { type: 'paragraph', content }
}

function listItem({ label, value }: CaseFact): AdfNode {
  const link = /^https?:\/\/\S+$/.test(value)
  const text: AdfNode = link
    ? { type: 'text', text: value, marks: [{ type: 'link', attrs: { href: value } }] }
    : { type: 'text', text: value }
  const strong: AdfNode = { type: 'text', text: `${label}: `, marks: [{ type: 'strong' }] }
  return { type: 'listItem', content: [{ type: 'paragraph', content: [strong, text] }] }
}
