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
