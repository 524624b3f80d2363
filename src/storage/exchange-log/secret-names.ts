/** What stands in the place of a secret. */
export const MASK = '••••••'

/** A name with one of these words in it names a secret. */
const WORDS = new Set(
  'password passwd pwd passphrase secret token authorization credential credentials bearer jwt otp apikey'.split(' '),
)

/** So does one with these words side by side, or run together. */
const PAIRS = new Set(
  'api.key api.secret private.key access.key secret.key signing.key encryption.key shared.key auth.key auth.token access.token refresh.token client.secret'.split(
    ' ',
  ),
)
const JOINED = new Set([...PAIRS].map(pair => pair.replace('.', '')))

/** Words that name a secret in this place only: an issue has a `key` and a mail a `signature`, which are none. */
const MORE = {
  body: new Set<string>(),
  header: new Set(['signature', 'cookie', 'cookie2', 'csrf', 'xsrf', 'hmac', 'key']),
  query: new Set(['key', 'sig', 'signature', 'hapikey', 'hmac']),
}

/**
 * Whether a value is secret by its name. Whole words count, as camel, snake and kebab case part them: `accessToken`
 * and `X-Api-Key` do, `author`, `authenticated` and `costume` do not.
 */
export function isSecretName(name: string, place: 'body' | 'header' | 'query' = 'body'): boolean {
  const known = remembered[place].get(name)
  if (known !== undefined) return known
  const secret = namesSecret(name, place)
  if (remembered[place].size >= MAX_REMEMBERED) remembered[place].clear()
  if (name.length <= MAX_NAME) remembered[place].set(name, secret)
  return secret
}

/** The same names come again and again. */
const MAX_REMEMBERED = 2_000
const remembered = {
  body: new Map<string, boolean>(),
  header: new Map<string, boolean>(),
  query: new Map<string, boolean>(),
}

function namesSecret(name: string, place: 'body' | 'header' | 'query'): boolean {
  const words = wordsOf(name)
  if (words.at(-1) === 'auth') return true
  return words.some((word, i) => {
    const next = words[i + 1]
    return (
      WORDS.has(word) ||
      JOINED.has(word) ||
      MORE[place].has(word) ||
      (next !== undefined && PAIRS.has(`${word}.${next}`))
    )
  })
}

/** No name is longer; a longer key is not worth the time. */
const MAX_NAME = 200

function wordsOf(name: string): string[] {
  return name
    .slice(0, MAX_NAME)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '')
}
