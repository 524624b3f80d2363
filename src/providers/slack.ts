import { utf8 } from '../bytes/encoding.ts'
import { isJsonObject, parseJson } from '../bytes/json.ts'
import { headerValues, type WebhookRequest, type WebhookResponse } from '../model/http.ts'
import { isTaken } from '../model/receive-result.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { afterEntity, canonicalType, describeProvider, firstOf, type LookupInput, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer, textAnswer } from './shared/answers.ts'
import { formOrJson } from './shared/form-request.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link slack}. */
export interface SlackOptions {
  /** The signing secret of the app ("Basic Information"), not its token. */
  readonly signingSecret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300, as Slack recommends. */
  readonly toleranceSeconds?: number
}

/**
 * Slack: Events API, interactivity and slash commands, all on one URL if you like.
 *
 * Proved by `X-Slack-Signature: v0=<hex>`, an HMAC-SHA256 over `v0:timestamp:body`. The `url_verification` challenge
 * is answered once the request has proved itself.
 *
 * Events: `id` is `event_id`, `attempt` comes from `X-Slack-Retry-Num`, types are Slack's (`message` →
 * `message.posted`, `reaction_added` → `reaction.added`). Slash commands are `command.invoked`; interactions are
 * `interaction.block_actions`, `view.submitted`, `shortcut.invoked` and so on, with the decoded `payload` as data; the
 * `id` of both is the `trigger_id` where there is one. Answer these with `reply({...})`; without a reply Slack gets an
 * empty 200, which acknowledges. Slack waits 3 seconds.
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example
 * const provider = slack({ signingSecret: process.env.SLACK_SIGNING_SECRET })
 * receiver.on('command.invoked', ({ data }) => reply({ text: `You said ${data['text']}` }))
 * @see Slack developer documentation, "Verifying requests from Slack", "Events API".
 */
export function slack(options: SlackOptions): Provider<OpenEvents> {
  const { signingSecret, toleranceSeconds = 300 } = optionsOf('slack', options, ['signingSecret', 'toleranceSeconds'])
  return describeProvider<OpenEvents>({
    name: 'slack',
    verifier: hmacSignature({
      secret: signingSecret,
      signature: { header: 'x-slack-signature', prefix: 'v0=' },
      timestamp: { from: { header: 'x-slack-request-timestamp' }, toleranceSeconds },
      message: 'v0:{timestamp}:{body}',
    }),
    timeoutSeconds: 2.5,
    challenge: answerVerification,
    format: formOrJson,
    split: unwrapPayload,
    id: firstOf(path('event_id'), path('trigger_id')),
    type: nativeType,
    canonical,
    recordId: firstOf(path('event.ts'), path('event.channel.id'), path('view.id'), path('container.message_ts')),
    time: path('event_time'),
    attempt: attemptNumber,
    firstAttempt: 0,
    expectsReply: item => valueAt(item, 'event_id') === undefined,
    respond: ({ outcome, reply }) => (reply === undefined && isTaken(outcome) ? emptyAnswer(200) : undefined),
  })
}

function answerVerification({ body }: WebhookRequest): WebhookResponse | undefined {
  const json = parseJson(body)
  if (!json.ok || !isJsonObject(json.value) || json.value.type !== 'url_verification') return undefined
  const { challenge } = json.value
  return typeof challenge === 'string' ? textAnswer(challenge) : undefined
}

/** Interactivity comes as a form with one field that holds JSON. */
function unwrapPayload(body: unknown, request: WebhookRequest): readonly unknown[] | undefined {
  if (formOrJson(request) === 'json') return [body]
  const payload = valueAt(body, 'payload')
  if (payload === undefined) return [body]
  const json = typeof payload === 'string' ? parseJson(utf8(payload)) : undefined
  return json?.ok ? [json.value] : undefined
}

function nativeType(input: LookupInput): string | undefined {
  if (path('command')(input) !== undefined && path('type')(input) === undefined) return 'slash_command'
  const type = path('type')(input)
  return type === 'event_callback' ? path('event.type')(input) : type
}

/** Retries are counted from 1; the first try of an event carries no number. */
function attemptNumber(input: LookupInput): string | undefined {
  const [retry] = headerValues(input.request.headers, 'x-slack-retry-num')
  return retry !== undefined && /^\d{1,3}$/.test(retry)
    ? retry
    : path('event_id')(input) === undefined
      ? undefined
      : '0'
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['message', 'message.posted'],
  ['app_mention', 'app.mentioned'],
  ['app_rate_limited', 'app.rate_limited'],
  ['slash_command', 'command.invoked'],
  ['block_actions', 'interaction.block_actions'],
  ['block_suggestion', 'options.requested'],
  ['shortcut', 'shortcut.invoked'],
  ['message_action', 'message_shortcut.invoked'],
  ['view_submission', 'view.submitted'],
  ['view_closed', 'view.closed'],
  ['team_join', 'user.joined'],
])

const cutEntity = afterEntity([
  'app',
  'app_home',
  'assistant_thread',
  'channel',
  'call',
  'dnd',
  'emoji',
  'file',
  'group',
  'im',
  'invite',
  'link',
  'member',
  'message_metadata',
  'pin',
  'reaction',
  'shared_channel_invite',
  'star',
  'subteam',
  'team',
  'tokens',
  'user',
  'workflow',
])

function canonical(native: string): string {
  return TYPES.get(native) ?? cutEntity(canonicalType(native))
}
