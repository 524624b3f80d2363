import { sharedSecret } from '../credentials/shared-secret.ts'
import type { EventOf, ParseResult } from '../model/event.ts'
import type { SecretInput } from '../model/secret.ts'
import { DAKTELA_EVENTS, type DaktelaEventType } from './daktela/event-names.ts'
import { type DaktelaRecord, parseDaktela } from './daktela/parse.ts'
import { createProvider, type Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

export type { DaktelaActivityType, DaktelaEntityType, DaktelaEventType } from './daktela/event-names.ts'
export type { DaktelaRecord } from './daktela/parse.ts'

/** Event types of Daktela with the data each carries. */
export type DaktelaEvents = { readonly [Type in DaktelaEventType]: DaktelaRecord }

/** Options of {@link daktela}. */
export interface DaktelaOptions<Own extends string = never> {
  /** The value of the header that the automation's HTTP request sends. Several during a rotation. */
  readonly secret: SecretInput
  /** The header. Default `x-webhook-secret`. */
  readonly header?: string
  /** Events that your own automations name, with canonical types: `{ ticket_close: 'ticket.closed' }`. */
  readonly types?: Readonly<Record<string, Own>>
}

/**
 * Daktela V6: calls, emails, chats, messages, contacts and accounts, sent by automations ("Manage → Automations",
 * action "HTTP Request") with a body of your own making:
 *
 * `{ "event": "{{event_name}}", "name": "{{object_name}}", "data": { "title": "{{title}}" } }`, as JSON or as a form.
 *
 * Native names keep Daktela's prefixes, canonical types say what they mean: `web_close` → `chat.closed`,
 * `fbm_create` → `messenger.created`, `wap_…` → `whatsapp.…`, `vbr_…` → `viber.…`, `igdm_…` → `instagram.…`.
 * A name that is not documented comes as an event with `known: false`; list your own in `types`.
 *
 * - **Proof**: a shared secret in a header. The body is not signed and carries no time, so use HTTPS.
 * - **Id**: the SHA-256 of the body, because Daktela sends none. A template without anything that changes (a time, a
 *   status) makes equal bodies of two edits, and the second counts as a repetition: add `{{time}}` or the like.
 * - **Attempt**: unknown.
 *
 * `data.entityId` of every event is *Daktela's* name of the record. A trap for synchronisations: `contact_update` and
 * `account_update` carry Daktela's names as well, not the ids of your CRM, so looking those up in the CRM finds
 * nothing. Fetch the contact from Daktela first and read the CRM's id from it.
 *
 * Source: the automation settings of Daktela V6, and https://github.com/Daktela/daktela-v6-crm-sync-sdk (`docs/06-webhooks.md`)
 *
 * @throws {WebhookError} `invalid_secret` for an empty secret, or one that is still a placeholder (`${WEBHOOK_SECRET}`).
 * @example
 * const receiver = createReceiver({ provider: daktela({ secret }) })
 * receiver.on('call.closed', async ({ data }) => syncActivity(data.entityId, data.activityType))
 */
export function daktela<Own extends string = never>(
  options: DaktelaOptions<Own>,
): Provider<DaktelaEvents & { readonly [Type in Own]: DaktelaRecord }> {
  optionsOf('daktela', options, ['secret', 'header', 'types'])
  type Events = DaktelaEvents & { readonly [Type in Own]: DaktelaRecord }
  const types: Readonly<Record<string, DaktelaEventType | Own>> = { ...DAKTELA_EVENTS, ...options.types }
  return createProvider<Events>({
    name: 'daktela',
    verifier: sharedSecret({ header: options.header ?? 'x-webhook-secret', secret: options.secret }),
    eventTypes: [...new Set(Object.values(types))],
    nativeTypes: types,
    parse: request => parseDaktela(request, types) as ParseResult<EventOf<Events>>,
  })
}
