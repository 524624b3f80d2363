import { type BasicCredentials, basicAuth } from '../credentials/basic-auth.ts'
import { canonicalType, describeProvider, firstOf, type Lookup, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link postmark}. */
export interface PostmarkOptions {
  /** The user name and password that stand in the webhook's URL or in its settings. */
  readonly basicAuth: BasicCredentials
}

/** The body of a Postmark webhook; an inbound message has no `RecordType`. */
export interface PostmarkNotification {
  readonly RecordType?: string
  readonly MessageID: string
  readonly [field: string]: unknown
}

/**
 * Postmark: outbound events and inbound messages.
 *
 * Not signed: Basic credentials prove the caller only. There is no delivery id: kind, message, recipient and time
 * together name an event once. `SpamComplaint` becomes `message.spam_complaint`; an inbound message is
 * `message.inbound`.
 *
 * @throws {WebhookError} `invalid_secret`; `invalid_option` when the user name is missing.
 * @example const provider = postmark({ basicAuth: { username: 'postmark', password: process.env.POSTMARK_PASSWORD } })
 * @see Postmark developer documentation, "Webhooks overview".
 */
export function postmark(options: PostmarkOptions): Provider<Readonly<Record<string, PostmarkNotification>>> {
  const { basicAuth: credentials } = optionsOf('postmark', options, ['basicAuth'])
  return describeProvider({
    name: 'postmark',
    verifier: basicAuth(credentials),
    id: eventId,
    idSource: 'composite',
    type: nativeType,
    canonical: native => `message.${canonicalType(native)}`,
    recordId: path('MessageID'),
    time,
  })
}

/** Inbound messages are told by what only they have. */
const nativeType: Lookup = input =>
  path('RecordType')(input) ?? (path('FromFull.Email')(input) === undefined ? undefined : 'Inbound')

const time = firstOf(path('DeliveredAt'), path('BouncedAt'), path('ReceivedAt'), path('ChangedAt'), path('Date'))

const eventId: Lookup = input => {
  const [kind, message] = [nativeType(input), path('MessageID')(input)]
  if (kind === undefined || message === undefined) return undefined
  return [kind, message, firstOf(path('Recipient'), path('Email'))(input) ?? '', time(input) ?? ''].join(':')
}
