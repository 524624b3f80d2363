// Set-up requests: Slack and Meta ask before they send. The provider answers: npx tsx examples/handshakes.ts
import { createReceiver } from 'crm-webhooks'
import { meta } from 'crm-webhooks/providers/meta'
import { slack } from 'crm-webhooks/providers/slack'
import { signedRequest } from 'crm-webhooks/testing'

// Slack posts a signed challenge when you enter the URL.
const slackProvider = slack({ signingSecret: process.env.SLACK_SIGNING_SECRET ?? 'change-me' })
const slackReceiver = createReceiver({ provider: slackProvider })

const challenge = { type: 'url_verification', challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P' }
const asked = await slackReceiver.receive(
  await signedRequest(slackProvider, 'message.posted', { body: JSON.stringify(challenge) }),
)
console.log('Slack:', asked.status, asked.body)

// Meta asks with GET and a token that you chose, so mount GET as well as POST.
const metaReceiver = createReceiver({
  provider: meta({ appSecret: process.env.META_APP_SECRET ?? 'change-me', verifyToken: 'my-token' }),
})
const url = 'https://hooks.example.com/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token='
const right = await metaReceiver.handle(new Request(`${url}my-token`))
const wrong = await metaReceiver.handle(new Request(`${url}a-guess`))
console.log('Meta:', right.status, await right.text())
console.log('Meta with another token:', wrong.status)

// Prints:
// Slack: 200 3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P
// Meta: 200 1158201444
// Meta with another token: 403
