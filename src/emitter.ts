import { EventEmitter } from 'eventemitter3'
import type { Logger } from './model/logger.ts'

/** A listener of a lifecycle event. What it returns is ignored; what it throws is logged. */
export type Listener<Payload> = (payload: Payload) => unknown

/** Tells what happens, by name, to whoever listens. A listener that throws or rejects disturbs nothing. */
export interface LifecycleEmitter<Map extends object> {
  /** Listens. The answer stops listening. */
  on<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): () => void
  /** Listens to the next one only. */
  once<Name extends keyof Map & string>(name: Name, listener: Listener<Map[Name]>): () => void
}

/** An emitter together with the right to emit, which its owner keeps to itself. */
export interface LifecycleSource<Map extends object> extends LifecycleEmitter<Map> {
  emit<Name extends keyof Map & string>(name: Name, payload: Map[Name]): void
}

/** Creates an emitter whose listeners cannot disturb the emitting code. */
export function createLifecycle<Map extends object>(logger: Logger): LifecycleSource<Map> {
  const emitter = new EventEmitter()
  const report = (name: string, error: unknown): void =>
    logger.error('lifecycle listener failed', { event: name, error })
  const guard = <Payload>(name: string, listener: Listener<Payload>) => {
    return (payload: Payload): void => {
      try {
        const result = listener(payload)
        if (result instanceof Promise) result.catch((error: unknown) => report(name, error))
      } catch (error) {
        report(name, error)
      }
    }
  }
  return {
    on(name, listener) {
      const guarded = guard(name, listener)
      emitter.on(name, guarded)
      return () => void emitter.off(name, guarded)
    },
    once(name, listener) {
      const guarded = guard(name, listener)
      emitter.once(name, guarded)
      return () => void emitter.off(name, guarded)
    },
    emit: (name, payload) => void emitter.emit(name, payload),
  }
}
