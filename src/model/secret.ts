import { WebhookError } from '../errors.ts'

/**
 * One secret, or several during a rotation: any of them is accepted, the first one signs. `undefined` is taken by the
 * compiler, so that `process.env.NAME` can be handed over as it is, and refused when something is built with it.
 */
export type SecretInput = string | Uint8Array | ReadonlyArray<string | Uint8Array> | undefined

/**
 * Checks secrets when something is built, so that a mistake stops the start-up and not the first request.
 * Refuses an empty list, empty and blank secrets, ones with white space around them, and placeholders that
 * nobody filled in (`${WEBHOOK_SECRET}`), which would be secrets that anybody can guess.
 *
 * @returns the secrets, at least one.
 * @throws {WebhookError} `invalid_secret`, naming the argument and never the value.
 */
export function requireSecrets(argument: string, input: SecretInput): ReadonlyArray<string | Uint8Array> {
  const secrets = input === undefined ? [] : isList(input) ? [...input] : [input]
  if (secrets.length === 0) throw invalidSecret(argument, 'is missing. Is the environment variable set?')
  for (const secret of secrets) checkSecret(argument, secret)
  return secrets
}

/** Anything else that is not text or bytes is refused by name, not by failing to iterate it. */
function isList(input: SecretInput): input is ReadonlyArray<string | Uint8Array> {
  return Array.isArray(input)
}

function checkSecret(argument: string, secret: unknown): void {
  if (secret instanceof Uint8Array) {
    if (secret.length === 0) throw invalidSecret(argument, 'is empty')
    return
  }
  if (typeof secret !== 'string') throw invalidSecret(argument, `must be a string or bytes, not ${describe(secret)}`)
  if (secret === '') throw invalidSecret(argument, 'is empty. Is the environment variable set?')
  if (secret.trim() !== secret)
    throw invalidSecret(argument, 'has white space around it: was it pasted with a line break?')
  if (/^\$\{[^}]*\}$|^\$[A-Z_][A-Z0-9_]*$|^\{\{.*\}\}$|^%[A-Z_][A-Z0-9_]*%$/.test(secret)) {
    throw invalidSecret(argument, 'is an unresolved placeholder: the variable it names was not filled in')
  }
  if (secret === 'undefined' || secret === 'null') throw invalidSecret(argument, 'is the text of a missing value')
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value
}

function invalidSecret(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_secret', `${argument} ${problem}`, { argument })
}
