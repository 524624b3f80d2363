import { isJsonObject } from '../bytes/json.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, join, path } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link elevenlabs}. */
export interface ElevenlabsOptions {
  /** The secret that was shown when the webhook was created (`wsec_…`); all of it is the key. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 1800, as in ElevenLabs' examples. */
  readonly toleranceSeconds?: number
}

/**
 * ElevenLabs: conversational agents, after a call.
 *
 * Proved by `ElevenLabs-Signature: t=<seconds>,v0=<hex>`, an HMAC-SHA256 over `t.body`. `id` is the type with the id of
 * the conversation. Types: `call.transcribed`, `call.audio_ready`, `call.initiation_failed`. `data` is the body's `data`.
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example
 * const provider = elevenlabs({ secret: process.env.ELEVENLABS_WEBHOOK_SECRET })
 * receiver.on('call.transcribed', ({ recordId, data }) => crm.addNote(recordId, data['analysis']))
 * @see ElevenLabs documentation, "Post-call webhooks".
 */
export function elevenlabs(options: ElevenlabsOptions): Provider<OpenEvents> {
  const { secret, toleranceSeconds = 1800 } = optionsOf('elevenlabs', options, ['secret', 'toleranceSeconds'])
  return describeProvider<OpenEvents>({
    name: 'elevenlabs',
    verifier: hmacSignature({
      secret,
      signature: { header: 'elevenlabs-signature', list: { separator: ',', tagSeparator: '=', tag: 'v0' } },
      timestamp: { from: { tag: 't' }, toleranceSeconds },
      message: '{timestamp}.{body}',
    }),
    id: join(':', path('type'), path('data.conversation_id')),
    idSource: 'composite',
    type: path('type'),
    canonical: native => TYPES.get(native) ?? canonicalType(native),
    recordId: path('data.conversation_id'),
    time: path('event_timestamp'),
    data: item => (isJsonObject(item) ? item.data : undefined),
  })
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['post_call_transcription', 'call.transcribed'],
  ['post_call_audio', 'call.audio_ready'],
  ['call_initiation_failure', 'call.initiation_failed'],
])
