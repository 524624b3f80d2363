import type { MaybePromise } from '../../model/verification.ts'
import { describe } from './describe.ts'
import { type CrashPoint, drawFault, type Fault, notDone, notHeard, type SimulatedFaults } from './faults.ts'
import type { Life } from './life.ts'
import type { Scheduler } from './scheduler.ts'

const SLOW_MS = 30_000
const PAUSE_MS = 180_000
const QUICK_MS = 4

/** Something that went wrong on purpose. */
export interface Incident {
  readonly kind: keyof SimulatedFaults
  /** Which run of which process it hit: `sender.2`. `client` is who sends from outside. */
  readonly process: string
  readonly atMs: number
  /** When it was over, for what lasts. */
  readonly untilMs: number
}

/** A step that is about to be made. */
export interface Step {
  readonly label: string
  /** Which run of which process makes it. */
  readonly who: string
  readonly fault: Fault
}

/** What steps are made with. */
export interface StepHost {
  readonly scheduler: Scheduler
  readonly random: () => number
  readonly note: (who: string, line: string) => void
  readonly chances: SimulatedFaults
  readonly crashPoints: readonly CrashPoint[]
}

/** Everything that a process does to the world outside: it may go wrong there, or the process may die there. */
export class Steps {
  readonly #host: StepHost
  readonly #counts = new Map<string, number>()
  readonly #unreached: CrashPoint[]
  readonly incidents: Incident[] = []
  /** Every step of a process that was made, by name. */
  readonly names: string[] = []
  /** How many there were when the last of the crash points was reached. */
  namesAtCrash = 0
  /** Whether lots are thrown. */
  stormy = true
  /** Nested calls of `calmly`: steps then are none to crash at. */
  calm = 0
  /** Steps under way. */
  open = 0

  constructor(host: StepHost) {
    this.#host = host
    this.#unreached = [...host.crashPoints]
  }

  /** Crash points that no step came to. */
  get unreached(): readonly CrashPoint[] {
    return this.#unreached
  }

  /** Names a step and decides what happens at it. */
  begin(life: Life | undefined, call: string): Step {
    const who = life?.name ?? 'client'
    if (this.calm > 0) return { label: call, who, fault: 'none' }
    const process = life?.process ?? who
    const key = `${process}/${call}`
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    const label = `${call}#${count}`
    if (life !== undefined) this.names.push(`${key}#${count}`)
    const at = this.#unreached.findIndex(
      point => point.call === call && point.count === count && (point.process ?? process) === process,
    )
    const [point] = at === -1 || life === undefined ? [] : this.#unreached.splice(at, 1)
    if (point !== undefined) this.namesAtCrash = this.names.length
    const fault = point?.fault ?? (this.stormy ? drawFault(this.#host.chances, this.#host.random) : 'none')
    // Nobody dies when a request from outside is made.
    const isSpared = life === undefined && (fault === 'pause' || fault.startsWith('kill'))
    return { label, who, fault: isSpared ? 'none' : fault }
  }

  /** How long it takes until a step comes about. */
  delayMs({ fault, who }: Step): number {
    if (fault !== 'slow') return Math.floor(this.#host.random() * QUICK_MS)
    const delayMs = Math.floor(this.#host.random() * SLOW_MS)
    this.incident('slow', who, delayMs)
    return delayMs
  }

  /** Makes a step. Its promise never settles when its process dies meanwhile. */
  perform<Value>(
    life: Life,
    call: string,
    about: readonly unknown[],
    effect: () => MaybePromise<Value>,
  ): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (life.dead) return
      const { scheduler, note } = this.#host
      const step = this.begin(life, call)
      const { label, fault } = step
      const told = `${label} ${describe(about)}`.trimEnd()
      this.open++
      const close = (answer: () => void): void => {
        scheduler.after(this.delayMs(step), answer, life)
        this.open--
      }
      scheduler.after(this.delayMs(step), async () => {
        if (this.endsBefore(life, step, told)) {
          this.open--
          return
        }
        if (fault === 'fail') {
          note(life.name, `${told}: fails`)
          this.incident('fail', life.name)
          close(() => reject(notDone(call)))
          return
        }
        let answer: () => void
        try {
          const value = await effect()
          const answered = describe(value)
          // A worker that finds nothing asks all the time.
          if (told !== label || answered !== '') note(life.name, `${told} → ${answered}`.replace(/ → $/, ''))
          answer = () => resolve(value)
        } catch (error) {
          note(life.name, `${told} rejects`)
          answer = () => reject(error as Error)
        }
        if (fault === 'loseAnswer') answer = () => reject(notHeard(call))
        this.after(life, step)
        close(answer)
      })
    })
  }

  /** Whether a step does not come about: its process dies now, or died and took it along. */
  endsBefore(life: Life | undefined, { fault }: Step, told: string): boolean {
    if (life?.dead) return this.#host.random() < 0.5
    if (fault !== 'kill:before' || life === undefined) return false
    this.#host.note(life.name, `${told}: dies before`)
    life.die()
    return true
  }

  /** What happens once a step has come about, before anybody hears of it. */
  after(life: Life | undefined, { label, who, fault }: Step): void {
    if (fault === 'loseAnswer') {
      this.#host.note(who, `${label}: the answer is lost`)
      this.incident('loseAnswer', who)
    }
    if (life === undefined || life.dead) return
    if (fault === 'kill:after') {
      this.#host.note(who, `${label}: dies after`)
      life.die()
    }
    if (fault === 'pause') this.#pause(life)
  }

  incident(kind: Incident['kind'], process: string, forMs = 0): void {
    const atMs = this.#host.scheduler.nowMs
    this.incidents.push({ kind, process, atMs, untilMs: atMs + forMs })
  }

  #pause(life: Life): void {
    const { scheduler, random, note } = this.#host
    const forMs = Math.floor(random() * PAUSE_MS)
    life.pausedUntilMs = scheduler.nowMs + forMs
    note(life.name, `stands still for ${forMs} ms`)
    this.incident('pause', life.name, forMs)
  }
}
