import type { LifecycleEmitter, Logger, ReceiverLifecycle } from 'crm-webhooks'

/** Collects what a receiver and its handlers tell, in plain words. */
export interface Journal {
  readonly logger: Logger
  /** A handler tells what it did. */
  say(line: string): void
  /** Listens to what the receiver tells of itself. */
  watch(lifecycle: LifecycleEmitter<ReceiverLifecycle>): void
  /** The lines since the last call. */
  take(): readonly string[]
}

const WORDS: Readonly<Record<string, string>> = {
  refused: 'refused',
  malformed: 'not readable',
  method_not_allowed: 'wrong method',
}

export function createJournal(): Journal {
  let lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  return {
    say,
    logger: {
      debug() {},
      info() {},
      warn(_, { outcome, cause } = {}) {
        // The cause as it is logged, without the advice behind it.
        if (typeof cause === 'string')
          say(`${WORDS[String(outcome)]}: ${cause.replace(/: (is it|enter) .*|invalid_type, /, '')}`)
      },
      error(_, { error } = {}) {
        say(`the handler failed: ${error instanceof Error ? error.message : String(error)}`)
      },
    },
    watch(lifecycle) {
      lifecycle.on('duplicate', () => say('recognised as a repetition, not handled again'))
      lifecycle.on('unrouted', ({ event }) => say(`'${event.nativeType}' is unknown: for '*' handlers only`))
    },
    take() {
      const taken = lines
      lines = []
      return taken
    },
  }
}
