import type { WriteStream } from 'node:tty'

/** One line of the demo: what was sent, what came back, what it led to. */
interface Line {
  readonly sent: string
  readonly status: number
  readonly led: string
  /** Whether it is what the demo expects. */
  readonly expected: boolean
}

export interface Printer {
  title(name: string, about: string): void
  heading(name: string, about: string): void
  line(line: Line): void
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
  return {
    title: (name, about) => write(`${paint(1, name)}: ${about}`),
    heading: (name, about) => write(`\n${paint(1, name)} ${paint(2, `(${about})`)}`),
    line(line) {
      lines.push(line)
      const led = shorten(line.expected ? line.led : `UNEXPECTED: ${line.led}`, WIDTH - SENT - 9)
      const colour = line.expected ? (line.status < 400 ? 32 : 33) : 31
      write(`  ${shorten(line.sent, SENT).padEnd(SENT)}  ${paint(colour, String(line.status))}  ${led}`)
    },
    summary(seconds) {
      const wrong = lines.filter(({ expected }) => !expected).length
      const statuses = [...new Set(lines.map(({ status }) => status))].sort()
      const counts = statuses.map(status => `${lines.filter(line => line.status === status).length} x ${status}`)
      const verdict = wrong === 0 ? 'all answered as expected' : `${wrong} NOT as expected`
      write(`\n${lines.length} requests, ${verdict}, in ${seconds.toFixed(1)} s: ${counts.join(', ')}`)
      return wrong === 0 ? 0 : 1
    },
  }
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}
