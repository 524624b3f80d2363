import { bodyToken } from '../credentials/body-token.ts'
import { isTaken } from '../model/receive-result.ts'
import type { SecretInput } from '../model/secret.ts'
import type { Verifier } from '../model/verification.ts'
import { describeProvider, firstOf, type Lookup, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer } from './shared/answers.ts'
import { formOrJson, isForm } from './shared/form-request.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link mattermost}. */
export interface MattermostOptions {
  /** The token of the outgoing webhook or slash command; several when they share this receiver. */
  readonly token: SecretInput
}

/**
 * Mattermost: outgoing webhooks and slash commands, as JSON or form bodies.
 *
 * Proved only by a token inside the body: it is no signature, so keep the URL secret and use HTTPS. `message.posted` has
 * the id of the post, `command.invoked` its `trigger_id`. Answer with `reply({ text: '…' })`; without a reply Mattermost
 * gets an empty 200.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = mattermost({ token: process.env.MATTERMOST_TOKEN })
 * receiver.on('command.invoked', ({ data }) => reply({ text: `You said ${data['text']}` }))
 * @see Mattermost developer documentation, "Outgoing webhooks", "Slash commands".
 */
export function mattermost(options: MattermostOptions): Provider<OpenEvents> {
  const { token } = optionsOf('mattermost', options, ['token'])
  const json = bodyToken({ path: 'token', token })
  const form = bodyToken({ path: 'token', token, format: 'form' })
  const verifier: Verifier = {
    confidential: { bodyPaths: ['token'] },
    verify: (request, context) => (isForm(request) ? form : json).verify(request, context),
    authenticate: (request, context) => (isForm(request) ? form : json).authenticate?.(request, context) ?? request,
  }
  return describeProvider<OpenEvents>({
    name: 'mattermost',
    verifier,
    format: formOrJson,
    id: firstOf(path('post_id'), path('trigger_id')),
    type: nativeType,
    canonical: native => (native === 'message' ? 'message.posted' : 'command.invoked'),
    recordId: path('post_id'),
    time: path('timestamp'),
    expectsReply: item => valueAt(item, 'command') !== undefined,
    respond: ({ outcome, reply }) => (reply === undefined && isTaken(outcome) ? emptyAnswer(200) : undefined),
  })
}

const nativeType: Lookup = input => {
  if (path('command')(input) !== undefined) return 'slash_command'
  return path('post_id')(input) === undefined ? undefined : 'message'
}
