import { generic } from 'crm-webhooks/presets/generic'
import { describe, expect, it } from 'vitest'
import { endpoint, rig } from './support.ts'

const CANARY = /canary/i

/** What is logged of an attempt whose target answers with all that it was sent. */
async function loggedOf(input: object, status: number): Promise<string> {
  const { sender, clock } = rig(
    request => {
      const sent = `${request.url} ${decodeURIComponent(String(request.url))} ${JSON.stringify(request.headers)}`
      return { status, headers: { 'content-type': 'text/plain', 'x-echo': sent }, body: `you sent ${sent}` }
    },
    { presets: [generic()] },
  )
  await sender.endpoints.create(endpoint({ ...input, events: ['lead.created'] }))
  sender.start()
  await sender.publish('lead.created', {})
  await clock.advance(10)
  const { items } = await sender.attempts.list()
  expect(items[0]?.responseBody).toContain('you sent https://a.example.com')
  return JSON.stringify(items)
}

describe.each([200, 400])('what a target repeats with status %i is logged without', status => {
  it.each([
    [{ 'X-Tenant-Key': 'CANARY-HEADER' }],
    [{ Authorization: 'Bearer CANARY-TOKEN' }],
    [{ authorization: 'Basic Q0FOQVJZOkNBTkFSWQ==CANARY' }],
    [{ Cookie: 'session=CANARY"quoted"' }],
  ])('the secret headers of the endpoint: %o', async headers => {
    expect(await loggedOf({ url: 'https://a.example.com/hooks', headers }, status)).not.toMatch(CANARY)
  })

  it.each(['token=CANARY-QUERY', 'a=1&api_key=CANARY%2Dquery%20two', 'KEY=CANARY&b=2&key=more-canary'])(
    'the secret query values of its URL: %s',
    async query => {
      const url = `https://a.example.com/hooks?${query}`
      const settings = { url, headers: { 'X-Hmac': 'CANARY-HMAC' } }
      expect(await loggedOf({ url }, status)).not.toMatch(CANARY)
      expect(await loggedOf({ url: undefined, preset: { name: 'generic', settings } }, status)).not.toMatch(CANARY)
    },
  )

  it('no more: what is not secret stays', async () => {
    const url = 'https://a.example.com/hooks?page=visible-page'
    expect(await loggedOf({ url, headers: { 'X-Author': 'visible-author' } }, status)).toMatch(
      /you sent .*visible-page.*visible-author/,
    )
  })
})
