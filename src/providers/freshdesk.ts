import { type BasicCredentials, basicAuth } from '../credentials/basic-auth.ts'
import { sharedSecret } from '../credentials/shared-secret.ts'
import { WebhookError } from '../errors.ts'
import { checkOptions } from '../model/known-fields.ts'
import type { SecretInput } from '../model/secret.ts'
import type { Verifier } from '../model/verification.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link freshdesk}: how the rule proves itself, one of the two, and what its body looks like. */
export interface FreshdeskOptions {
  /** The user name and password of the rule's authentication. */
  readonly basicAuth?: BasicCredentials
  /** A custom header that you added to the rule, with a secret of your own as its value. */
  readonly header?: { readonly name: string; readonly secret: SecretInput }
  /** Where the body names the event, as a dotted path. Default `event`. */
  readonly eventPath?: string
  /** Where the body holds the ticket's id. Default `ticket_id`. */
  readonly recordIdPath?: string
  /** Where the body holds something that is new for every event. Default: the SHA-256 of the body is the id. */
  readonly idPath?: string
}

/**
 * Freshdesk and Freshservice automation rules ("Trigger webhook").
 *
 * Not signed: the rule sends Basic credentials or a header that you choose. The body is your own, so put the event
 * and something that changes in: `{ "event": "ticket.updated", "ticket_id": "{{ticket.id}}", "at": "{{ticket.modified_on}}" }`.
 *
 * @throws {WebhookError} `invalid_option` when neither or both of `basicAuth` and `header` are given; `invalid_secret`.
 * @example const provider = freshdesk({ header: { name: 'x-webhook-secret', secret: process.env.FRESHDESK_SECRET } })
 * @see Freshdesk support, "Using webhooks in automation rules".
 */
export function freshdesk(options: FreshdeskOptions): Provider {
  optionsOf('freshdesk', options, ['basicAuth', 'header', 'eventPath', 'recordIdPath', 'idPath'])
  const { eventPath = 'event', recordIdPath = 'ticket_id', idPath } = options
  return describeProvider({
    name: 'freshdesk',
    verifier: freshdeskVerifier(options),
    ...(idPath !== undefined && { id: path(idPath) }),
    type: path(eventPath),
    recordId: path(recordIdPath),
  })
}

function freshdeskVerifier({ basicAuth: basic, header }: FreshdeskOptions): Verifier {
  if (basic !== undefined && header === undefined) return basicAuth(basic)
  if (header !== undefined) checkOptions(header, ['name', 'secret'], 'freshdesk', 'header')
  if (header !== undefined && basic === undefined) return sharedSecret({ header: header.name, secret: header.secret })
  throw new WebhookError('invalid_option', 'freshdesk: give basicAuth or header, one of the two', {
    argument: 'basicAuth',
  })
}
