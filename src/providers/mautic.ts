import { isJsonObject } from '../bytes/json.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link mautic}. */
export interface MauticOptions {
  /** The secret of the webhook. */
  readonly secret: SecretInput
}

/** One event, with the name that Mautic files it under. */
export interface MauticEvent {
  /** `mautic.lead_post_save_new` */
  readonly trigger: string
  readonly event: unknown
}

/** Types are as many as Mautic and its plug-ins have triggers. */
export type MauticEvents = Readonly<Record<string, MauticEvent>>

/**
 * Mautic: contacts, companies, e-mails, forms, pages.
 *
 * Proved by HMAC-SHA256 (base64) over the body in `Webhook-Signature`, without a time. Mautic collects events by trigger
 * and sends them together; each becomes an event. There is no id: the SHA-256 of the body and the place of the event
 * are used. Types: `contact.created`, `contact.updated`, `contact.deleted`, `form.submitted`, `email.opened` and so on.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = mautic({ secret: process.env.MAUTIC_WEBHOOK_SECRET })
 * receiver.on('contact.created', ({ recordId, data }) => crm.addLead(recordId, data.event))
 * @see Mautic documentation, "Webhooks".
 */
export function mautic(options: MauticOptions): Provider<MauticEvents> {
  const { secret } = optionsOf('mautic', options, ['secret'])
  return describeProvider<MauticEvents>({
    name: 'mautic',
    verifier: hmacSignature({ secret, signature: { header: 'webhook-signature' }, encoding: 'base64' }),
    split: splitTriggers,
    type: path('trigger'),
    canonical: native =>
      TYPES.get(native) ??
      native
        .toLowerCase()
        .replace(/^mautic\./, '')
        .replace(/[^a-z0-9_.]+/g, '_'),
    recordId: firstOf(
      path('event.contact.id'),
      path('event.lead.id'),
      path('event.company.id'),
      path('event.submission.lead.id'),
      path('event.hit.lead.id'),
      path('event.stat.lead.id'),
      path('event.id'),
    ),
    time: path('event.timestamp'),
  })
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['mautic.lead_post_save_new', 'contact.created'],
  ['mautic.lead_post_save_update', 'contact.updated'],
  ['mautic.lead_post_delete', 'contact.deleted'],
  ['mautic.lead_points_change', 'contact.points_changed'],
  ['mautic.lead_channel_subscription_changed', 'contact.subscription_changed'],
  ['mautic.lead_company_change', 'contact.company_changed'],
  ['mautic.company_post_save', 'company.saved'],
  ['mautic.company_post_delete', 'company.deleted'],
  ['mautic.email_on_send', 'email.sent'],
  ['mautic.email_on_open', 'email.opened'],
  ['mautic.form_on_submit', 'form.submitted'],
  ['mautic.page_on_hit', 'page.visited'],
  ['mautic.sms_on_send', 'sms.sent'],
])

function splitTriggers(body: unknown): readonly MauticEvent[] | undefined {
  if (!isJsonObject(body)) return undefined
  const events: MauticEvent[] = []
  for (const [trigger, list] of Object.entries(body)) {
    if (!trigger.startsWith('mautic.')) continue
    for (const event of Array.isArray(list) ? (list as readonly unknown[]) : [list]) events.push({ trigger, event })
  }
  return events.length === 0 ? undefined : events
}
