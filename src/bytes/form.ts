import { decodeUtf8 } from './encoding.ts'

/** More than any sender puts into a form. */
const MAX_FORM_FIELDS = 2_000
const AMPERSAND = 0x26

/**
 * The fields of an `application/x-www-form-urlencoded` body, in order. Refuses what is not UTF-8, and more than 2,000
 * fields before they are taken apart: strangers can send hundreds of thousands.
 */
export function readForm(bytes: Uint8Array): FormResult {
  let separators = 0
  for (let at = bytes.indexOf(AMPERSAND); at !== -1; at = bytes.indexOf(AMPERSAND, at + 1)) {
    if (++separators >= MAX_FORM_FIELDS) return tooMany
  }
  const text = decodeUtf8(bytes)
  return text === undefined ? notText : { ok: true, fields: new URLSearchParams(text) }
}

/** The fields, or why there are none. */
export type FormResult =
  | { readonly ok: true; readonly fields: URLSearchParams }
  | { readonly ok: false; readonly message: string }

const tooMany = { ok: false, message: `the form has more than ${MAX_FORM_FIELDS} fields` } as const
const notText = { ok: false, message: 'the body is not UTF-8 text' } as const

/** A form body as a flat object; of a repeated name all values, in order. */
export function parseForm(
  bytes: Uint8Array,
): { ok: true; value: Record<string, string | string[]> } | { ok: false; message: string } {
  const form = readForm(bytes)
  if (!form.ok) return form
  const fields: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  let count = 0
  for (const [name, value] of form.fields) {
    count++
    if (name === '__proto__') return { ok: false, message: 'the form has a field named __proto__' }
    const before = fields[name]
    fields[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
  }
  return count === 0 ? { ok: false, message: 'the body is empty' } : { ok: true, value: { ...fields } }
}
