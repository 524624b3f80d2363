import { asana } from 'crm-webhooks/providers/asana'
import { dropbox } from 'crm-webhooks/providers/dropbox'
import { microsoftGraph } from 'crm-webhooks/providers/microsoft-graph'
import { monday } from 'crm-webhooks/providers/monday'
import { okta } from 'crm-webhooks/providers/okta'
import { ringcentral } from 'crm-webhooks/providers/ringcentral'
import { xTwitter } from 'crm-webhooks/providers/x-twitter'
import { xero } from 'crm-webhooks/providers/xero'
import { zoom } from 'crm-webhooks/providers/zoom'
import { describe, expect, it, vi } from 'vitest'
import { withHeaders } from '../../src/model/verification.ts'
import { eventsOf, get, NOW, receive, SECRET, signed } from './receiving.ts'
import { request } from './support.ts'

describe('Microsoft Graph', () => {
  const provider = microsoftGraph({ clientState: SECRET })
  const item = { subscriptionId: 's', changeType: 'updated', resource: 'r', clientState: SECRET }

  it('asks for the clientState of every notification', async () => {
    const verdict = async (value: unknown) => (await provider.verify(request({ value }))).ok
    expect(await verdict([item, item])).toBe(true)
    expect(await verdict([item, { ...item, clientState: 'x' }])).toBe(false)
    expect(await verdict([{ ...item, clientState: undefined }, item])).toBe(false)
    expect(await verdict([item, null])).toBe(false)
    expect(await verdict([item, { ...item, clientState: [SECRET] }])).toBe(false)
    expect(await verdict([])).toBe(false)
    expect(await verdict({ 0: item, length: 1 })).toBe(false)
  })

  it('answers notifications with 202, and a validation only without a body', async () => {
    expect(await receive(provider, request({ value: [item] }))).toMatchObject({ status: 202, body: '' })
    const url = '/graph?validationToken=abc'
    expect((await receive(provider, request({ value: [] }, {}, url))).status).toBe(401)
    expect((await receive(provider, { ...request('', {}, url), method: 'PUT' })).status).toBe(405)
    expect((await receive(provider, request('', {}, '/graph?validationToken=a%0D%0Ab'))).status).toBe(401)
    const answer = await receive(provider, request('', {}, '/graph?validationToken=%3Cscript%3E'))
    expect(answer).toMatchObject({ headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' } })
  })

  it('does not take two changes of one record for one', () => {
    const change = (etag: string) => ({
      ...item,
      resourceData: { '@odata.type': '#Microsoft.Graph.Event', '@odata.etag': etag },
    })
    const events = eventsOf(provider, request({ value: [change('1'), change('2')] }))
    expect(new Set(events.map(event => event.id)).size).toBe(2)
    expect(events[0]).toMatchObject({ type: 'event.updated', idSource: 'composite' })
    expect(eventsOf(provider, request({ value: [item] }))[0]).toMatchObject({ idSource: 'digest' })
  })

  it('throws for a clientState that Graph would not take', () => {
    expect(() => microsoftGraph({ clientState: 'x'.repeat(129) })).toThrow('128')
  })
})

describe('Zoom', () => {
  const validation = (plainToken: unknown) => request({ event: 'endpoint.url_validation', payload: { plainToken } })

  it('signs nothing for a stranger', async () => {
    const provider = zoom({ secretToken: SECRET })
    expect((await receive(provider, validation('abc'))).status).toBe(401)
    const stale = await provider.authenticate?.(validation('abc'), { now: NOW - 301_000 })
    expect((await receive(provider, stale ?? validation('abc'))).status).toBe(401)
  })

  it('answers with the secret that the request was signed with', async () => {
    const proved = await signed(zoom({ secretToken: SECRET }), validation('abc'))
    const one = await receive(zoom({ secretToken: SECRET }), proved)
    expect(one.body).toContain('encryptedToken')
    expect((await receive(zoom({ secretToken: ['another-secret', SECRET] }), proved)).body).toBe(one.body)
  })

  it.each(['v0:1767261600:{"event":"meeting.started"}', '', 7, 'x'.repeat(300)])('does not sign %s', async token => {
    const provider = zoom({ secretToken: SECRET })
    const answer = await receive(provider, await signed(provider, validation(token)))
    expect(answer.body).not.toContain('encryptedToken')
  })
})

describe('Asana', () => {
  const handshake = request('', { 'x-hook-secret': 'b537207f20cbfa02357cf448134da559' })

  it('answers the handshake after the secret was stored', async () => {
    const stored: string[] = []
    const provider = asana({ onHandshake: async secret => void stored.push(await Promise.resolve(secret)) })
    const answer = await receive(provider, handshake)
    expect(answer).toMatchObject({ status: 200, headers: { 'x-hook-secret': stored[0] } })
  })

  it('answers no handshake that was not asked for', async () => {
    expect((await receive(asana({ secret: SECRET }), handshake)).status).toBe(401)
    const refusing = await receive(asana({ secret: SECRET, onHandshake: () => false }), handshake)
    expect(refusing).toEqual(await receive(asana({ secret: SECRET }), handshake))
    const failing = asana({ onHandshake: () => Promise.reject(new Error('the database is away')) })
    expect((await receive(failing, handshake)).status).toBe(500)
  })

  it('does not take a signed request for a handshake, nor a text that is no secret', async () => {
    const onHandshake = vi.fn()
    const provider = asana({ onHandshake })
    expect((await receive(provider, withHeaders(handshake, { 'x-hook-signature': '00' }))).status).toBe(401)
    expect((await receive(provider, withHeaders(handshake, { 'x-hook-secret': 'short' }))).status).toBe(401)
    expect((await receive(provider, withHeaders(handshake, { 'x-hook-secret': 'x'.repeat(300) }))).status).toBe(401)
    expect(onHandshake).not.toHaveBeenCalled()
  })

  it('finds the secret of each webhook', async () => {
    const secrets = new Map([
      ['/a', 'secret-of-webhook-a'],
      ['/b', 'secret-of-webhook-b'],
    ])
    const provider = asana({ secret: async ({ url }) => Promise.resolve(secrets.get(url)) })
    const proved = await signed(provider, request({ events: [] }, {}, '/a'))
    expect((await receive(provider, proved)).status).toBe(200)
    expect((await receive(provider, { ...proved, url: '/b' })).status).toBe(401)
    expect((await receive(provider, { ...proved, url: '/c' })).status).toBe(401)
  })

  it('takes a heartbeat for no event, and keeps two changes at one time apart', () => {
    const provider = asana({ secret: SECRET })
    expect(eventsOf(provider, request({ events: [] }))).toEqual([])
    expect(eventsOf(provider, request({}))).toEqual([])
    const event = (field: string) => ({
      action: 'changed',
      created_at: '2026-01-01T10:00:00Z',
      resource: { gid: '1', resource_type: 'task' },
      change: { field },
    })
    const ids = eventsOf(provider, request({ events: [event('name'), event('due_at'), event('name')] })).map(
      ({ id }) => id,
    )
    expect(new Set(ids).size).toBe(2)
  })

  it('throws when it could never receive anything', () => {
    expect(() => asana({})).toThrow('onHandshake')
  })
})

describe('set-up requests that nobody signs', () => {
  it.each([
    ['Dropbox, another method', dropbox({ appSecret: SECRET }), { ...get('/h?challenge=a'), method: 'DELETE' }],
    ['Dropbox, script', dropbox({ appSecret: SECRET }), get('/h?challenge=a%20b')],
    ['Dropbox, two challenges', dropbox({ appSecret: SECRET }), get('/h?challenge=a&challenge=b')],
    ['Okta, POST', okta({ authorization: SECRET }), request('', { 'x-okta-verification-challenge': 'a' })],
    [
      'Okta, too long',
      okta({ authorization: SECRET }),
      get('/h', { 'x-okta-verification-challenge': 'a'.repeat(600) }),
    ],
    ['monday, more than the challenge', monday({ secret: SECRET }), request({ challenge: 'a', event: {} })],
    ['monday, no text', monday({ secret: SECRET }), request({ challenge: { a: 1 } })],
    [
      'RingCentral, too long',
      ringcentral({ verificationToken: SECRET }),
      request({}, { 'validation-token': 'a'.repeat(300) }),
    ],
    ['RingCentral, blanks', ringcentral({ verificationToken: SECRET }), request({}, { 'validation-token': 'a b' })],
  ])('%s: not answered', async (_title, provider, input) => {
    const answer = await receive(provider, input)
    expect([401, 405]).toContain(answer.status)
    expect(answer.headers).not.toHaveProperty('validation-token')
  })
})

describe('X', () => {
  const provider = xTwitter({ consumerSecret: SECRET })
  const body = JSON.stringify({ for_user_id: '1', tweet_create_events: [{ id_str: '2' }] })

  it('cannot be made to sign a body', async () => {
    for (const token of [body, '{}', '[]', '"a"', ' 1', '1'.repeat(129)]) {
      expect((await receive(provider, get(`/x?crc_token=${encodeURIComponent(token)}`))).status).toBe(405)
    }
    const answer = await receive(provider, get('/x?crc_token=12345'))
    const { response_token: token } = JSON.parse(answer.body) as { response_token: string }
    const forged = await receive(provider, request('12345', { 'x-twitter-webhooks-signature': token }))
    expect(forged.status).toBe(400)
    expect((await receive(provider, { ...get('/x?crc_token=1'), method: 'POST' })).status).toBe(401)
  })

  it('splits its lists', () => {
    const more = {
      tweet_create_events: [{ id_str: '2' }, { id_str: '3' }],
      follow_events: [{ type: 'follow' }],
      apps: {},
    }
    const events = eventsOf(provider, request({ for_user_id: '1', ...more }))
    expect(events.map(({ type }) => type)).toEqual(['tweet.created', 'tweet.created', 'follow.created'])
  })
})

describe('Xero', () => {
  it('answers without a body, whatever the verdict', async () => {
    const provider = xero({ webhooksKey: SECRET })
    const right = await signed(provider, request({ events: [] }))
    expect(await receive(provider, right)).toEqual({ status: 200, headers: {}, body: '' })
    const wrong = withHeaders(right, { 'x-xero-signature': 'AAAA' })
    expect(await receive(provider, wrong)).toEqual({ status: 401, headers: {}, body: '' })
  })
})
