interface ImmediateHost {
  readonly setImmediate?: (callback: () => void) => unknown
}

/** As it was when this was loaded, so that tests which replace timers do not stop it. Only Node and its like have it. */
const { setImmediate: atEndOfTurn } = globalThis as ImmediateHost

let waiting: Array<() => void> = []

/**
 * Goes on once the event loop has taken what is at hand, so that what came in together is worked on together, step by
 * step: code that runs a hundred times in a row is in the processor's caches, and between the reads of a hundred
 * sockets it takes twice as long. Where the runtime has no such moment, at once.
 *
 * @param goOn must not throw.
 */
export function inStep(goOn: () => void): void {
  if (atEndOfTurn === undefined) goOn()
  else if (waiting.push(goOn) === 1) atEndOfTurn(runAll)
}

function runAll(): void {
  const all = waiting
  waiting = []
  for (const goOn of all) goOn()
}
