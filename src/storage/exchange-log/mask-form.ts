import { isSecretName, MASK } from './secret-names.ts'

/** Masks the secret values of `a=1&b=2`, and leaves the rest as it is written. */
export function maskForm(text: string, names: ReadonlySet<string>, place: 'body' | 'query' = 'body'): string {
  return text
    .split('&')
    .map(pair => {
      const at = pair.indexOf('=')
      if (at === -1) return pair
      const name = decodeName(pair.slice(0, at))
      return names.has(name.toLowerCase()) || isSecretName(name, place) ? `${pair.slice(0, at)}=${MASK}` : pair
    })
    .join('&')
}

function decodeName(name: string): string {
  const spaced = name.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}
