import type { PresetRequest } from '../preset.ts'

/** What a JSON request for a target is made of. */
export interface JsonRequestParts {
  readonly url: string
  readonly method?: PresetRequest['method']
  readonly headers?: Readonly<Record<string, string>>
  /** Headers that hold a credential. */
  readonly secretHeaders?: Readonly<Record<string, string>>
  readonly body: unknown
  /** The URL is a credential. */
  readonly secretUrl?: boolean
  /** Dotted paths of credentials in the body. */
  readonly secretBodyPaths?: readonly string[]
}

/** A JSON request; POST unless another method is given. */
export function jsonRequest(parts: JsonRequestParts): PresetRequest {
  const secretHeaders = parts.secretHeaders ?? {}
  return {
    method: parts.method ?? 'POST',
    url: parts.url,
    headers: { accept: 'application/json', ...parts.headers, ...secretHeaders },
    contentType: 'application/json',
    body: parts.body,
    confidential: {
      url: parts.secretUrl ?? false,
      headers: Object.keys(secretHeaders).map(name => name.toLowerCase()),
      bodyPaths: parts.secretBodyPaths ?? [],
    },
  }
}
