import type { Printer } from '../print.ts'

/** What must be true of at-least-once: all is there, and little of it twice. */
export interface Books {
  /** What each is called in the table. */
  readonly words: { readonly accepted: string; readonly done: string }
  /** What the store answered for. */
  readonly accepted: ReadonlySet<string>
  /** What was done, in order; what was done twice is there twice. */
  readonly done: readonly string[]
  /** What the process that was killed had begun and not written down: only this may be done twice. */
  readonly begun: ReadonlySet<string>
}

const WIDTHS = [12, 9, 4, 5, 21] as const

/** The closing table, and whether it is as it must be. */
export function printBooks({ words, accepted, done, begun }: Books, printer: Printer): void {
  const seen = new Set<string>()
  const twice = done.filter(id => seen.size === seen.add(id).size)
  const lost = [...accepted].filter(id => !seen.has(id))
  const unasked = [...seen].filter(id => !accepted.has(id))
  printer.text('')
  printer.row([words.accepted, words.done, 'lost', 'twice', 'under way at the kill'], WIDTHS)
  printer.row([accepted.size, seen.size, lost.length, twice.length, begun.size].map(String), WIDTHS)
  printer.text('')
  printer.fact({
    what: 'nothing is lost',
    led: lost.length > 0 ? `${lost.length} are` : `all ${accepted.size} ${words.accepted} were ${words.done}`,
    expected: accepted.size > 0 && lost.length === 0 && unasked.length === 0,
  })
  const wrong = twice.filter(id => !begun.has(id))
  printer.fact({
    what: 'twice: only what was under way',
    led: wrong.length > 0 ? `${wrong.length} others, too` : `${twice.length} of ${begun.size}`,
    expected: wrong.length === 0 && new Set(twice).size === twice.length,
  })
}
