import { createHmac } from 'node:crypto'

export const SECRET = 'a-shared-secret-of-32-characters'

/** A Pipedrive v2 change of about 1.5 kB; every number makes another event. */
export function sampleBody(number: number): string {
  const id = String(number).padStart(12, '0')
  return JSON.stringify({
    meta: {
      action: 'change',
      company_id: '99',
      correlation_id: '0b6c1e2a-70fb-4d25-9e0d-3fb3f6f2a111',
      entity_id: '4242',
      entity: 'deal',
      id: `5f1c2b3a-86dd-4c0f-8f58-${id}`,
      is_bulk_edit: false,
      timestamp: '2026-11-20T14:03:11.123Z',
      type: 'general',
      user_id: '7701',
      version: '2.0',
      webhook_id: '81234',
      webhook_owner_id: '7701',
      change_source: 'app',
      permitted_user_ids: ['7701', '7702', '7703'],
      attempt: 1,
      host: 'acme.pipedrive.example',
    },
    data: {
      id: 4242,
      title: 'Renewal - Acme fleet 2026',
      creator_user_id: 7701,
      owner_id: 7701,
      value: 125000,
      person_id: 312,
      org_id: 55,
      stage_id: 3,
      pipeline_id: 1,
      currency: 'EUR',
      add_time: '2025-10-01T08:12:44Z',
      update_time: '2026-11-20T14:03:11Z',
      stage_change_time: '2026-11-20T14:03:11Z',
      status: 'open',
      is_deleted: false,
      probability: 60,
      lost_reason: null,
      visible_to: '3',
      close_time: null,
      won_time: null,
      lost_time: null,
      expected_close_date: '2026-12-31',
      label_ids: [14, 15],
      origin: 'ManuallyCreated',
      origin_id: null,
      channel: 5,
      channel_id: null,
      acv: 125000,
      arr: 125000,
      mrr: 10416.6,
      custom_fields: {
        '0c7f2d4e9b1a4c55b0e1aa01b2c3d4e5f6071829': { type: 'varchar', value: 'web' },
        '1d8f2d4e9b1a4c55b0e1aa01b2c3d4e5f6071830': { type: 'enum', id: 17 },
        '2e8f2d4e9b1a4c55b0e1aa01b2c3d4e5f6071831': { type: 'monetary', value: 1200, currency: 'EUR' },
      },
    },
    previous: { stage_id: 2, probability: 40, update_time: '2026-11-18T10:00:00Z' },
  })
}

/** The request on the wire, with the proofs that both receivers take. */
export function sampleRequest(number: number): Buffer {
  const body = sampleBody(number)
  const digest = createHmac('sha256', SECRET).update(body).digest('hex')
  const head = [
    'POST / HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Pipedrive-Signature: ${digest}`,
    `X-Hub-Signature-256: sha256=${digest}`,
    'X-GitHub-Event: push',
    `X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-${String(number).padStart(12, '0')}`,
    'User-Agent: GitHub-Hookshot/1',
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
