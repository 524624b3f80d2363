import { WebhookError } from '../errors.ts'
import type { HeadersInput } from '../model/http.ts'
import { redact } from './shared/redact.ts'

/** The event that a preset turns into a request. */
export interface PresetEvent {
  readonly id: string
  readonly type: string
  /** ISO 8601. */
  readonly timestamp: string
  readonly data: unknown
}

/** What a preset may know of a delivery. */
export interface PresetInput {
  readonly event: PresetEvent
  /** The same on every attempt: presets hand it on where the target has an idempotency key. */
  readonly deliveryId: string
  /** From 1. Nothing in the request depends on it, so that every attempt sends the same bytes. */
  readonly attempt: number
}

/** A request for the target, complete but for what the sender adds itself. */
export interface PresetRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH'
  /** Absolute, and to be sent exactly as it is: parts of it may be a signature. */
  readonly url: string
  /** Including the credential, excluding `content-type`. */
  readonly headers: Readonly<Record<string, string>>
  readonly contentType: string
  /** A JSON value when `contentType` is JSON, otherwise text; {@link encodeBody} writes it. */
  readonly body: unknown
  /** Which parts hold a credential and so must not reach a log. */
  readonly confidential: ConfidentialParts
}

/** Where a request holds credentials. */
export interface ConfidentialParts {
  readonly url: boolean
  /** Names in lower case. */
  readonly headers: readonly string[]
  /** Dotted paths in the JSON body. */
  readonly bodyPaths: readonly string[]
}

/** What came back, at most the part of the body that the sender keeps. */
export interface PresetResponse {
  readonly status: number
  readonly headers?: HeadersInput
  readonly body: string
}

/** What an answer means. */
export type PresetOutcome =
  | {
      readonly ok: true
      /** Id of what was created, as people at the target know it: `SUPPORT-24`, `INC0010002`. */
      readonly externalId?: string
      /** Page to open in a browser. */
      readonly externalUrl?: string
    }
  | {
      readonly ok: false
      /** At most 500 characters, one line, without credentials. */
      readonly message: string
      /** Whether another try can help. Absent: the status decides, by the endpoint's retry policy. */
      readonly retry?: boolean
      /** From the body, or a header in whole seconds. Absent: look at `Retry-After` yourself. */
      readonly retryAfterSeconds?: number
    }

/** Settings that fit, or what is wrong with them, naming the field. */
export type SettingsResult<Settings> =
  | { readonly ok: true; readonly value: Settings }
  | { readonly ok: false; readonly message: string }

/** A ready-made request shape and success rule for a known destination. Pure: no network, no clock, no state. */
export interface Preset<Settings = unknown> {
  /** What endpoints refer to it by: `jira`. */
  readonly name: string
  readonly documentationUrl: string
  /** Dotted paths of the settings to encrypt, mask and never log. */
  readonly secretSettings: readonly string[]
  /** Checks an endpoint's settings when it is saved. Plain JSON in, the same JSON out. Never throws. */
  settings(input: unknown): SettingsResult<Settings>
  /** Never throws for JSON data, whatever its shape; what is absent is left out. */
  request(input: PresetInput, settings: Settings): PresetRequest
  /** Never throws. Judges the answer's body too: several targets answer 200 with an error. */
  outcome(response: PresetResponse, settings: Settings): PresetOutcome
}

/**
 * Makes a preset from its parts, and takes the credentials of the settings out of every error text, for targets
 * that repeat what they were sent.
 *
 * @throws {WebhookError} `invalid_preset` for a name that is not lower-case words joined by hyphens, a documentation
 * URL that is not https, and a part that is missing.
 *
 * @example
 * const acme = definePreset<{ url: string }>({
 *   name: 'acme',
 *   documentationUrl: 'https://acme.example/api',
 *   secretSettings: [],
 *   settings: input => checkAcmeSettings(input),
 *   request: ({ event }, { url }) => ({
 *     method: 'POST', url, headers: {}, contentType: 'application/json', body: { title: event.type },
 *     confidential: { url: false, headers: [], bodyPaths: [] },
 *   }),
 *   outcome: ({ status }) => (status < 300 ? { ok: true } : { ok: false, message: `HTTP ${status}` }),
 * })
 */
export function definePreset<Settings>(preset: Preset<Settings>): Preset<Settings> {
  if (typeof preset !== 'object' || preset === null) throw invalid('preset', 'must be an object')
  if (typeof preset.name !== 'string' || !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(preset.name)) {
    throw invalid('name', `must be lower-case words joined by hyphens, not ${JSON.stringify(preset.name)}`)
  }
  if (typeof preset.documentationUrl !== 'string' || !preset.documentationUrl.startsWith('https://')) {
    throw invalid('documentationUrl', 'must begin with https://')
  }
  if (!Array.isArray(preset.secretSettings)) throw invalid('secretSettings', 'must be a list of paths, or empty')
  for (const part of ['settings', 'request', 'outcome'] as const) {
    if (typeof preset[part] !== 'function') throw invalid(part, 'must be a function')
  }
  return {
    ...preset,
    outcome(response, settings) {
      const outcome = preset.outcome(response, settings)
      if (outcome.ok) return outcome
      return { ...outcome, message: redact(outcome.message, settings, preset.secretSettings) }
    },
  }
}

/** The body of a request as it goes over the wire. */
export function encodeBody({ body, contentType }: Pick<PresetRequest, 'body' | 'contentType'>): string {
  return typeof body === 'string' && !contentType.startsWith('application/json') ? body : JSON.stringify(body)
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_preset', `definePreset: ${argument} ${problem}`, { argument })
}
