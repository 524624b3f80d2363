import type { PresetInput } from '../../../src/presets/preset.ts'

/** Settings that each preset takes, with every credential in them, and the smallest mistake in them. */
export interface PresetSample {
  readonly settings: Readonly<Record<string, unknown>>
  readonly secrets: readonly string[]
  /** The field that a refusal of empty settings must name. */
  readonly firstField: string
  /** Where the target wants the credential. */
  readonly secretIn: 'headers' | 'url' | 'body'
}

const basic = { type: 'basic', username: 'bot@acme.example', password: 'pa55-Wörd-secret' }
const bearer = { type: 'bearer', token: 'tok-en-0123456789' }
const apiKey = { type: 'apiKey', key: 'key-0123456789abcdef' }

const webhook = (url: string): PresetSample => ({
  settings: { url },
  secrets: [url],
  firstField: 'url',
  secretIn: 'url',
})

export const SAMPLES: Readonly<Record<string, PresetSample>> = {
  jira: {
    settings: { site: 'acme', projectKey: 'SUPPORT', auth: basic },
    secrets: [basic.password],
    firstField: 'auth',
    secretIn: 'headers',
  },
  'jira-service-request': {
    settings: { site: 'acme.atlassian.net', serviceDeskId: '10', requestTypeId: '25', auth: basic },
    secrets: [basic.password],
    firstField: 'auth',
    secretIn: 'headers',
  },
  servicenow: {
    settings: { instance: 'acme', auth: apiKey },
    secrets: [apiKey.key],
    firstField: 'instance',
    secretIn: 'headers',
  },
  otrs: {
    settings: {
      url: 'https://help.acme.example/znuny/nph-genericinterface.pl/Webservice/Tickets/Ticket',
      auth: { ...basic, username: 'agent' },
      customerUser: 'unknown@example.com',
    },
    secrets: [basic.password],
    firstField: 'url',
    secretIn: 'body',
  },
  zendesk: {
    settings: { subdomain: 'acme', auth: basic },
    secrets: [basic.password],
    firstField: 'subdomain',
    secretIn: 'headers',
  },
  freshdesk: {
    settings: { domain: 'acme', auth: apiKey, requesterEmail: 'unknown@example.com' },
    secrets: [apiKey.key],
    firstField: 'domain',
    secretIn: 'headers',
  },
  slack: webhook('https://hooks.slack.com/services/T000/B000/abcdefghijkl'),
  teams: webhook(
    'https://abc.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=Ab-c_dEfGhIjK%2B',
  ),
  generic: {
    settings: { url: 'https://api.acme.example/tickets?v=1', auth: bearer },
    secrets: [bearer.token],
    firstField: 'url',
    secretIn: 'headers',
  },
  discord: webhook('https://discord.com/api/webhooks/123456/abcdefghijkl-TOKEN'),
  mattermost: webhook('https://chat.acme.example/hooks/abcdefghijkl'),
  pagerduty: { settings: { auth: apiKey }, secrets: [apiKey.key], firstField: 'auth', secretIn: 'body' },
  'hubspot-ticket': { settings: { auth: bearer }, secrets: [bearer.token], firstField: 'auth', secretIn: 'headers' },
  telegram: {
    settings: { auth: { type: 'bearer', token: '123456:ABCdef-ghi_JKL' }, chatId: '-1001234567890' },
    secrets: ['123456:ABCdef-ghi_JKL'],
    firstField: 'auth',
    secretIn: 'url',
  },
  'google-chat': webhook('https://chat.googleapis.com/v1/spaces/AAAA/messages?key=abcdef&token=ghijkl-mnop'),
}

/** A case with everything in it, in the flat names. */
export const FLAT_CASE = {
  case_id: 'TKT-2025-00001',
  subject: 'Printer on fire',
  description: 'Line one\nLine two\n\nThird',
  category: 'Hardware',
  priority: 'high',
  customer_name: 'Jane Müller',
  customer_phone: '+49 30 123456',
  customer_email: 'jane@example.com',
  created_at: '2025-01-04T10:00:00+00:00',
  call_recording_url: 'https://files.example.com/rec/1.mp3?sig=a&b=c',
}

/** The same case in the dotted names. */
export const DOTTED_CASE = {
  ticket: { reference: 'TKT-2025-00001' },
  case: {
    subject: 'Printer on fire',
    description: 'Line one\nLine two\n\nThird',
    category: 'Hardware',
    priority: 'high',
    created_at: '2025-01-04T10:00:00+00:00',
  },
  customer: { name: 'Jane Müller', phone: '+49 30 123456', email: 'jane@example.com' },
  enrichment: { audio_url: 'https://files.example.com/rec/1.mp3?sig=a&b=c' },
}

export function inputOf(data: unknown, deliveryId = 'dlv_0123456789abcdef', attempt = 1): PresetInput {
  return {
    event: { id: 'evt_1', type: 'service_case.created', timestamp: '2025-01-04T10:00:00.000Z', data },
    deliveryId,
    attempt,
  }
}
