import { maskForm } from './mask-form.ts'
import { isSecretName, MASK } from './secret-names.ts'
import { visibleLine } from './visible-text.ts'

/** Services whose webhook URLs are secret: everything behind these paths is masked. `*.` stands for any subdomain. */
const SECRET_PATHS = [
  'hooks.slack.com/services/',
  'hooks.slack.com/workflows/',
  'hooks.slack.com/triggers/',
  'hooks.slack-gov.com/services/',
  'discord.com/api/webhooks/',
  'discordapp.com/api/webhooks/',
  '*.webhook.office.com/webhookb2/',
  'outlook.office.com/webhook/',
  'api.telegram.org/bot',
  'hooks.zapier.com/hooks/',
  '*.make.com/',
  'maker.ifttt.com/trigger/',
]

/**
 * A URL as the exchange log keeps it: user info and fragment gone, secret query values and secret paths masked. What
 * cannot be parsed becomes `[invalid URL]`.
 *
 * @param options.paths further secret paths, as `host/path/`: what follows is masked.
 * @example maskUrl('https://hooks.slack.com/services/T0/B0/abc') // 'https://hooks.slack.com/services/••••••'
 */
export function maskUrl(url: string, options: { readonly paths?: readonly string[] } = {}): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    return '[invalid URL]'
  }
  const { protocol, username, password, host, pathname, search } = parsed
  if (host === '') return '[invalid URL]'
  const user = username === '' && password === '' ? '' : `${MASK}@`
  const query = search === '' ? '' : `?${maskForm(search.slice(1), new Set(), 'query')}`
  return visibleLine(`${protocol}//${user}${host}${maskPath(host, pathname, options.paths ?? [])}${query}`)
}

/** What `maskUrl` masks of a URL's path and query, as it is written and as it is read. */
export function secretsInUrl(url: string): readonly string[] {
  if (!URL.canParse(url)) return []
  const { host, pathname, search } = new URL(url)
  const secrets = [pathname.slice(openPath(host, pathname, []).length)]
  for (const pair of search.slice(1).split('&')) {
    for (const [name, value] of new URLSearchParams(pair)) {
      if (isSecretName(name, 'query')) secrets.push(pair.slice(pair.indexOf('=') + 1), value)
    }
  }
  return secrets.filter(secret => secret !== '')
}

function maskPath(host: string, path: string, more: readonly string[]): string {
  const open = openPath(host, path, more)
  return open === path ? path : open + MASK
}

/** The part of a path that everybody may see. */
function openPath(host: string, path: string, more: readonly string[]): string {
  for (const pattern of [...SECRET_PATHS, ...more]) {
    const at = pattern.indexOf('/')
    const prefix = pattern.slice(at)
    if (at > 0 && path.length > prefix.length && path.startsWith(prefix) && isHost(host, pattern.slice(0, at))) {
      return prefix
    }
  }
  return path
}

function isHost(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
}
