import { describe, expect, it } from 'vitest'
import { discord } from '../../src/presets/discord.ts'
import { generic } from '../../src/presets/generic.ts'
import { googleChat } from '../../src/presets/google-chat.ts'
import { mattermost } from '../../src/presets/mattermost.ts'
import type { PresetOutcome } from '../../src/presets/preset.ts'
import { slack } from '../../src/presets/slack.ts'
import { teams } from '../../src/presets/teams.ts'
import { telegram } from '../../src/presets/telegram.ts'
import { settingsOf } from './support/presets.ts'
import { outcomeOf, refusalOf, requestOf } from './support/read.ts'
import { FLAT_CASE, inputOf, SAMPLES } from './support/samples.ts'
import { startTargetServer } from './support/target-server.ts'
import { TARGETS } from './support/targets.ts'

describe('slack', () => {
  const api = { url: undefined, channel: '#support', auth: { type: 'bearer', token: 'tok-en-0123456789' } }

  it('builds blocks in which values stay text', () => {
    const data = { subject: 'A & <!channel>', description: '<https://e|x> *b*', customer_name: '<@U1>' }
    expect(requestOf(slack(), {}, data).body).toEqual({
      text: 'A &amp; &lt;!channel&gt;',
      blocks: [
        { type: 'header', text: { type: 'plain_text', text: 'A & <!channel>', emoji: false } },
        { type: 'section', text: { type: 'mrkdwn', text: '&lt;https://e|x&gt; *b*', verbatim: true } },
        { type: 'section', fields: [{ type: 'mrkdwn', text: '*Customer:*\n&lt;@U1&gt;', verbatim: true }] },
      ],
    })
  })
  it('cuts with an ellipsis, never inside an escape', () => {
    const { blocks } = requestOf(slack(), {}, { subject: 's', description: '&'.repeat(5000) }).body as {
      blocks: readonly [unknown, { text: { text: string } }]
    }
    expect(blocks[1].text.text).toBe(`${'&amp;'.repeat(599)}…`)
  })
  it('shows priorities in words of your own and takes templates', () => {
    const preset = slack({ priorities: { high: ':fire: high' } })
    expect(JSON.stringify(requestOf(preset).body)).toContain(':fire: high')
    const fields = { text: 'New *{{subject}}*', blocks: null }
    expect(requestOf(slack(), { fields }, { subject: '<x>' }).body).toEqual({ text: 'New *&lt;x&gt;*' })
  })
  it('posts through the API with a channel and a token', async () => {
    const server = await startTargetServer()
    const preset = slack()
    const send = async (more: object): Promise<PresetOutcome> => {
      const settings = settingsOf(preset, { ...api, ...more })
      const target = TARGETS['slack-api']
      if (target === undefined) throw new Error('no target')
      return preset.outcome(await server.send(preset.request(inputOf(FLAT_CASE), settings), target), settings)
    }
    expect(await send({})).toEqual({ ok: true, externalId: '1736000000.000100' })
    expect(await send({ auth: { type: 'bearer', token: 'wrong-token' } })).toEqual({
      ok: false,
      message: 'Slack: invalid_auth',
      retry: false,
    })
    await server.close()
  })
  it.each([
    ['ratelimited', true],
    ['internal_error', true],
    ['channel_not_found', false],
    ['is_archived', false],
  ])('reads %s in a 200 of the API', (error, retry) => {
    expect(outcomeOf(slack(), 200, { ok: false, error }, api)).toEqual({ ok: false, message: `Slack: ${error}`, retry })
  })
  it('reads answers of the webhook', () => {
    expect(outcomeOf(slack(), 200, 'ok')).toEqual({ ok: true })
    expect(outcomeOf(slack(), 200, '{"ok":true}')).toEqual({ ok: true })
    expect(outcomeOf(slack(), 200, '<html>')).toMatchObject({ ok: false, retry: false })
    expect(outcomeOf(slack(), 404, 'no_service')).toEqual({ ok: false, message: 'HTTP 404: no_service' })
  })
  it('wants either a webhook or a channel', () => {
    expect(refusalOf(slack(), { channel: '#x' })).toMatch(/^auth is missing/)
    expect(refusalOf(slack(), { ...api, url: 'https://hooks.slack.com/services/a' })).toMatch(/^url excludes/)
    for (const url of [
      'https://hooks.slack.com.evil.example/x',
      'http://hooks.slack.com/x',
      'https://u:p@hooks.slack.com/',
    ]) {
      expect(refusalOf(slack(), { url })).toMatch(/^url must/)
    }
  })
})

describe('teams', () => {
  it('builds a card whose text cannot hold links, and sends the URL as it is', () => {
    const { url, body } = requestOf(teams(), {}, { subject: '[x](https://e)', description: 'a\nb **c**' })
    expect(url).toBe(SAMPLES.teams?.settings.url)
    expect(JSON.stringify(body)).toContain(JSON.stringify('\\[x\\](https://e)'))
    expect(JSON.stringify(body)).toContain(JSON.stringify('a\n\nb \\*\\*c\\*\\*'))
  })
  it('refuses what Microsoft switched off', () => {
    expect(refusalOf(teams(), { url: 'https://acme.webhook.office.com/webhookb2/1' })).toContain('create a workflow')
    expect(refusalOf(teams(), { url: 'http://x.example/' })).toContain('https://')
  })
  it('reads answers', () => {
    expect(outcomeOf(teams(), 202, '')).toEqual({ ok: true })
    expect(outcomeOf(teams(), 200, { error: { code: 'X', message: 'Y' } })).toMatchObject({ ok: false, retry: false })
    expect(outcomeOf(teams(), 404, { error: { code: 'WorkflowNotFound', message: 'Gone' } })).toEqual({
      ok: false,
      message: 'HTTP 404: WorkflowNotFound: Gone',
    })
  })
})

describe('discord', () => {
  it('mentions nobody and waits for the id', () => {
    expect(requestOf(discord()).body).toMatchObject({ allowed_mentions: { parse: [] } })
    const url = 'https://discord.com/api/webhooks/1/t?thread_id=5'
    expect(requestOf(discord(), { url }).url).toBe(`${url}&wait=true`)
  })
  it('reads answers, the waiting time in the body too', () => {
    expect(outcomeOf(discord(), 204, '')).toEqual({ ok: true })
    expect(outcomeOf(discord(), 200, { id: '99' })).toEqual({ ok: true, externalId: '99' })
    expect(outcomeOf(discord(), 429, { message: 'You are being rate limited.', retry_after: 64.57 })).toEqual({
      ok: false,
      message: 'HTTP 429: You are being rate limited.',
      retryAfterSeconds: 65,
    })
  })
})

describe('mattermost', () => {
  it('keeps Markdown and mentions text', () => {
    expect(requestOf(mattermost(), {}, { subject: '@all [x](y)', description: '~a~' }).body).toEqual({
      text: '**@\u200ball \\[x\\](y)**\n\n\\~a\\~',
    })
  })
  it('reads answers', () => {
    expect(outcomeOf(mattermost(), 200, 'ok')).toEqual({ ok: true })
    expect(outcomeOf(mattermost(), 200, '<html>')).toMatchObject({ ok: false, retry: false })
    expect(outcomeOf(mattermost(), 400, { id: 'x', message: 'Unable to parse', status_code: 400 })).toEqual({
      ok: false,
      message: 'HTTP 400: Unable to parse',
    })
  })
})

describe('telegram', () => {
  it('sends plain text to a chat', () => {
    expect(requestOf(telegram(), {}, { subject: '<b>*x*_' }).body).toMatchObject({
      chat_id: -1001234567890,
      text: '<b>*x*_',
    })
    expect(requestOf(telegram(), { chatId: '@support' }).body).toMatchObject({ chat_id: '@support' })
    expect(refusalOf(telegram(), { ...SAMPLES.telegram?.settings, auth: { type: 'bearer', token: 'x/../y' } })).toMatch(
      /^auth\.token/,
    )
  })
  it('reads answers', () => {
    expect(outcomeOf(telegram(), 200, { ok: true, result: { message_id: 42 } })).toEqual({ ok: true, externalId: '42' })
    const limited = { ok: false, error_code: 429, description: 'Too Many Requests', parameters: { retry_after: 9 } }
    expect(outcomeOf(telegram(), 429, limited)).toEqual({
      ok: false,
      message: 'HTTP 429: Too Many Requests',
      retryAfterSeconds: 9,
    })
  })
})

describe('google-chat', () => {
  it('carries the delivery id, and its values cannot mention', () => {
    const { url, body } = requestOf(
      googleChat(),
      { fields: { thread: { threadKey: '{{case_id}}' } } },
      { subject: '<users/all>', case_id: 'c' },
    )
    expect(url).toMatch(/&requestId=dlv_0123456789abcdef$/)
    expect(body).toMatchObject({ text: '<\u200busers/all>\n\nReference: c', thread: { threadKey: 'c' } })
    expect(refusalOf(googleChat(), { url: 'https://chat.googleapis.com/v1/spaces/A/messages' })).toContain(
      'key and token',
    )
  })
  it('reads answers', () => {
    expect(outcomeOf(googleChat(), 200, { name: 'spaces/A/messages/B' })).toEqual({
      ok: true,
      externalId: 'spaces/A/messages/B',
    })
    expect(outcomeOf(googleChat(), 403, { error: { code: 403, message: 'Denied' } })).toEqual({
      ok: false,
      message: 'HTTP 403: Denied',
    })
  })
})

describe('generic', () => {
  it('has neutral names by default, and the data where there is no case', () => {
    expect(requestOf(generic()).body).toMatchObject({
      event: 'service_case.created',
      reference: 'TKT-2025-00001',
      ticket: { subject: 'Printer on fire', priority: 'high', created_at: '2025-01-04T10:00:00+00:00' },
      customer: { name: 'Jane Müller' },
      enrichment: { audio_url: FLAT_CASE.call_recording_url },
    })
    expect(requestOf(generic()).body).not.toHaveProperty('data')
    expect(requestOf(generic(), {}, { nom: 'Dupont' }).body).toMatchObject({ data: { nom: 'Dupont' } })
  })
  it('renders a template as text or as a value', () => {
    const template = '{"ticket": {"title": "{{subject}}", "body": "{{ case.description }}", "id": "{{event.id}}"}}'
    const body = { ticket: { title: 'a "b"', body: 'x\ny', id: 'evt_1' } }
    const data = { subject: 'a "b"', description: 'x\ny' }
    expect(requestOf(generic(), { template }, data).body).toEqual(body)
    expect(requestOf(generic(), { template: JSON.parse(template) as unknown }, data).body).toEqual(body)
    expect(refusalOf(generic(), { url: 'https://a.example', template: '{"p": {{priority}}}' })).toMatch(
      /line 1, column 8/,
    )
  })
  it('sends headers, filled in, and credentials where they belong', () => {
    const auth = { type: 'apiKey', key: 'k3y-abcdef' }
    const { headers, confidential, method } = requestOf(
      generic(),
      { method: 'PUT', headers: { 'X-Ref': 'r {{case_id}} é', 'X-My-Token': 'abc' }, auth, apiKeyHeader: 'X-Key' },
      { case_id: 'a\r\nX-Evil: 1' },
    )
    expect(method).toBe('PUT')
    expect(headers).toMatchObject({ 'x-ref': 'r a X-Evil: 1 ?', 'x-my-token': 'abc', 'x-key': 'k3y-abcdef' })
    expect(confidential.headers).toEqual(['x-my-token', 'x-key'])
    const refused = (bad: object): string => refusalOf(generic(), { url: 'https://a.example', ...bad })
    expect(refused({ headers: { 'bad name': 'x' } })).toMatch(/^headers/)
    expect(refused({ headers: { Authorization: 'x' } })).toContain('auth')
    expect(refused({ auth: { type: 'hmac' } })).toBe('auth.type must be one of basic, bearer, apiKey')
    expect(refused({ auth: { type: 'bearer', token: '$TOKEN' } })).toMatch(/^auth\.token .*placeholder/)
    expect(refused({ auth: { type: 'bearer', token: 'a\nb' } })).toMatch(/^auth\.token/)
  })
  it('reads ids and errors in the usual places, or where it is told', () => {
    expect(outcomeOf(generic(), 201, { result: { number: 'INC1' } })).toEqual({ ok: true, externalId: 'INC1' })
    expect(outcomeOf(generic(), 201, { a: { b: 5 } }, { idPath: 'a.b' })).toEqual({ ok: true, externalId: '5' })
    expect(outcomeOf(generic(), 400, { why: { text: 'bad' } }, { errorPath: 'why.text' })).toEqual({
      ok: false,
      message: 'HTTP 400: bad',
    })
    expect(outcomeOf(generic(), 200, { error: 'Invalid HMAC signature', status: 401 })).toEqual({
      ok: false,
      message: 'HTTP 200 with an error: Invalid HMAC signature',
      retry: false,
    })
    expect(outcomeOf(generic(), 200, { success: false, message: 'later', status: 503 })).toMatchObject({ retry: true })
    expect(outcomeOf(generic(), 200, { error: 'x' }, { checkBody: false })).toEqual({ ok: true })
  })
  it('takes the statuses that the endpoint lists', () => {
    const listed = { successStatuses: [201, 304] }
    expect(outcomeOf(generic(), 201, '', listed)).toEqual({ ok: true })
    expect(outcomeOf(generic(), 304, '', listed)).toEqual({ ok: true })
    expect(outcomeOf(generic(), 200, '', listed)).toMatchObject({ ok: false, retry: false })
    expect(outcomeOf(generic(), 500, '', listed)).toEqual({ ok: false, message: 'HTTP 500' })
  })
})
