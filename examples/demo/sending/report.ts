import type { Attempt, Sender } from 'crm-webhooks'
import type { Printer } from '../print.ts'

type Names = ReadonlyMap<string, string>

const WIDTHS = [8, 10, 20, 3, 6, 7, 20, 8] as const

/** The exchange log as a table. Times are those of the sender, durations are real. */
export function printLog(
  attempts: readonly Attempt[],
  names: Names,
  nextTries: ReadonlyMap<string, number>,
  printer: Printer,
): void {
  printer.heading('Exchange log', 'every attempt, oldest first')
  printer.row(['time', 'endpoint', 'event', 'try', 'status', 'took', 'outcome', 'next try'], WIDTHS)
  for (const attempt of attempts) {
    const { id, startedAtMs, endpointId, eventType, number, status, durationMs } = attempt
    const nextAtMs = nextTries.get(id)
    printer.row(
      [
        clockTime(startedAtMs),
        names.get(endpointId) ?? '',
        eventType ?? '',
        String(number),
        String(status ?? '---'),
        `${Math.round(durationMs)} ms`,
        outcomeOf(attempt),
        nextAtMs === undefined ? '' : clockTime(nextAtMs),
      ],
      WIDTHS,
    )
  }
}

function outcomeOf({ outcome, externalId, status, errorCode, errorMessage }: Attempt): string {
  if (outcome === 'succeeded') return externalId === undefined ? 'ok' : `ok: ${externalId}`
  return (status === undefined ? errorCode : errorMessage) ?? ''
}

/** Figures of each endpoint. */
export async function printStats(sender: Sender, names: Names, printer: Printer): Promise<void> {
  printer.heading('Figures', 'of the last day')
  const widths = [10, 9, 10, 9, 9] as const
  printer.row(['endpoint', 'attempts', 'succeeded', 'average', 'p95', 'state'], widths)
  for (const [id, name] of names) {
    const { total, successRate, averageMs, p95Ms } = await sender.stats(id)
    const { status, disabledReason } = await sender.endpoints.get(id)
    const state = disabledReason === undefined ? status : `${status}: ${disabledReason}`
    printer.row([name, String(total), `${successRate} %`, milliseconds(averageMs), milliseconds(p95Ms), state], widths)
  }
}

/** The last attempt at an endpoint as a command, to try it by hand. */
export async function printOneAsCurl(sender: Sender, endpointId: string, printer: Printer): Promise<void> {
  printer.heading('As curl', 'exported from the log; signatures and credentials are masked there')
  let text = ''
  for await (const piece of sender.attempts.export({ endpointId, outcome: 'succeeded' }, 'curl')) text += piece
  for (const line of text.trimEnd().split('\n')) printer.text(line)
}

const clockTime = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(11, 19)
const milliseconds = (value: number | undefined): string => (value === undefined ? '' : `${Math.round(value)} ms`)
