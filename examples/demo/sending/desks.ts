import type { Target } from './target.ts'
import { jsonOf } from './target.ts'

/** Answers as an incoming webhook of Slack does: the text `ok`. */
export function slackChannel(): Target {
  return {
    name: 'Slack',
    about: "preset 'slack'",
    endpoint: {
      events: ['case.created'],
      preset: { name: 'slack', settings: { url: 'https://hooks.slack.com/services/T0/B0/demo' } },
    },
    respond(request) {
      const { text, blocks } = jsonOf(request) as { text: string; blocks: readonly unknown[] }
      return { status: 200, body: 'ok', made: `shows "${text}" in ${blocks.length} blocks` }
    },
    expected: [{ type: 'case.created', status: 200, led: 'shows "Printer &lt;3rd floor&gt; is on fire" in 3 blocks' }],
  }
}

/** Answers as Jira Cloud does: 201 with the key of the new issue. */
export function jiraProject(): Target {
  return {
    name: 'Jira',
    about: "preset 'jira'; the key comes back as the delivery's external id",
    endpoint: {
      events: ['case.created'],
      preset: {
        name: 'jira',
        settings: {
          site: 'acme',
          projectKey: 'SUPPORT',
          auth: { type: 'basic', username: 'bot@acme.example', password: 'demo-api-token' },
        },
      },
    },
    respond(request) {
      const { fields } = jsonOf(request) as { fields: { summary: string; priority: { name: string } } }
      return {
        status: 201,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id: '10024', key: 'SUPPORT-24' }),
        made: `makes SUPPORT-24, ${fields.priority.name}: ${fields.summary}`,
      }
    },
    expected: [{ type: 'case.created', status: 201, led: 'SUPPORT-24, Highest: Printer <3rd floor> is on fire' }],
  }
}
