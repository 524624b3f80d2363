import type { Endpoint, EndpointAuth } from '../model/endpoint.ts'
import { HEADER_NAME } from '../model/header-names.ts'
import { checkFields, invalid } from './endpoint-fields.ts'
import type { EndpointInput, EndpointRules } from './endpoint-input.ts'
import { authHeader, canCarrySignature, checkHeaders } from './headers.ts'

/** How an endpoint's requests are signed. @throws {WebhookError} `invalid_endpoint`. */
export function readSignature({ signature, preset }: EndpointInput, { schemes }: EndpointRules): Endpoint['signature'] {
  const given = signature ?? (preset === undefined ? 'standard' : 'none')
  const named = typeof given === 'string' ? { scheme: given } : given
  if (typeof named?.scheme !== 'string' || !Object.hasOwn(schemes, named.scheme)) {
    throw invalid('signature', `is not a known scheme; there are: ${Object.keys(schemes).join(', ')}`)
  }
  const { scheme, header } = named
  if (header === undefined) return { scheme }
  if (typeof header !== 'string' || !HEADER_NAME.test(header)) {
    throw invalid('signature.header', 'must be the name of a header')
  }
  if (!canCarrySignature(header)) throw invalid('signature.header', `cannot be the protected header '${header}'`)
  if ((scheme === 'standard' || scheme === 'none') && header.toLowerCase() !== schemes[scheme]?.header) {
    throw invalid('signature.header', `cannot be chosen for the scheme '${scheme}'`)
  }
  return { scheme, header }
}

/** @throws {WebhookError} `invalid_endpoint` when the secret does not fit the scheme. */
export function checkSecret(
  secret: string,
  signature: Endpoint['signature'],
  { schemes }: Pick<EndpointRules, 'schemes'>,
): void {
  const scheme = schemes[signature.scheme]
  if (typeof secret !== 'string' || secret.length < 8 || secret.length > 512)
    throw invalid('secret', 'must have 8 to 512 characters')
  try {
    scheme?.create([secret], signature.header ?? scheme.header)
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'does not fit the signature scheme'
    throw invalid('secret', problem.replace(/^(?:secret|privateKey) /, ''))
  }
}

/** How they are authorised. @throws {WebhookError} `invalid_endpoint`. */
export function readAuth(auth: EndpointAuth, signatureHeader: string): EndpointAuth {
  const texts: Readonly<Record<string, readonly string[]>> = {
    none: [],
    basic: ['username', 'password'],
    bearer: ['token'],
    apiKey: ['header', 'key'],
  }
  const fields =
    typeof auth === 'object' && auth !== null && Object.hasOwn(texts, auth.type) ? texts[auth.type] : undefined
  if (fields === undefined) throw invalid('auth.type', `must be one of ${Object.keys(texts).join(', ')}`)
  checkFields(auth, ['type', ...fields], 'auth')
  const read: Record<string, string> = { type: auth.type }
  for (const field of fields) {
    const value = (auth as unknown as Record<string, unknown>)[field]
    if (value === undefined) throw invalid(`auth.${field}`, 'is missing')
    if (typeof value !== 'string' || value === '' || !/^[\x20-\x7e\xa0-\xff]*$/.test(value)) {
      throw invalid(`auth.${field}`, 'must be text without line breaks or characters beyond Latin-1')
    }
    read[field] = value
  }
  if (auth.type === 'basic' && auth.username.includes(':')) throw invalid('auth.username', 'must not contain a colon')
  const problem = auth.type === 'apiKey' ? checkHeaders({ [auth.header]: auth.key }, signatureHeader) : undefined
  if (problem !== undefined) throw invalid('auth.header', problem)
  if (authHeader(auth)?.[0].toLowerCase() === signatureHeader.toLowerCase()) {
    throw invalid('signature.header', 'is the header of auth')
  }
  return read as unknown as EndpointAuth
}
