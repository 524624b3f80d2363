import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attempt } from '../../../src/model/delivery.ts'
import {
  type ExportFormat,
  exportAttempts,
  MASK,
  maskBody,
  maskHeaders,
  maskUrl,
} from '../../../src/storage/exchange-log/index.ts'

function attempt(more: Partial<Attempt> = {}): Attempt {
  return {
    id: 'att_1',
    direction: 'outbound',
    deliveryId: 'evt_1_0',
    eventId: 'evt_1',
    eventType: 'lead.created',
    tenant: undefined,
    subject: 'case-7',
    endpointId: 'ep_1',
    number: 2,
    startedAtMs: Date.UTC(2026, 0, 5, 9, 30),
    durationMs: 120,
    outcome: 'succeeded',
    method: 'POST',
    url: 'https://a.example.com/hook?x=1',
    requestHeaders: { 'content-type': 'application/json', 'content-length': '7', 'x-empty': '' },
    requestBody: '{"n":12345678901234567890}',
    status: 200,
    responseHeaders: { server: 'x' },
    responseBody: 'fine',
    errorCode: undefined,
    errorMessage: undefined,
    externalId: undefined,
    isTest: false,
    ...more,
  }
}

async function written(attempts: readonly Attempt[], format: ExportFormat): Promise<string> {
  let text = ''
  for await (const piece of exportAttempts(attempts, format)) text += piece
  return text
}

/** RFC 4180, as a reader that knows nothing of the writer takes it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i)
    if (quoted) {
      if (character !== '"') field += character
      else if (text[i + 1] === '"') field += text[++i]
      else quoted = false
    } else if (character === '"' && field === '') quoted = true
    else if (character === ',') {
      row.push(field)
      field = ''
    } else if (character === '\r' && text[i + 1] === '\n') {
      rows.push([...row, field])
      row = []
      field = ''
      i++
    } else field += character
  }
  return rows
}

/** The words that a shell makes of a command. */
function shellWords(command: string): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`
  const { stdout, status, stderr } = spawnSync('sh', ['-s'], { input: script, encoding: 'utf8' })
  if (status !== 0 || stderr !== '') throw new Error(stderr)
  return stdout.split('\0').slice(0, -1)
}

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'\'"\\$`!,;\n\r\t =+-@#&|<>(){}[]*?~%'),
    fc.string({ unit: 'binary', maxLength: 1 }),
  ),
})

describe('NDJSON', () => {
  it('has an attempt as it is stored on each line', async () => {
    const attempts = [attempt(), attempt({ id: 'att_2', requestBody: 'a\nb', status: undefined })]
    const lines = (await written(attempts, 'ndjson')).split('\n')
    expect(lines.pop()).toBe('')
    expect(lines.map(line => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(attempts)))
    expect(await written([], 'ndjson')).toBe('')
  })
})

describe('JSON', () => {
  it('has request, response and metadata, and long numbers as they were', async () => {
    const out = await written(
      [attempt({ errorCode: 'http_status' }), attempt({ id: 'att_2', requestBody: 'a"\nb', status: undefined })],
      'json',
    )
    expect(out).toContain('"body":{"n":12345678901234567890}')
    const [first, second] = JSON.parse(out) as Array<Record<string, unknown>>
    expect(first).toMatchObject({
      id: 'att_1',
      timestamp: '2026-01-05T09:30:00.000Z',
      direction: 'outbound',
      request: { method: 'POST', url: 'https://a.example.com/hook?x=1', headers: { 'content-length': '7' } },
      response: { status_code: 200, body: 'fine', latency_ms: 120 },
      metadata: {
        attempt: 2,
        is_test: false,
        is_successful: true,
        error_class: 'http_status',
        error_message: null,
        correlation_id: 'evt_1_0',
      },
    })
    expect(second).toMatchObject({ request: { body: 'a"\nb' }, response: { status_code: null } })
    expect(JSON.parse(await written([], 'json'))).toEqual([])
  })
})

describe('CSV', () => {
  it('has one header, and a row for each attempt', async () => {
    const rows = parseCsv(await written([attempt(), attempt({ id: 'att_2' })], 'csv'))
    expect(rows.map(([id]) => id)).toEqual(['id', 'att_1', 'att_2'])
    expect(new Set(rows.map(row => row.length)).size).toBe(1)
    expect(parseCsv(await written([], 'csv'))).toHaveLength(1)
  })

  it('reads back as it was, but for an apostrophe before a formula', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, text, async (requestBody, responseBody, errorMessage) => {
        const rows = parseCsv(await written([attempt({ requestBody, responseBody, errorMessage })], 'csv'))
        expect(rows).toHaveLength(2)
        const cell = (name: string): string => rows[1]?.[rows[0]?.indexOf(name) ?? -1] ?? ''
        const guarded = (value: string): string => (/^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value)
        expect([cell('request_body'), cell('response_body'), cell('error_message')]).toEqual(
          [requestBody, responseBody, errorMessage].map(guarded),
        )
      }),
      { numRuns: 300 },
    )
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])('makes no formula of %j', async value => {
    const rows = parseCsv(await written([attempt({ subject: value })], 'csv'))
    expect(rows[1]?.[rows[0]?.indexOf('subject') ?? -1]).toBe(`'${value}`)
  })
})

describe('curl', () => {
  it('is the request, for a shell', async () => {
    expect(shellWords(await written([attempt()], 'curl'))).toEqual([
      '--globoff',
      '--request',
      'POST',
      '--url',
      'https://a.example.com/hook?x=1',
      '--header',
      'content-type: application/json',
      '--header',
      'x-empty;',
      '--data-raw',
      '{"n":12345678901234567890}',
    ])
  })

  it('leaves out what is masked, and says so', async () => {
    const headers = { authorization: `Bearer ${MASK}`, 'x-a': 'b', 'bad name\n$(touch x)': 'c' }
    const out = await written([attempt({ requestHeaders: headers, url: `https://a.example.com/?key=${MASK}` })], 'curl')
    expect(shellWords(out).filter(word => word.includes(MASK))).toEqual([`https://a.example.com/?key=${MASK}`])
    expect(shellWords(out).filter(word => word.includes(': '))).toEqual(['x-a: b'])
    expect(out).toContain('# masked and left out: authorization\n')
    expect(out).toContain('# the URL is masked\n')
    expect(out.split('\n').filter(line => line.includes('touch'))).toEqual([expect.stringMatching(/^# not a header/)])
  })

  it('says when headers and body were not kept', async () => {
    const kept = { requestHeaders: {}, requestBody: '' }
    expect(await written([attempt({ ...kept, outcome: 'succeeded' })], 'curl')).toContain(
      '# headers and body were not kept',
    )
    expect(await written([attempt({ ...kept, outcome: 'failed' })], 'curl')).not.toContain('not kept')
  })

  it('means the same to a shell, whatever it holds, and runs nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(text, text, text, async (body, value, id) => {
        const requestBody = body.replaceAll('\0', '')
        const out = await written(
          [attempt({ id, requestBody, requestHeaders: { 'x-v': value.replace(/\p{Cc}/gu, '') } })],
          'curl',
        )
        const words = shellWords(out)
        expect(words[words.indexOf('--data-raw') + 1] ?? '').toBe(requestBody === '' ? '--globoff' : requestBody)
        const header = value
          .replace(/[\p{Cc}]/gu, '')
          .replace(/[\u2028\u2029]/g, x => (x === '\u2028' ? '\\u2028' : '\\u2029'))
        expect(words).toContain(header === '' ? 'x-v;' : `x-v: ${header}`)
      }),
      { numRuns: 100 },
    )
  })
})

describe('canaries', () => {
  it('survive in no export', async () => {
    const canary = 'canary-7f3a'
    const headers = {
      authorization: `Bearer ${canary}`,
      cookie: `sid=${canary}`,
      'x-api-key': canary,
      'x-webhook-signature': canary,
      'x-hub-signature-256': canary,
      'x-preset': canary,
    }
    const body = { user: 'ann', password: canary, deep: [{ auth: { token: canary } }], settings: { pin: canary } }
    const made = attempt({
      url: maskUrl(`https://u:${canary}@hooks.slack.com/services/${canary}?token=${canary}#${canary}`),
      requestHeaders: maskHeaders(headers, ['x-preset']),
      requestBody: maskBody(JSON.stringify(body), 'application/json', { paths: ['settings.pin'] }),
      responseHeaders: maskHeaders({ 'set-cookie': [canary] }),
      responseBody: maskBody(`access_token=${canary}&ok=1`, 'application/x-www-form-urlencoded'),
    })
    for (const format of ['ndjson', 'csv', 'json', 'curl'] as const) {
      const out = await written([made], format)
      expect(out).not.toContain(canary)
      expect(out).toContain('ann')
    }
  })
})
