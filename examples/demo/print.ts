import type { WriteStream } from 'node:tty'

/** One line of the demo: what was sent, what came back, what it led to. */
interface Line {
  readonly sent: string
  /** `undefined`: no answer. */
  readonly status: number | undefined
  readonly led: string
  /** Whether it is what the demo expects. */
  readonly expected: boolean
}

/** Something that happened beside requests. */
interface Fact {
  readonly what: string
  readonly led: string
  readonly expected: boolean
}

export interface Printer {
  title(name: string, about: string): void
  heading(name: string, about: string): void
  line(line: Line): void
  fact(fact: Fact): void
  /** A row of a table; the last cell takes what is left. */
  row(cells: readonly string[], widths: readonly number[]): void
  text(line: string): void
  /** Prints the totals. Answers the exit code. */
  summary(seconds: number): number
}

const WIDTH = 100
const SENT = 34

/** Prints aligned lines of at most 100 columns; colours only where a person looks at them. */
export function createPrinter(stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean }): Printer {
  const colours = stream.isTTY === true && process.env.NO_COLOR === undefined
  const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text)
  const write = (text: string): void => void stream.write(`${text}\n`)
  const lines: Line[] = []
  const facts: Fact[] = []
  const told = (led: string, expected: boolean, used: number): string =>
    shorten(expected ? led : `UNEXPECTED: ${led}`, WIDTH - used)
  return {
    title: (name, about) => write(`${lines.length > 0 ? '\n\n' : ''}${paint(1, name)}: ${about}`),
    heading: (name, about) => write(`\n${paint(1, name)} ${paint(2, `(${about})`)}`),
    line(line) {
      lines.push(line)
      const { sent, status, led, expected } = line
      const colour = expected ? ((status ?? 599) < 400 ? 32 : 33) : 31
      const shown = paint(colour, String(status ?? '---'))
      write(`  ${shorten(sent, SENT).padEnd(SENT)}  ${shown}  ${told(led, expected, SENT + 9)}`)
    },
    fact(fact) {
      facts.push(fact)
      write(`  ${shorten(fact.what, SENT).padEnd(SENT)}  ${told(fact.led, fact.expected, SENT + 4)}`)
    },
    row(cells, widths) {
      const padded = cells.map((cell, i) => shorten(cell, widths[i] ?? WIDTH).padEnd(widths[i] ?? 0))
      write(shorten(`  ${padded.join('  ').trimEnd()}`, WIDTH))
    },
    text: line => write(`  ${shorten(line, WIDTH - 2)}`.trimEnd()),
    summary(seconds) {
      const wrong = [...lines, ...facts].filter(({ expected }) => !expected).length
      const statuses = [...new Set(lines.map(({ status }) => String(status ?? 'no answer')))].sort()
      const count = (status: string): number =>
        lines.filter(line => String(line.status ?? 'no answer') === status).length
      const counts = statuses.map(status => `${count(status)} x ${status}`)
      const [all, right] = lines.length > 0 ? [`${lines.length} requests, `, 'all answered'] : ['', 'everything']
      const verdict = wrong === 0 ? `${right} as expected` : `${wrong} NOT as expected`
      write(`\n${lines.length > 0 ? `\n${counts.join(', ')}\n` : ''}${all}${verdict}, in ${seconds.toFixed(1)} s`)
      return wrong === 0 ? 0 : 1
    },
  }
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
