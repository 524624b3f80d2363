import { unverified } from '../credentials/unverified.ts'
import { WebhookError } from '../errors.ts'
import { singleHeader, type WebhookRequest } from '../model/http.ts'
import { checkOptions } from '../model/known-fields.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import type { Verifier } from '../model/verification.ts'
import { bookingUid, compositeId, eventTime, payloadOf } from './calcom/lookups.ts'
import { checks } from './calcom/schemas.ts'
import { calcomSignature } from './calcom/signature.ts'
import { types } from './calcom/triggers.ts'
import type { CalcomEvents, CalcomTemplateEvents } from './calcom/types.ts'
import { describeProvider, path } from './describe.ts'
import { type FieldSource, lookupOf } from './generic/field-source.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

export type * from './calcom/types.ts'

/** Options of {@link calcom}. */
export interface CalcomOptions {
  /** The secret that you entered in the webhook's settings at Cal.com. */
  readonly secret?: SecretInput
  /**
   * `true` to take requests of a webhook that has no secret. Anybody who knows the URL can then send events. Cannot
   * be combined with `secret`. Default false.
   */
  readonly unverified?: boolean
}

/** A webhook with a custom payload template: the body is what the template makes of it. */
export interface CalcomTemplateOptions extends CalcomOptions {
  readonly template: {
    /**
     * Where the template puts `{{triggerEvent}}`; `{ fixed: 'BOOKING_CREATED' }` when it does not, and the webhook
     * has one trigger only.
     */
    readonly type: FieldSource
    /** Where it puts `{{uid}}`. Default: nowhere, and `recordId` is `undefined`. */
    readonly recordId?: FieldSource
    /** Where it puts `{{createdAt}}`. Default: nowhere, and `time` is `undefined`. */
    readonly time?: FieldSource
  }
}

/**
 * Cal.com: bookings, meetings, forms, recordings, absences.
 *
 * Proof: `X-Cal-Signature-256`, the bare hex HMAC-SHA256 of the body. A webhook without a secret sends the words
 * `no-secret-provided` there and is refused, unless `unverified: true`.
 *
 * Cal.com sends no event id and no attempt: `id` is `trigger:uid:createdAt` (for meetings `trigger:uid:startTime`), or
 * the body's SHA-256 where there is no booking. `recordId` is the booking's uid. Rescheduling makes a new booking:
 * `data.uid` is the new one, `data.rescheduleUid` the one it replaces. A confirmed request is `booking.created`
 * with the status `ACCEPTED`; there is no event of its own for it. The test button sends `ping.received`.
 *
 * Source: cal.com/docs, "Webhooks"; calcom/cal.com, `packages/features/webhooks`.
 *
 * @throws {WebhookError} `invalid_secret` for a missing or empty secret, `invalid_option` for a secret beside
 * `unverified`, or a template whose type cannot be found.
 * @example
 * const receiver = createReceiver({ provider: calcom({ secret }) })
 * receiver.on('booking.created', ({ data }) => crm.addMeeting(data.uid, data.attendees?.[0]?.email))
 * receiver.on('booking.rescheduled', ({ data }) => crm.moveMeeting(data.rescheduleUid, data.uid, data.startTime))
 */
export function calcom(options: CalcomTemplateOptions): Provider<CalcomTemplateEvents>
export function calcom(options: CalcomOptions): Provider<CalcomEvents>
export function calcom(
  options: CalcomOptions | CalcomTemplateOptions,
): Provider<CalcomEvents> | Provider<CalcomTemplateEvents> {
  optionsOf('calcom', options, ['secret', 'unverified', 'template'])
  const verifier = verifierOf(options)
  const template = 'template' in options ? options.template : undefined
  if (template !== undefined) checkOptions(template, ['type', 'recordId', 'time'], 'calcom', 'template')
  if (template === undefined) {
    return describeProvider<CalcomEvents>({
      name: 'calcom',
      verifier,
      type: path('triggerEvent'),
      types,
      id: compositeId,
      idSource: 'composite',
      time: eventTime,
      recordId: bookingUid,
      data: payloadOf,
      checks,
    })
  }
  return describeProvider<CalcomTemplateEvents>({
    name: 'calcom',
    verifier,
    format: formatOf,
    type: lookupOf('template.type', template.type),
    types,
    ...(template.recordId !== undefined && { recordId: lookupOf('template.recordId', template.recordId) }),
    ...(template.time !== undefined && { time: lookupOf('template.time', template.time) }),
  })
}

function verifierOf(options: CalcomOptions): Verifier {
  if (options.unverified !== undefined && typeof options.unverified !== 'boolean') {
    throw new WebhookError('invalid_option', 'calcom: unverified must be true or false', { argument: 'unverified' })
  }
  if (options.unverified !== true) return calcomSignature(requireSecrets('secret', options.secret))
  if (options.secret === undefined) return unverified()
  throw new WebhookError('invalid_option', 'calcom: secret has no effect beside unverified: true. Leave one out', {
    argument: 'unverified',
  })
}

/** A template that is not JSON is sent with the media type of a form. */
function formatOf(request: WebhookRequest): 'json' | 'form' {
  const mediaType = singleHeader(request.headers, 'content-type') ?? ''
  return mediaType.toLowerCase().startsWith('application/x-www-form-urlencoded') ? 'form' : 'json'
}
