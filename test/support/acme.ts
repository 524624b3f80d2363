import { createProvider, type Logger, type Provider, type RecordChange, type WebhookRequest } from 'crm-webhooks'
import { parseJson } from '../../src/bytes/json.ts'
import type { ReceivedEvent } from '../../src/model/event.ts'
import { singleHeader } from '../../src/model/http.ts'

export interface Deal {
  id: number
  stage: string
}

export type AcmeEvents = {
  'deal.updated': RecordChange<Deal>
  'deal.created': RecordChange<Deal>
  'call.closed': { seconds: number }
  'question.asked': { text: string }
}

const TYPES = ['deal.updated', 'deal.created', 'call.closed', 'question.asked'] as const

/** A made-up sender: the proof is the header `x-acme: yes`, the body `{ id, type, data }` or a list of those. */
export function acme(more: Partial<Provider<AcmeEvents>> = {}): Provider<AcmeEvents> {
  const base = createProvider<AcmeEvents>({
    name: 'acme',
    eventTypes: TYPES,
    nativeTypes: { call_close: 'call.closed' },
    timeoutSeconds: 9,
    verifier: {
      verify: ({ headers }) =>
        singleHeader(headers, 'x-acme') === 'yes'
          ? { ok: true }
          : { ok: false, code: 'signature_mismatch', message: 'the signature does not match' },
    },
    parse: request => {
      const json = parseJson(request.body)
      if (!json.ok) return { ok: false, code: 'malformed_body', message: json.message }
      const items = Array.isArray(json.value) ? json.value : [json.value]
      return { ok: true, events: items.map(toEvent) as never }
    },
  })
  return { ...base, ...more }
}

function toEvent(item: {
  id: string
  type: string
  data: unknown
  idSource?: 'digest'
  reply?: boolean
}): ReceivedEvent {
  const [entity = '', action = ''] = item.type.split('.')
  return {
    id: item.id,
    idSource: item.idSource ?? 'sender',
    type: item.type,
    nativeType: item.type,
    known: (TYPES as readonly string[]).includes(item.type),
    provider: 'acme',
    time: undefined,
    entity,
    action,
    recordId: `rec-${item.id}`,
    attempt: 1,
    data: item.data,
    raw: item,
    ...(item.reply && { expectsReply: true }),
  }
}

/** A request of the made-up sender. */
export function acmeRequest(body: unknown, more: Partial<WebhookRequest> = {}): WebhookRequest {
  return {
    method: 'POST',
    url: 'https://hooks.example.com/acme',
    headers: { 'x-acme': 'yes', 'content-type': 'application/json' },
    body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    ...more,
  }
}

export const dealUpdated = (id: string): unknown => ({
  id,
  type: 'deal.updated',
  data: {
    current: { id: 1, stage: 'won' },
    previous: { id: 1, stage: 'open' },
    changes: { stage: { from: 'open', to: 'won' } },
    bulk: false,
    changeSource: 'app',
  },
})

/** Collects log lines. */
export function recordingLogger(): Logger & { readonly lines: { level: string; message: string; fields: unknown }[] } {
  const lines: { level: string; message: string; fields: unknown }[] = []
  const at = (level: string) => (message: string, fields?: unknown) => void lines.push({ level, message, fields })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
