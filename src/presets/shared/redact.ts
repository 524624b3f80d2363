import { valueAt } from './value-at.ts'

/** Shorter texts are no credentials, and taking them out would garble the message. */
const MIN_SECRET_LENGTH = 6

/**
 * A message without the secrets that stand at some paths of the settings. Of a secret URL, what follows the last
 * slash and the last equals sign goes too.
 */
export function redact(message: string, settings: unknown, paths: readonly string[]): string {
  let result = message
  for (const path of paths) {
    const secret = valueAt(settings, path)
    if (typeof secret !== 'string') continue
    for (const form of [secret, after(secret, '/'), after(secret, '=')]) {
      if (form.length >= MIN_SECRET_LENGTH) result = result.replaceAll(form, '[redacted]')
    }
  }
  return result
}

function after(text: string, separator: string): string {
  return text.slice(text.lastIndexOf(separator) + 1)
}
