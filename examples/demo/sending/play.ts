import { type Attempt, createAddressGuard, createSender, type Sender } from 'crm-webhooks'
import { jira } from 'crm-webhooks/presets/jira'
import { slack } from 'crm-webhooks/presets/slack'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { reroute, serve } from '../../support/local-server.ts'
import type { Printer } from '../print.ts'
import { jiraProject, slackChannel } from './desks.ts'
import { flaky, gone, hanging, operations } from './difficult.ts'
import { fastClock } from './fast-clock.ts'
import { accounting, devlinkPartner, warehouse, whatscrmPartner } from './partners.ts'
import { printLog, printOneAsCurl, printStats } from './report.ts'
import { publishAll } from './story.ts'
import type { Target } from './target.ts'

const SPEED = 600

/** Sends events to ten targets on this machine and prints what became of them. */
export async function playSending(printer: Printer): Promise<void> {
  const clock = fastClock(SPEED, Date.UTC(2026, 0, 5, 9))
  const partner = warehouse(clock)
  const targets: readonly Target[] = [
    ...[partner, whatscrmPartner(clock), devlinkPartner(clock), accounting(), slackChannel(), jiraProject()],
    ...[flaky(), gone(), hanging(), operations()],
  ]
  const made = new Map<string, string[]>(targets.map(({ name }) => [name, []]))
  const server = await serve(async request => {
    const target = targets.find(({ name }) => request.url === `/${name}`) ?? byPath(targets, request.url)
    const told = made.get(target.name) ?? []
    const place = told.push('') - 1
    const answer = await target.respond(request, told.length)
    told[place] = answer.made
    return answer.status === 'hang' ? 'hang' : { ...answer, status: answer.status }
  })
  // Every name leads to this machine, which may be reached for once.
  const guard = createAddressGuard({ lookup: async () => ['127.0.0.1'], allow: ['127.0.0.0/8'] })
  const transport = nodeTransport({ guard })
  const sender = createSender({
    clock,
    guard,
    store: memoryStore({ clock }),
    transport: reroute(transport, { 'hooks.slack.com': server.origin, 'acme.atlassian.net': server.origin }),
    presets: [slack(), jira()],
    // In seconds of this clock, of which there are 600 in a real one.
    worker: { slowAfterMilliseconds: 60_000, leaseSeconds: 3_600, pollSeconds: 60 },
    random: () => 0,
  })
  printer.title('Sending', `one sender, ${targets.length} endpoints; its time runs ${SPEED} times as fast`)

  const ids = new Map<string, string>()
  for (const { name, endpoint } of targets) {
    const url = endpoint.preset === undefined ? { url: `${server.origin}/${name}` } : {}
    const created = await sender.endpoints.create({ name, ...url, ...endpoint })
    ids.set(name, created.endpoint.id)
    if (name === partner.name) partner.useSecret(created.secret)
  }
  const nextTries = watchNextTries(sender)
  sender.start()
  await publishAll({ sender, partner, ids, targets, printer })
  await sender.stop()

  const { items } = await sender.attempts.list({ limit: 250 })
  const attempts = [...items].sort((a, b) => a.startedAtMs - b.startedAtMs)
  for (const target of targets) {
    const own = attempts.filter(({ endpointId }) => endpointId === ids.get(target.name))
    printTarget(target, own, made.get(target.name) ?? [], printer)
  }
  const names = new Map([...ids].map(([name, id]) => [id, name]))
  printLog(attempts, names, nextTries, printer)
  await printStats(sender, names, printer)
  await printOneAsCurl(sender, ids.get('Accounting') ?? '', printer)
  await transport.close?.()
  await server.close()
}

/** The real paths of Slack and Jira. */
function byPath(targets: readonly Target[], path: string): Target {
  const name = path.startsWith('/services/') ? 'Slack' : 'Jira'
  const found = targets.find(target => target.name === name)
  if (found === undefined) throw new Error(`nobody is at ${path}`)
  return found
}

/** When an attempt is followed by another, by the id of the attempt. */
function watchNextTries(sender: Sender): ReadonlyMap<string, number> {
  const nextTries = new Map<string, number>()
  sender.lifecycle.on('delivery.failed', ({ attempt, nextAttemptAtMs }) => {
    if (nextAttemptAtMs !== undefined) nextTries.set(attempt.id, nextAttemptAtMs)
  })
  return nextTries
}

/** A line for each attempt, and for each that should have been. */
function printTarget(
  { name, about, expected }: Target,
  attempts: readonly Attempt[],
  made: readonly string[],
  printer: Printer,
): void {
  printer.heading(name, about)
  for (let i = 0; i < Math.max(attempts.length, expected.length); i++) {
    const [attempt, wanted, led = 'no request came'] = [attempts[i], expected[i], made[i]]
    const isRight =
      attempt?.eventType === wanted?.type && attempt?.status === wanted?.status && led.includes(wanted?.led ?? '')
    const sent = attempt === undefined ? 'nothing' : `${attempt.eventType}, try ${attempt.number}`
    printer.line({ sent, status: attempt?.status, led, expected: isRight })
  }
}
