/**
 * Where the library writes its log lines: `console` fits, and so does any logger with these methods. Fields never
 * contain a secret or a body.
 */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Writes nothing: the default. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** The host's logger, whose own failure must not become that of what is logged: it is swallowed. */
export function harmlessLogger(logger: Logger): Logger {
  const guard =
    (level: keyof Logger) =>
    (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      try {
        const answer: unknown = logger[level](message, fields)
        if (answer instanceof Promise) answer.catch(() => {})
      } catch {
        // There is nowhere to say so.
      }
    }
  return { debug: guard('debug'), info: guard('info'), warn: guard('warn'), error: guard('error') }
}
