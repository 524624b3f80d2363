import type { Target } from './target.ts'
import { jsonOf } from './target.ts'

/** Fails, then asks for patience, then takes it. */
export function flaky(): Target {
  const answers = [
    { status: 500, made: 'the database was away' },
    { status: 503, headers: { 'retry-after': '120' }, made: 'come back in 120 seconds (Retry-After)' },
    { status: 200, made: 'taken' },
  ]
  const seen: string[] = []
  return {
    name: 'Flaky',
    about: "retry 'askpro': 1, 2, 5, 10 minutes",
    endpoint: { events: ['lead.created'], retry: 'askpro' },
    respond(request, nth) {
      seen.push(`${JSON.stringify(jsonOf(request))}`)
      const answer = answers[nth - 1] ?? { status: 500, made: 'one too many' }
      const same = nth > 1 ? (seen.every(body => body === seen[0]) ? ', same body' : ', ANOTHER BODY') : ''
      return { ...answer, made: answer.made + same }
    },
    expected: [
      { type: 'lead.created', status: 500, led: 'away' },
      { type: 'lead.created', status: 503, led: '(Retry-After), same body' },
      { type: 'lead.created', status: 200, led: 'taken, same body' },
    ],
  }
}

/** Moved out. What is published later does not go there. */
export function gone(): Target {
  return {
    name: 'Gone',
    about: '410 disables it at once',
    endpoint: { events: ['lead.*'] },
    respond: () => ({ status: 410, made: 'nobody lives here any more' }),
    expected: [{ type: 'lead.created', status: 410, led: 'nobody' }],
  }
}

/** Takes the connection and says nothing. */
export function hanging(): Target {
  return {
    name: 'Hanging',
    about: 'time limit 1 s (of real time), one retry after 5 minutes',
    endpoint: { events: ['lead.created'], timeoutSeconds: 1, retry: [300] },
    respond: () => ({ status: 'hang', made: 'says nothing' }),
    expected: [
      { type: 'lead.created', status: undefined, led: 'says nothing' },
      { type: 'lead.created', status: undefined, led: 'says nothing' },
    ],
  }
}

/** Whoever looks after the sender hears of what was given up. */
export function operations(): Target {
  return {
    name: 'Operations',
    about: "subscribes to 'webhook.delivery.exhausted'",
    endpoint: { events: ['webhook.delivery.exhausted'] },
    respond(request) {
      const { data } = jsonOf(request) as { data: { reason: string; attempts: number } }
      return { status: 204, made: `given up at attempt ${data.attempts}: ${data.reason}` }
    },
    expected: [
      { type: 'webhook.delivery.exhausted', status: 204, led: 'attempt 1: gone' },
      { type: 'webhook.delivery.exhausted', status: 204, led: 'attempt 2: exhausted' },
    ],
  }
}
