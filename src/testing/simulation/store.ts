import type { Store } from '../../storage/store.ts'
import type { Life } from './life.ts'
import type { Steps } from './steps.ts'

type Method = (...args: readonly unknown[]) => unknown

/** The store as one run of a process sees it: every call, whatever its name, is a step. */
export function storeOf(life: Life, store: Store, steps: Steps): Store {
  return wrap(store, '', life, steps)
}

function wrap<Part extends object>(part: Part, path: string, life: Life, steps: Steps): Part {
  return new Proxy(part, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof key !== 'string') return value
      if (typeof value === 'object' && value !== null) return wrap(value, `${path}${key}.`, life, steps)
      if (typeof value !== 'function') return value
      const method = value as Method
      // To listen is no step: it is the answers that come and go.
      if (/^on[A-Z]/.test(key)) {
        return (listener: Method) =>
          Reflect.apply(method, target, [(...told: readonly unknown[]) => life.dead || listener(...told)])
      }
      return (...args: readonly unknown[]) =>
        steps.perform(life, `${path || 'store.'}${key}`, args, () => Reflect.apply(method, target, args))
    },
  })
}
