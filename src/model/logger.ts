import { WebhookError } from '../errors.ts'
import { isThenable } from './maybe-promise.ts'

/**
 * Where the library writes its log lines: `console` fits, and so does any logger with these methods that takes the
 * message first. One that takes the fields first, as pino does, drops them: hand in methods that turn the two around.
 * Fields never contain a secret or a body. What a method throws is ignored.
 */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Writes nothing: the default. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/**
 * The host's logger, whose own failure must not become that of what is logged: it is swallowed. Default: one that writes nothing.
 *
 * @throws {WebhookError} `invalid_option` when a method is missing.
 */
export function harmlessLogger(logger: Logger = silentLogger): Logger {
  const missing = LEVELS.filter(level => typeof logger?.[level] !== 'function')
  if (missing.length > 0) {
    throw new WebhookError(
      'invalid_option',
      `logger must have the methods debug, info, warn and error, as console has; missing: ${missing.join(', ')}`,
      { argument: 'logger' },
    )
  }
  const guard =
    (level: keyof Logger) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      try {
        const answer: unknown = logger[level](message, fields)
        if (isThenable(answer)) answer.then(undefined, () => {})
      } catch {
        // There is nowhere to say so.
      }
    }
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') }
}
