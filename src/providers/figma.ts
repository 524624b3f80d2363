import { bodyToken } from '../credentials/body-token.ts'
import type { SecretInput } from '../model/secret.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link figma}. */
export interface FigmaOptions {
  /** The passcode that you chose when you created the webhook. */
  readonly passcode: SecretInput
}

/** What every webhook of Figma has; the rest depends on the type. */
export interface FigmaNotification {
  readonly event_type: string
  readonly passcode: string
  /** ISO 8601. */
  readonly timestamp: string
  readonly webhook_id: string
  readonly file_key?: string
  readonly file_name?: string
}

const TYPES = {
  PING: 'ping.received',
  FILE_UPDATE: 'file.updated',
  FILE_DELETE: 'file.deleted',
  FILE_VERSION_UPDATE: 'file_version.updated',
  FILE_COMMENT: 'file_comment.created',
  LIBRARY_PUBLISH: 'library.published',
} as const

/** Figma's events. */
export type FigmaEvents = { readonly [Type in (typeof TYPES)[keyof typeof TYPES]]: FigmaNotification }

/**
 * Figma, webhooks V2.
 *
 * Proved by the passcode in the body, which proves the caller, not the body. Nothing in the body is an id of the
 * delivery, so the SHA-256 of the body is. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = figma({ passcode: process.env.FIGMA_PASSCODE })
 * @see Figma developer documentation, "Webhooks V2".
 */
export function figma(options: FigmaOptions): Provider<FigmaEvents> {
  const { passcode } = optionsOf('figma', options, ['passcode'])
  return describeProvider<FigmaEvents>({
    name: 'figma',
    verifier: bodyToken({ path: 'passcode', token: passcode }),
    type: path('event_type'),
    types: TYPES,
    recordId: path('file_key'),
    time: path('timestamp'),
  })
}
