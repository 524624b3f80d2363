import { isJsonObject, parseJson } from '../bytes/json.ts'
import type { WebhookRequest, WebhookResponse } from '../model/http.ts'
import { isTaken } from '../model/receive-result.ts'
import { asymmetricSignature } from '../signatures/asymmetric-signature.ts'
import { canonicalType, describeProvider, firstOf, join, type LookupInput, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer, jsonAnswer } from './shared/answers.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link discord}. */
export interface DiscordOptions {
  /** The public key of the application (developer portal, "General Information"), in hex. */
  readonly publicKey: string | readonly string[] | undefined
  /**
   * How far the signed time may lie from now, in seconds. Default: it is not looked at, because Discord names no limit.
   * Interactions are not de-duplicated, so set one (300) where running a recorded interaction again would do harm.
   */
  readonly toleranceSeconds?: number
}

/**
 * Discord: interactions (commands, buttons, forms) and webhook events.
 *
 * Proved by an ed25519 signature in `X-Signature-Ed25519` (hex) over `timestamp` + `body`. Discord sends wrong
 * signatures on purpose and insists on 401. Its PING is answered once it has proved itself: `{"type":1}` for
 * interactions, 204 for webhook events.
 *
 * Interactions: `command.invoked`, `component.used`, `autocomplete.requested`, `modal.submitted`; `id` is Discord's, and
 * the handler answers with `reply({...})`. Webhook events: `APPLICATION_AUTHORIZED` → `application.authorized`; `id` is
 * the type with the time.
 *
 * @throws {WebhookError} `invalid_secret` or `invalid_option` for a wrong key or tolerance.
 * @example
 * const provider = discord({ publicKey: process.env.DISCORD_PUBLIC_KEY })
 * receiver.on('command.invoked', () => reply({ type: 4, data: { content: 'Hello' } }))
 * @see Discord developer documentation, "Receiving and responding", "Webhook events".
 */
export function discord(options: DiscordOptions): Provider<OpenEvents> {
  const { publicKey, toleranceSeconds } = optionsOf('discord', options, ['publicKey', 'toleranceSeconds'])
  const timestampHeader = 'x-signature-timestamp'
  return describeProvider<OpenEvents>({
    name: 'discord',
    verifier: asymmetricSignature({
      publicKey,
      algorithm: 'ed25519',
      keyFormat: 'raw',
      key: { decode: 'hex' },
      signature: { header: 'x-signature-ed25519' },
      ...(toleranceSeconds === undefined
        ? { message: `{header:${timestampHeader}}{body}` }
        : { timestamp: { from: { header: timestampHeader }, toleranceSeconds }, message: '{timestamp}{body}' }),
    }),
    timeoutSeconds: 2.5,
    challenge: answerPing,
    id: firstOf(
      path('id'),
      join(':', path('event.type'), path('event.timestamp'), path('event.data.user.id')),
      eventId,
    ),
    idSource: 'composite',
    type: nativeType,
    canonical: native => INTERACTIONS.get(native) ?? eventType(native),
    recordId: firstOf(path('id'), path('event.data.id'), path('event.data.user.id')),
    time: path('event.timestamp'),
    data: item => (isEvent(item) ? valueAt(item, 'event') : item),
    expectsReply: item => !isEvent(item),
    respond: ({ outcome, reply }) => (reply === undefined && isTaken(outcome) ? emptyAnswer(204) : undefined),
  })
}

const eventId = join(':', path('event.type'), path('event.timestamp'))

function answerPing({ body }: WebhookRequest): WebhookResponse | undefined {
  const json = parseJson(body)
  if (!json.ok || !isJsonObject(json.value)) return undefined
  const { type } = json.value
  if (type === 1 && !isEvent(json.value)) return jsonAnswer({ type: 1 })
  return type === 0 && !isEvent(json.value) ? emptyAnswer(204) : undefined
}

/** Webhook events have type 1, too; only they hold an `event`. */
function isEvent(item: unknown): boolean {
  return isJsonObject(valueAt(item, 'event'))
}

function nativeType(input: LookupInput): string | undefined {
  if (isEvent(input.item)) return path('event.type')(input)
  const type = valueAt(input.item, 'type')
  return typeof type === 'number' ? `interaction.${type}` : undefined
}

const INTERACTIONS: ReadonlyMap<string, string> = new Map([
  ['interaction.2', 'command.invoked'],
  ['interaction.3', 'component.used'],
  ['interaction.4', 'autocomplete.requested'],
  ['interaction.5', 'modal.submitted'],
])

/** `APPLICATION_AUTHORIZED` → `application.authorized`: the last word is what happened. */
function eventType(native: string): string {
  const name = canonicalType(native.toLowerCase())
  const cut = name.lastIndexOf('_')
  return cut <= 0 || name.includes('.') ? name : `${name.slice(0, cut)}.${name.slice(cut + 1)}`
}
