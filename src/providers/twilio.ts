import { utf8 } from '../bytes/encoding.ts'
import { urlQuery, type WebhookRequest } from '../model/http.ts'
import { isTaken } from '../model/receive-result.ts'
import type { SecretInput } from '../model/secret.ts'
import { describeProvider, firstOf, header, join, type LookupInput, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { formOrJson } from './shared/form-request.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'
import { twilioSignature } from './twilio/signature.ts'

/** Options of {@link twilio}. */
export interface TwilioOptions {
  /** The auth token of the account. */
  readonly authToken: SecretInput
  /** The public URL as configured at Twilio, which signs it. Default: the request's own. */
  readonly url?: string
}

/**
 * Twilio: calls, messages, recordings, conferences, and JSON bodies signed with `bodySHA256`.
 *
 * Proved by HMAC-SHA1 (base64) in `X-Twilio-Signature`. For forms it covers the URL and every field; for other bodies
 * the URL, whose `bodySHA256` must be the body's hash. A body that neither covers is refused. The URL is tried with and
 * without its port, and with its odd characters escaped or not, as Twilio's own library does.
 *
 * `id` is `I-Twilio-Idempotency-Token` (a header, not signed), else the SID with its status; of events with an
 * `EventType` the SHA-256 of the body. Types:
 * `message.received`, `message.<status>`, `call.<status>`, `recording.<status>`, `conference.<event>`, and Twilio's own
 * `EventType` where there is one. Answer a request for instructions with `reply(twiml)`, a text; without a reply
 * Twilio gets an empty `<Response/>`.
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example
 * const provider = twilio({ authToken: process.env.TWILIO_AUTH_TOKEN, url: 'https://hooks.example.com/twilio' })
 * receiver.on('message.received', ({ data }) => crm.addMessage(data['From'], data['Body']))
 * @see Twilio documentation, "Webhooks security".
 */
export function twilio(options: TwilioOptions): Provider<OpenEvents> {
  const { authToken, url } = optionsOf('twilio', options, ['authToken', 'url'])
  const provider = describeProvider<OpenEvents>({
    name: 'twilio',
    verifier: twilioSignature(authToken, url),
    methods: ['POST', 'GET'],
    format: request => (request.method === 'GET' ? 'form' : formOrJson(request)),
    id: firstOf(
      header('i-twilio-idempotency-token'),
      join(':', path('MessageSid'), status),
      join(':', path('RecordingSid'), status),
      join(':', path('ConferenceSid'), status, path('SequenceNumber')),
      join(':', path('CallSid'), status),
      receivedMessage,
    ),
    idSource: 'composite',
    type: nativeType,
    recordId: firstOf(path('MessageSid'), path('RecordingSid'), path('ConferenceSid'), path('CallSid')),
    time: path('Timestamp'),
    expectsReply: isInstructionRequest,
    respond: ({ outcome, reply }) => {
      if (!isTaken(outcome)) return undefined
      if (reply !== undefined && typeof reply.reply !== 'string') return undefined
      const twiml = typeof reply?.reply === 'string' ? reply.reply : '<Response/>'
      return { status: 200, headers: { 'content-type': 'text/xml' }, body: twiml }
    },
  })
  return { ...provider, parse: request => provider.parse(queryAsBody(request)) }
}

function status(input: LookupInput): string | undefined {
  const kind = subject(input)
  if (kind === 'message') return firstOf(path('MessageStatus'), path('SmsStatus'))(input)
  if (kind === 'recording') return path('RecordingStatus')(input)
  if (kind === 'conference') return path('StatusCallbackEvent')(input)
  return kind === 'call' ? path('CallStatus')(input) : undefined
}

/** Events of a conversation name a message too, and several of them the same one. */
function receivedMessage(input: LookupInput): string | undefined {
  return subject(input) === 'message' ? path('MessageSid')(input) : undefined
}

function nativeType(input: LookupInput): string | undefined {
  const kind = subject(input)
  if (kind === undefined) return firstOf(path('EventType'), path('type'), path('event'))(input)
  return `${kind}.${status(input) ?? (kind === 'message' ? 'received' : 'event')}`
}

function subject(input: LookupInput): string | undefined {
  if (path('EventType')(input) !== undefined) return undefined
  if (path('MessageSid')(input) !== undefined) return 'message'
  if (path('RecordingSid')(input) !== undefined && path('RecordingStatus')(input) !== undefined) return 'recording'
  if (path('ConferenceSid')(input) !== undefined) return 'conference'
  return path('CallSid')(input) === undefined ? undefined : 'call'
}

/** Twilio asks what to do with a call, once for every step of it: these share the SID and must not be taken for one. */
function isInstructionRequest(item: unknown): boolean {
  const has = (key: string): boolean => valueAt(item, key) !== undefined
  const told = ['CallbackSource', 'SequenceNumber', 'StatusCallbackEvent', 'RecordingStatus', 'MessageSid', 'EventType']
  return has('CallSid') && !told.some(has)
}

function queryAsBody(request: WebhookRequest): WebhookRequest {
  return request.method === 'GET' ? { ...request, body: utf8(urlQuery(request.url).toString()) } : request
}
