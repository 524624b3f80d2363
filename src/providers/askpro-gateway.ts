import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { checkServiceCase } from './askpro-gateway/schemas.ts'
import type { AskproGatewayCustomEvents, AskproGatewayEvents } from './askpro-gateway/types.ts'
import { constant, describeProvider, firstOf, header, type Lookup, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

export type * from './askpro-gateway/types.ts'

/** Options of {@link askproGateway}. */
export interface AskproGatewayOptions {
  /** The output configuration's webhook secret. */
  readonly secret: SecretInput
  /**
   * `true` when the output uses a preset or a template of its own: the data is then not checked, and of type
   * `unknown`. Default false: AskPro's default body.
   */
  readonly customBody?: boolean
}

const CREATED = 'service_case.created'

/**
 * AskPro API Gateway, Service Gateway: a service case was created.
 *
 * Proof: `X-Signature`, the bare hex HMAC-SHA256 of the body. Verify the raw body only: AskPro writes `/` as `\/` and
 * `é` as an escape, so that a parsed and rewritten body has other bytes. The headers `X-Event`, `X-Ticket-Reference`
 * and `X-Timestamp` are not signed, and a configuration can replace them.
 *
 * `id` is the event with the ticket's reference, the same on each try; there is no attempt number. AskPro waits
 * 30 seconds and tries three times.
 *
 * Source: AskPro API Gateway, "Webhooks", Service Gateway (`WebhookOutputHandler`).
 *
 * @throws {WebhookError} `invalid_secret` for a missing or empty secret.
 * @example
 * const receiver = createReceiver({ provider: askproGateway({ secret }) })
 * receiver.on('service_case.created', ({ data }) => helpdesk.open(data.ticket.reference, data.ticket.summary))
 */
export function askproGateway(
  options: AskproGatewayOptions & { readonly customBody: true },
): Provider<AskproGatewayCustomEvents>
export function askproGateway(options: AskproGatewayOptions): Provider<AskproGatewayEvents>
export function askproGateway(
  options: AskproGatewayOptions,
): Provider<AskproGatewayEvents> | Provider<AskproGatewayCustomEvents> {
  optionsOf('askpro-gateway', options, ['secret', 'customBody'])
  const description = {
    name: 'askpro-gateway',
    verifier: hmacSignature({
      secret: requireSecrets('secret', options.secret),
      signature: { header: 'x-signature' },
    }),
    id: caseId,
    idSource: 'composite',
    type: firstOf(header('x-event'), constant(CREATED)),
    types: { [CREATED]: CREATED },
    time: firstOf(path('ticket.created_at'), header('x-timestamp')),
    recordId: reference,
    timeoutSeconds: 27,
  } as const
  return options.customBody === true
    ? describeProvider<AskproGatewayCustomEvents>(description)
    : describeProvider<AskproGatewayEvents>({ ...description, checks: { [CREATED]: checkServiceCase } })
}

/** The signed body before the unsigned header. */
const reference: Lookup = firstOf(path('ticket.reference'), header('x-ticket-reference'))

/** A case is created once; of an event that AskPro does not have yet, the body tells one from the next. */
const caseId: Lookup = input => {
  const ticket = reference(input)
  const isCreated = (header('x-event')(input) ?? CREATED) === CREATED
  return isCreated && ticket !== undefined ? `${CREATED}:${ticket}` : undefined
}
