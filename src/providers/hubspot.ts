import { isJsonObject } from '../bytes/json.ts'
import { WebhookError } from '../errors.ts'
import { singleHeader, type WebhookRequest } from '../model/http.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { refuse, type Verifier, withHeaders } from '../model/verification.ts'
import { hashSignature } from '../signatures/hash-signature.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, type Lookup, listAt, path } from './describe.ts'
import { HUBSPOT_TYPES, type HubspotEvents, toHubspotChange, WORKFLOW } from './hubspot/events.ts'
import type { Provider } from './provider.ts'
import { askAgain } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'
import { publicUrl } from './shared/public-url.ts'

export type { HubspotChange, HubspotEvents, HubspotNotification } from './hubspot/events.ts'

/** A way in which HubSpot signs. */
export type HubspotSignatureVersion = 'v1' | 'v2' | 'v3'

/** Options of {@link hubspot}. */
export interface HubspotOptions {
  /** The app's client secret (developer account → your app → Auth). Several during a rotation. */
  readonly secret: SecretInput
  /** The public target URL as configured in the app, when a proxy changes the one that arrives. v2 and v3 sign it. */
  readonly url?: string
  /** How far the signed time of v3 may lie from now, in seconds. Default 300, as HubSpot asks. */
  readonly toleranceSeconds?: number
  /**
   * The signatures that are accepted. Default `['v3']`, which HubSpot sends along with the others. v1 and v2 have no
   * signed time, so a recorded request can be sent again for ever.
   */
  readonly versions?: readonly HubspotSignatureVersion[]
}

/**
 * HubSpot CRM: subscriptions of public and private apps, and webhook actions of workflows.
 *
 * Proved by a signature with the app's client secret: v3, or where allowed v1 and v2, told by the header
 * `X-HubSpot-Signature-Version`. A request is a batch. HubSpot does not promise that `eventId` is unique, so the id
 * is `eventId:subscriptionId:occurredAt`; the attempt is `attemptNumber`, counted from 1 here. An event tells the
 * new value of one property: `data` is a record change whose `from` is always `undefined`.
 *
 * The webhook action of a workflow is one event, `workflow.triggered`, with the body as `data.notification`. It carries
 * a v2 signature, so `versions` must allow `'v2'`, and no id: the SHA-256 of the body is used.
 *
 * @throws {WebhookError} `invalid_secret`; `invalid_option` when `versions` is empty or unknown, or `url` not absolute.
 * @example
 * const provider = hubspot({ secret: process.env.HUBSPOT_CLIENT_SECRET })
 * receiver.on('deal.updated', ({ recordId, data }) => { if ('dealstage' in data.changes) … })
 * @see HubSpot developer documentation, "Webhooks" and "Validating requests".
 */
export function hubspot(options: HubspotOptions): Provider<HubspotEvents> {
  optionsOf('hubspot', options, ['secret', 'url', 'toleranceSeconds', 'versions'])
  return describeProvider<HubspotEvents>({
    name: 'hubspot',
    verifier: hubspotVerifier(options),
    timeoutSeconds: 4,
    split: body => listAt('')(body) ?? [body],
    id: eventId,
    idSource: 'composite',
    type: firstOf(path('subscriptionType'), workflowType),
    types: HUBSPOT_TYPES,
    recordId: firstOf(path('objectId'), path('fromObjectId'), path('primaryObjectId')),
    time: path('occurredAt'),
    attempt: path('attemptNumber'),
    firstAttempt: 0,
    data: toHubspotChange,
    // Workflows take every 4xx as final.
    respond: askAgain,
  })
}

/** A workflow sends the record that goes through it, or fields of your choice, and no type. */
const workflowType: Lookup = ({ body }) => (isJsonObject(body) ? WORKFLOW : undefined)

const eventId: Lookup = input => {
  const id = path('eventId')(input)
  if (id === undefined) return undefined
  return [id, path('subscriptionId')(input) ?? '', path('occurredAt')(input) ?? ''].join(':')
}

const VERSIONS: ReadonlySet<unknown> = new Set(['v1', 'v2', 'v3'])

function hubspotVerifier({ secret, url, toleranceSeconds = 300, versions = ['v3'] }: HubspotOptions): Verifier {
  requireSecrets('secret', secret)
  if (
    !Array.isArray(versions) ||
    versions.length === 0 ||
    versions.some((version: unknown) => !VERSIONS.has(version))
  ) {
    throw new WebhookError('invalid_option', "hubspot: versions must be a list of at least one of 'v1', 'v2', 'v3'", {
      argument: 'versions',
    })
  }
  const v1 = hashSignature({ secret, signature: { header: 'x-hubspot-signature' }, message: '{secret}{body}' })
  const v2 = hashSignature({
    secret,
    signature: { header: 'x-hubspot-signature' },
    message: '{secret}{method}{url}{body}',
  })
  const v3 = hmacSignature({
    secret,
    signature: { header: 'x-hubspot-signature-v3' },
    encoding: 'base64',
    message: '{method}{url}{body}{timestamp}',
    timestamp: { from: { header: 'x-hubspot-request-timestamp' }, unit: 'ms', toleranceSeconds },
  })
  const urlOf = publicUrl(url)
  const at = (request: WebhookRequest): WebhookRequest => ({ ...request, url: urlOf(request) })
  const atDecoded = (request: WebhookRequest): WebhookRequest => ({ ...request, url: decodeUrl(urlOf(request)) })
  return {
    verify(request, context) {
      const older = singleHeader(request.headers, 'x-hubspot-signature-version')?.toLowerCase()
      const hasV3 = singleHeader(request.headers, 'x-hubspot-signature-v3') !== undefined
      if (versions.includes('v3') && (hasV3 || versions.length === 1)) return v3.verify(atDecoded(request), context)
      if (older === 'v2' && versions.includes('v2')) return v2.verify(at(request), context)
      if (older === 'v1' && versions.includes('v1')) return v1.verify(request, context)
      return refuse('unsupported_signature', 'the request carries no HubSpot signature of an accepted version')
    },
    authenticate(request, context) {
      if (versions.includes('v3')) {
        return { ...request, headers: v3.authenticate(atDecoded(request), context).headers }
      }
      const version = versions.includes('v2') ? 'v2' : 'v1'
      const scheme = version === 'v2' ? v2 : v1
      const { headers } = scheme.authenticate(at(request), context)
      return withHeaders({ ...request, headers }, { 'x-hubspot-signature-version': version })
    },
  }
}

/** HubSpot signs the URL with these escapes decoded, and only these. */
const DECODED: Readonly<Record<string, string>> = {
  '%3A': ':',
  '%2F': '/',
  '%3F': '?',
  '%40': '@',
  '%21': '!',
  '%24': '$',
  '%27': "'",
  '%28': '(',
  '%29': ')',
  '%2A': '*',
  '%2C': ',',
  '%3B': ';',
}

function decodeUrl(url: string): string {
  return url.replace(/%[0-9a-f]{2}/gi, code => DECODED[code.toUpperCase()] ?? code)
}
