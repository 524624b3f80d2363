import { headerValues, type WebhookRequest } from '../model/http.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { createProvider, type Provider } from './provider.ts'
import { eventTypes, nativeTypes, parseRetell } from './retell/parse.ts'
import { retellSignature, SIGNATURE_HEADER } from './retell/signature.ts'
import type { RetellEvents } from './retell/types.ts'
import { optionsOf } from './shared/options.ts'

export { type InboundCallAnswer, inboundCallReply } from './retell/inbound-call-reply.ts'
export type * from './retell/types.ts'

/** Options of {@link retell}. */
export interface RetellOptions {
  /** The API key that carries the webhook badge in Retell's dashboard: no other key signs. */
  readonly apiKey: SecretInput
  /** How far the signed time may lie from now, in both directions. Default 300, as in Retell's SDK. */
  readonly toleranceSeconds?: number
  /**
   * Also accept the older `t=<seconds>,v1=<hex>` form of the header, as some gateways still write it.
   * Default false.
   */
  readonly legacySignature?: boolean
  /**
   * A secret of your own that custom functions present where they do not carry Retell's signature: as
   * `Authorization: Bearer <secret>`, or as a hex HMAC-SHA256 of the body in `X-Retell-Function-Signature`.
   * A request proved in this way is always read as `function.called`. Default: such requests are refused.
   */
  readonly functionSecret?: SecretInput
  /**
   * The function that a request calls, for functions set to "args only", whose body does not say: read it from the
   * URL. A request for which it gives a name is always read as `function.called`.
   *
   * @example functionName: request => new URL(request.url).searchParams.get('function') ?? undefined
   */
  readonly functionName?: (request: WebhookRequest) => string | undefined
}

/**
 * Retell AI: voice and chat agents. Calls, chats, transfers, transcripts; the question how to take an inbound call;
 * and the custom functions of an agent.
 *
 * Proof: `X-Retell-Signature: v=<milliseconds>,d=<hex>`, an HMAC-SHA256 with the API key over the body followed by
 * the digits of the time. Use one URL for all events: Retell names the event in the body, not in the path.
 *
 * Retell sends no event id. `id` is `event:call_id` (or `chat_id`), with the body's SHA-256 behind it for
 * transcripts and transfers, which one call can have several of; functions and inbound calls have the SHA-256
 * alone. Retell waits 10 seconds and tries three times more; it does not say which try it is.
 *
 * Source: docs.retellai.com, "Webhook Overview", "Secure the webhook", "Inbound Call Webhook", "Custom Function".
 *
 * @throws {WebhookError} `invalid_secret` for a missing or empty key, `invalid_option` for a wrong tolerance.
 * @example
 * const receiver = createReceiver({ provider: retell({ apiKey }) })
 * receiver.on('call.analyzed', ({ data }) => crm.addNote(data.call_id, data.call_analysis?.call_summary))
 * receiver.on('call.inbound', () => inboundCallReply({ dynamicVariables: { greeting: 'Hello' } }))
 */
export function retell(options: RetellOptions): Provider<RetellEvents> {
  optionsOf('retell', options, ['apiKey', 'toleranceSeconds', 'legacySignature', 'functionSecret', 'functionName'])
  const { functionSecret, functionName } = options
  const functionSecrets = functionSecret === undefined ? undefined : requireSecrets('functionSecret', functionSecret)
  return createProvider<RetellEvents>({
    name: 'retell',
    verifier: retellSignature({
      apiKey: requireSecrets('apiKey', options.apiKey),
      toleranceSeconds: options.toleranceSeconds ?? 300,
      legacySignature: options.legacySignature ?? false,
      functionSecret: functionSecrets,
    }),
    eventTypes,
    nativeTypes,
    timeoutSeconds: 9,
    parse: request =>
      parseRetell(
        request,
        functionName?.(request),
        functionSecrets !== undefined && headerValues(request.headers, SIGNATURE_HEADER).length === 0,
      ),
  })
}
