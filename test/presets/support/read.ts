import type { Preset, PresetOutcome, PresetRequest } from '../../../src/presets/preset.ts'
import { settingsOf } from './presets.ts'
import { FLAT_CASE, inputOf, SAMPLES } from './samples.ts'

/** The request for a case, with the sample settings and more. */
export function requestOf<S>(preset: Preset<S>, more: object = {}, data: unknown = FLAT_CASE): PresetRequest {
  return preset.request(inputOf(data), settingsOf(preset, { ...SAMPLES[preset.name]?.settings, ...more }))
}

export function bodyOf<S>(preset: Preset<S>, more: object = {}, data: unknown = FLAT_CASE): unknown {
  return requestOf(preset, more, data).body
}

/** What an answer means; a body that is no text is sent as JSON. */
export function outcomeOf<S>(preset: Preset<S>, status: number, body: unknown, more: object = {}): PresetOutcome {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return preset.outcome({ status, body: text }, settingsOf(preset, { ...SAMPLES[preset.name]?.settings, ...more }))
}

/** Why settings are refused; `accepted` when they are not. */
export function refusalOf<S>(preset: Preset<S>, settings: object): string {
  const result = preset.settings(settings)
  return result.ok ? 'accepted' : result.message
}
