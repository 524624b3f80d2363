import { EventEmitter } from 'eventemitter3'
import { WebhookError } from './errors.ts'
import { type FieldTable, findUnknownField } from './model/known-fields.ts'
import type { Logger } from './model/logger.ts'
import { isThenable } from './model/maybe-promise.ts'

/** A listener of a lifecycle event. What it returns is ignored; what it throws is logged. */
export type Listener<Payload> = (payload: Payload) => unknown

/** Tells what happens, by name, to whoever listens. A listener that throws or rejects disturbs nothing. */
export interface LifecycleEmitter<Map extends object> {
  /**
   * Listens. The answer stops listening.
   *
   * @throws {WebhookError} `invalid_option` for a name that is never told, and for a listener that is no function.
   */
  on<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): () => void
  /** Listens to the next one only. */
  once<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): () => void
}

/** An emitter together with the right to emit, which its owner keeps to itself. */
export interface LifecycleSource<Map extends object> extends LifecycleEmitter<Map> {
  emit<Name extends keyof Map & string>(name: Name, payload: Map[Name]): void
}

/**
 * Creates an emitter whose listeners cannot disturb the emitting code.
 *
 * @param names what can be listened to. Default: anything.
 */
export function createLifecycle<Map extends object>(logger: Logger, names?: FieldTable<Map>): LifecycleSource<Map> {
  const emitter = new EventEmitter()
  const report = (name: string, error: unknown): void =>
    logger.error('lifecycle listener failed', { event: name, error })
  const guard = <Payload>(name: string, listener: Listener<Payload>) => {
    return (payload: Payload): void => {
      try {
        const result = listener(payload)
        if (isThenable(result)) result.then(undefined, (error: unknown) => report(name, error))
      } catch (error) {
        report(name, error)
      }
    }
  }
  const check = (name: string, listener: unknown): void => {
    const stray = names && findUnknownField({ [name]: true }, Object.keys(names))
    if (stray !== undefined) {
      throw misuse(`lifecycle.on('${stray.name}'): there is no such event${stray.hint}`, 'name')
    }
    if (typeof listener !== 'function')
      throw misuse(`lifecycle.on('${name}'): the listener must be a function`, 'listener')
  }
  return {
    on(name, listener) {
      check(name, listener)
      const guarded = guard(name, listener)
      emitter.on(name, guarded)
      return () => void emitter.off(name, guarded)
    },
    once(name, listener) {
      check(name, listener)
      const guarded = guard(name, listener)
      emitter.once(name, guarded)
      return () => void emitter.off(name, guarded)
    },
    emit: (name, payload) => void emitter.emit(name, payload),
  }
}

function misuse(message: string, argument: string): WebhookError {
  return new WebhookError('invalid_option', message, { argument })
}
