import type { MaybePromise } from './verification.ts'

/**
 * Goes on with a value: at once when it is there, later when it must be waited for. What waits comes back as a promise
 * of this realm, whatever the value was.
 */
export function andThen<Value, Next>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Next>,
): MaybePromise<Next> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value)
}

/**
 * Whether something must be waited for, as `await` decides it. `instanceof Promise` misses promises of libraries, and
 * native ones where something put its own `Promise` in their place.
 */
export function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isObject && 'then' in value && typeof value.then === 'function'
}
