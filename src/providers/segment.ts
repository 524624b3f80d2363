import type { WebhookRequest } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { refuse, type Verifier } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, path } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link segment}. */
export interface SegmentOptions {
  /** The shared secret of the webhook destination. */
  readonly secret: SecretInput
}

/**
 * Segment, webhook destination, one event a request.
 *
 * Proved by HMAC-SHA1 (hex) over the body in `X-Signature`, without a time. With batching Segment signs only the first
 * event of the list, so anybody could add others: lists are refused. Set the batch size of the destination to 1.
 *
 * `id` is `messageId`. Types: `event.tracked`, `user.identified`, `group.identified`, `page.viewed`, `screen.viewed`,
 * `user.aliased`; the name of a tracked event is `data['event']`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = segment({ secret: process.env.SEGMENT_WEBHOOK_SECRET })
 * receiver.on('user.identified', ({ recordId, data }) => crm.upsert(recordId, data['traits']))
 * @see Segment documentation, "Webhooks (Actions) destination".
 */
export function segment(options: SegmentOptions): Provider<OpenEvents> {
  const { secret } = optionsOf('segment', options, ['secret'])
  return describeProvider<OpenEvents>({
    name: 'segment',
    verifier: singleEvents(hmacSignature({ secret, algorithm: 'sha1', signature: { header: 'x-signature' } })),
    id: path('messageId'),
    type: path('type'),
    canonical: native => TYPES.get(native) ?? `${native}.received`,
    recordId: firstOf(path('userId'), path('anonymousId')),
    time: firstOf(path('timestamp'), path('sentAt')),
  })
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['track', 'event.tracked'],
  ['identify', 'user.identified'],
  ['group', 'group.identified'],
  ['page', 'page.viewed'],
  ['screen', 'screen.viewed'],
  ['alias', 'user.aliased'],
])

function singleEvents(scheme: Verifier): Verifier {
  const isList = ({ body }: WebhookRequest): boolean => body.find(byte => byte > 0x20) === 0x5b
  return {
    ...scheme,
    verify: (request, context) =>
      isList(request)
        ? refuse('unsupported_signature', 'only the first event of a list is signed; set the batch size to 1')
        : scheme.verify(request, context),
  }
}
