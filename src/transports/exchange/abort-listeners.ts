/** What ends when its signal is aborted. */
interface Abortable {
  abort(): void
}

/**
 * Listens to each signal once, however many exchanges follow one another under it: a worker uses its signals again and
 * again, and putting a listener on and off costs more than the rest of keeping the time limit.
 */
const listening = new WeakMap<AbortSignal, Set<Abortable>>()

/** Ends `exchange` when the signal is aborted, until it is forgotten. A signal that is aborted already does nothing. */
export function endWith(signal: AbortSignal, exchange: Abortable): void {
  const known = listening.get(signal)
  if (known !== undefined) {
    known.add(exchange)
    return
  }
  const waiting = new Set([exchange])
  listening.set(signal, waiting)
  signal.addEventListener('abort', () => {
    for (const one of [...waiting]) one.abort()
  })
}

/** The exchange has ended by itself. */
export function forget(signal: AbortSignal, exchange: Abortable): void {
  listening.get(signal)?.delete(exchange)
}
