import { utf8 } from '../bytes/encoding.ts'
import { WebhookError } from '../errors.ts'
import type { Delivery, RenderedBody, StoredEvent } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { encodeBody, type Preset, type PresetRequest } from '../presets/preset.ts'
import { compileTemplate, type Template } from '../templates/template.ts'
import { type WrittenBody, writeEnvelope } from './envelopes.ts'

/** A request but for its signature and the headers that change with every attempt. */
export interface RenderedRequest {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: RenderedBody | WrittenBody
  /** Where credentials stand that the log must not show; `undefined` without a preset. */
  readonly confidential: PresetRequest['confidential'] | undefined
}

/** Presets by name. */
export type PresetTable = ReadonlyMap<string, Preset>

const NO_HEADERS = Object.freeze({})

/** An endpoint's template is compiled once. */
const templates = new WeakMap<Endpoint, Template>()

/**
 * What is sent to an endpoint for an event. With `body` the bytes of an earlier attempt are sent again.
 *
 * @throws what a preset or template throws; the delivery then ends for good. `unsupported` for a preset that this process
 * was not given; another one may have it.
 */
export function renderRequest(
  endpoint: Endpoint,
  event: StoredEvent,
  delivery: Pick<Delivery, 'id' | 'attempts' | 'body'>,
  presets: PresetTable,
): RenderedRequest {
  const { url, method } = endpoint
  if (endpoint.preset !== undefined) return renderPreset(endpoint, event, delivery, presets)
  const body =
    delivery.body ??
    (endpoint.template === undefined ? writeEnvelope(event, endpoint.envelope) : renderTemplate(endpoint, event))
  return { url, method, headers: NO_HEADERS, body, confidential: undefined }
}

function renderPreset(
  endpoint: Endpoint,
  event: StoredEvent,
  delivery: Pick<Delivery, 'id' | 'attempts' | 'body'>,
  presets: PresetTable,
): RenderedRequest {
  const { name = '', settings } = endpoint.preset ?? {}
  const preset = presets.get(name)
  if (preset === undefined) {
    throw new WebhookError('unsupported', `the preset '${name}' is not registered with this sender`)
  }
  const checked = preset.settings(settings)
  if (!checked.ok) throw new Error(`the settings of the preset '${name}' do not fit: ${checked.message}`)
  const input = { event: { ...templateValues(event) }, deliveryId: delivery.id, attempt: delivery.attempts + 1 }
  const request = preset.request(input, checked.value)
  const bytes = delivery.body?.bytes ?? utf8(encodeBody(request))
  return {
    url: request.url,
    method: request.method,
    headers: request.headers,
    body: { bytes, contentType: request.contentType },
    confidential: request.confidential,
  }
}

function renderTemplate(endpoint: Endpoint, event: StoredEvent): RenderedBody {
  let template = templates.get(endpoint)
  if (template === undefined) {
    template = compileTemplate(endpoint.template ?? 'null')
    templates.set(endpoint, template)
  }
  const { id, type, timestamp, data } = templateValues(event)
  const own = typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {}
  const values = { ...own, event: { id, type, timestamp }, data }
  return { bytes: utf8(JSON.stringify(template.render(values))), contentType: 'application/json' }
}

function templateValues({ id, type, timestampMs, data }: StoredEvent): {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: unknown
} {
  return { id, type, timestamp: new Date(timestampMs).toISOString(), data: JSON.parse(data) as unknown }
}
