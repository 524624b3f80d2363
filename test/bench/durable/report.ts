import { formatTable, median } from '../harness.ts'
import { type ContestantName, isPeer } from './contestants.ts'
import type { Figures, TaskName } from './tasks.ts'

/** The figures of each contestant, one for each repetition. */
export type Results = ReadonlyMap<ContestantName, readonly Figures[]>

const PEER = 'BullMQ 6, Redis'

/** What our stores should reach, by what a contestant's name begins with. */
type Goals = Readonly<Partial<Record<'crm-webhooks, PostgreSQL' | 'crm-webhooks, SQLite', number>>>

/** A figure that a task is judged by, and the ratios that it should reach. */
interface Judged {
  readonly title: string
  readonly figure: string
  /** The heading of the figure. */
  readonly heading: string
  readonly more: 'better' | 'worse'
  readonly toBullMq: Goals
  readonly toBest: Goals
  /** Other figures, by their headings. */
  readonly others: Readonly<Record<string, string>>
}

const TASKS: Readonly<Record<TaskName, Judged>> = {
  live: {
    title: 'Deliveries a second, from the first that is enqueued to the last that is stored as done',
    figure: 'rate',
    heading: 'deliveries/s',
    more: 'better',
    toBullMq: { 'crm-webhooks, PostgreSQL': 2.5, 'crm-webhooks, SQLite': 5 },
    toBest: { 'crm-webhooks, PostgreSQL': 1.5 },
    others: { cpu: 'CPU µs' },
  },
  latency: {
    title: 'From the call that enqueues to the answer, 40 a second',
    figure: 'p50',
    heading: 'p50 ms',
    more: 'worse',
    toBullMq: {},
    toBest: { 'crm-webhooks, PostgreSQL': 0.8, 'crm-webhooks, SQLite': 0.8 },
    others: { p99: 'p99 ms' },
  },
  fanOut: {
    title: 'One event for 1,000 endpoints, until all deliveries are stored as done',
    figure: 'milliseconds',
    heading: 'ms',
    more: 'worse',
    toBullMq: {},
    toBest: { 'crm-webhooks, PostgreSQL': 0.5, 'crm-webhooks, SQLite': 0.5 },
    others: {},
  },
}

/** Prints the table of a task. */
export function print(task: TaskName, results: Results): void {
  const { title, figure, heading, more, toBullMq, toBest, others } = TASKS[task]
  const of = (name: ContestantName): number[] => (results.get(name) ?? []).map(figures => figures[figure] ?? Number.NaN)
  const peers = [...results.keys()].filter(isPeer)
  const best = of(peers[0] ?? PEER).map((_, i) => {
    const all = peers.map(name => of(name)[i] ?? Number.NaN)
    return more === 'better' ? Math.max(...all) : Math.min(...all)
  })
  const ratio = (name: ContestantName, reference: readonly number[]): number =>
    median(of(name).map((value, i) => value / (reference[i] ?? Number.NaN)))
  const judge = (value: number, goal: number | undefined, reference: string): string => {
    if (goal === undefined || Number.isNaN(value)) return ''
    const reached = more === 'better' ? value >= goal : value <= goal
    return `${more === 'better' ? '≥' : '≤'} ${goal} × ${reference}: ${reached ? 'reached' : 'missed'}`
  }
  console.log(`\n## ${title} (Node ${process.version})\n`)
  console.log(
    formatTable(
      [...results].map(([name, figures]) => {
        const [bull, top] = [ratio(name, of(PEER)), ratio(name, best)]
        const goals = [judge(bull, goalOf(toBullMq, name), 'BullMQ'), judge(top, goalOf(toBest, name), 'the best')]
        const cells: Record<string, string> = {}
        for (const [key, column] of Object.entries(others)) {
          cells[column] = show(median(figures.map(one => one[key] ?? Number.NaN)))
        }
        return {
          contestant: name,
          [heading]: show(median(of(name))),
          'to BullMQ': bull.toFixed(2),
          'to the best of the others': top.toFixed(2),
          ...cells,
          goal: goals.filter(text => text !== '').join('; '),
        }
      }),
    ),
  )
  console.log('\nOurs store an entry of the exchange log for each attempt as well; the others have none.')
  console.log('Where no queue is at work, the client and the sink are measured: nobody can be faster.')
}

function goalOf(goals: Goals, name: ContestantName): number | undefined {
  return Object.entries(goals).find(([beginning]) => name.startsWith(beginning))?.[1]
}

function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
