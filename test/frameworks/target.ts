import { createHmac, timingSafeEqual } from 'node:crypto'
import { createProvider, createReceiver, type Receiver, type WebhookRequest } from 'crm-webhooks'
import { type ManualClock, manualClock } from 'crm-webhooks/testing'
import { singleHeader } from '../../src/model/http.ts'
import { recordingLogger } from '../support/acme.ts'

export const MAX_BODY_BYTES = 256 * 1024
export const BODY_TIMEOUT_SECONDS = 5
const SECRET = 'frameworks'

/** A receiver that keeps what reached it. */
export interface Target {
  readonly receiver: Receiver
  readonly clock: ManualClock
  readonly logger: ReturnType<typeof recordingLogger>
  /** Requests with a whole body, authentic or not. */
  readonly requests: WebhookRequest[]
}

export function createTarget(): Target {
  const requests: WebhookRequest[] = []
  const clock = manualClock()
  const logger = recordingLogger()
  const provider = createProvider({
    name: 'acme',
    verifier: {
      verify(request) {
        requests.push(request)
        const expected = Buffer.from(sign(request.body))
        const given = Buffer.from(singleHeader(request.headers, 'x-acme-signature') ?? '')
        return given.length === expected.length && timingSafeEqual(given, expected)
          ? { ok: true }
          : { ok: false, code: 'signature_mismatch', message: 'the signature does not match' }
      },
    },
    parse: () => ({ ok: true, events: [event(String(requests.length))] }),
    challenge: ({ headers, body }) => {
      const status = singleHeader(headers, 'x-echo-status')
      const name = singleHeader(headers, 'x-echo-header')
      if (status === undefined && name === undefined) return undefined
      const echoed = new TextDecoder().decode(body)
      return { status: Number(status ?? 200), headers: name === undefined ? {} : { [name]: echoed }, body: echoed }
    },
  })
  const receiver = createReceiver({
    provider,
    clock,
    logger,
    maxBodyBytes: MAX_BODY_BYTES,
    bodyTimeoutSeconds: BODY_TIMEOUT_SECONDS,
  })
  receiver.on('*', () => 'created')
  return { receiver, clock, logger, requests }
}

export function sign(body: Uint8Array): string {
  return createHmac('sha256', SECRET).update(body).digest('hex')
}

function event(id: string) {
  return {
    id,
    idSource: 'sender',
    type: 'thing.created',
    nativeType: 'thing.created',
    known: true,
    provider: 'acme',
    time: undefined,
    entity: 'thing',
    action: 'created',
    recordId: undefined,
    attempt: 1,
    data: {},
    raw: {},
  } as const
}

/** Lines of a signed request, up to the empty line. */
export function head(
  body: Uint8Array,
  { target = '/hooks/acme', method = 'POST', headers = [] as readonly string[], length = true } = {},
): string {
  return [
    `${method} ${target} HTTP/1.1`,
    'Host: hooks.example.com',
    `X-Acme-Signature: ${sign(body)}`,
    ...(length ? [`Content-Length: ${body.length}`] : []),
    ...headers,
    '',
    '',
  ].join('\r\n')
}
