import { utf8 } from '../bytes/encoding.ts'
import { sha256Hex } from '../bytes/hash.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, type Lookup, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'
import { checks, recordIdOf } from './whatscrm/schemas.ts'
import type { WhatscrmEvents } from './whatscrm/types.ts'

export type * from './whatscrm/types.ts'

/** Options of {@link whatscrm}. */
export interface WhatscrmOptions {
  /** The webhook's secret, as shown when it is created and by `GET /api/v1/webhooks/:id`. */
  readonly secret: SecretInput
}

const types = {
  'message.new': 'message.new',
  'message.sent': 'message.sent',
  'message.delivered': 'message.delivered',
  'message.read': 'message.read',
  'message.failed': 'message.failed',
  'conversation.created': 'conversation.created',
  'conversation.updated': 'conversation.updated',
  'conversation.assigned': 'conversation.assigned',
  'conversation.resolved': 'conversation.resolved',
  'conversation.closed': 'conversation.closed',
  'contact.created': 'contact.created',
  'contact.updated': 'contact.updated',
  'campaign.started': 'campaign.started',
  'campaign.completed': 'campaign.completed',
  'campaign.failed': 'campaign.failed',
  'flow.started': 'flow.started',
  'flow.completed': 'flow.completed',
  'flow.failed': 'flow.failed',
  'automation.triggered': 'automation.triggered',
  'automation.completed': 'automation.completed',
  'template.approved': 'template.approved',
  'template.rejected': 'template.rejected',
} as const satisfies { readonly [Type in keyof WhatscrmEvents]: Type }

/**
 * WhatsCRM: WhatsApp conversations, contacts, campaigns, flows. Its names are `entity.action` already and are kept
 * as they are (`message.new`). A test delivery looks like any other event of its type, with data of its own.
 *
 * Proof: `X-Webhook-Signature: sha256=<hex>`, an HMAC-SHA256 over the raw body. A webhook without a secret is not
 * signed, and is refused.
 *
 * It sends no id and no attempt, and dates every try anew, so that even the body differs from try to try. `id` is
 * therefore the type with the SHA-256 of `data`, which stays the same. WhatsCRM waits 30 seconds unless told otherwise,
 * and repeats after 2, 4, 8 … seconds whatever the error was.
 *
 * Source: WhatsCRM's "Webhooks Quick Start Guide".
 *
 * @throws {WebhookError} `invalid_secret` for a missing or empty secret.
 * @example
 * const receiver = createReceiver({ provider: whatscrm({ secret }) })
 * receiver.on('message.new', ({ data }) => inbox.add(data.conversationId, data.content))
 */
export function whatscrm(options: WhatscrmOptions): Provider<WhatscrmEvents> {
  optionsOf('whatscrm', options, ['secret'])
  return describeProvider<WhatscrmEvents>({
    name: 'whatscrm',
    verifier: hmacSignature({
      secret: requireSecrets('secret', options.secret),
      signature: { header: 'x-webhook-signature', prefix: 'sha256=' },
    }),
    type: path('event'),
    types,
    id: dataDigest,
    idSource: 'digest',
    time: path('timestamp'),
    recordId: recordIdOf,
    data: body => valueAt(body, 'data'),
    checks,
    timeoutSeconds: 27,
  })
}

const dataDigest: Lookup = ({ body }) => {
  const [event, data] = [valueAt(body, 'event'), valueAt(body, 'data')]
  return data === undefined ? undefined : `${String(event)}:${sha256Hex(utf8(JSON.stringify(data)))}`
}
