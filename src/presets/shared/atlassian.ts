import * as z from 'zod/mini'
import { AUTH_SECRETS, authorization, type BasicAuth, type BearerAuth, basicAuth, bearerAuth } from './auth.ts'
import { errorText } from './response-body.ts'
import { baseUrl, site } from './settings.ts'
import { isRecord, valueAt } from './value-at.ts'

/** Where a Jira is and how to log in. */
export interface AtlassianSettings {
  /** `acme`, `acme.atlassian.net`, or the base URL of a Data Center: `https://jira.example.com`. */
  readonly site?: string | undefined
  /** For OAuth 2.0 (3LO) instead of `site`: the id that the accessible-resources call gives. */
  readonly cloudId?: string | undefined
  /** Cloud: e-mail and API token as basic, or an OAuth token. Data Center: a personal access token as bearer. */
  readonly auth: BasicAuth | BearerAuth
}

/** The members of {@link AtlassianSettings} as a schema. */
export const atlassianShape = () => ({
  site: z.optional(site('.atlassian.net', true)),
  cloudId: z.optional(z.string().check(z.regex(/^[a-zA-Z0-9-]{8,64}$/, 'is no cloud id'))),
  auth: z.discriminatedUnion('type', [basicAuth(), bearerAuth()]),
})

/** What a schema cannot say: one of the two addresses must be given. */
export function checkAtlassian({ site: name, cloudId }: AtlassianSettings): string | undefined {
  if (name === undefined && cloudId === undefined) return 'site is missing (or cloudId, with an OAuth token)'
  return name !== undefined && cloudId !== undefined ? 'cloudId and site exclude each other' : undefined
}

/** Where the credentials stand in the settings. */
export const ATLASSIAN_SECRETS = AUTH_SECRETS

/** Base URL of the API. */
export function atlassianBase(settings: AtlassianSettings): string {
  if (settings.cloudId !== undefined) return `https://api.atlassian.com/ex/jira/${settings.cloudId}`
  return baseUrl(settings.site ?? '', '.atlassian.net')
}

/** Base URL of the pages; unknown where only the cloud id is. */
export function atlassianPages(settings: AtlassianSettings): string | undefined {
  return settings.site === undefined ? undefined : baseUrl(settings.site, '.atlassian.net')
}

/** The credential as a header. */
export function atlassianHeaders({ auth }: AtlassianSettings): Readonly<Record<string, string>> {
  return { authorization: authorization(auth) }
}

/** Both kinds of error body: `errorMessages` with `errors` by field, and `errorMessage`. */
export function atlassianError(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined
  const messages: readonly unknown[] = Array.isArray(body.errorMessages) ? body.errorMessages : []
  const fields = isRecord(body.errors) ? Object.entries(body.errors) : []
  const told = [...messages.map(errorText), ...fields.map(([field, text]) => `${field}: ${errorText(text)}`)]
  return told.length > 0 ? told.join('; ') : errorText(valueAt(body, 'errorMessage'))
}
