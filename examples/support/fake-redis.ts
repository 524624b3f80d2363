/** The three commands of a Redis client (`redis` on npm) that the example needs. */
export interface RedisLike {
  set(key: string, value: string, options: { readonly NX: true; readonly PXAT: number }): Promise<string | null>
  get(key: string): Promise<string | null>
  eval(script: string, options: { readonly keys: string[]; readonly arguments: string[] }): Promise<unknown>
}

/** Stands in for a Redis, so that the example runs without one. Knows the example's two scripts by their last command. */
export function fakeRedis(): RedisLike {
  const values = new Map<string, { readonly value: string; readonly untilMs: number }>()
  const read = (key: string): string | null => {
    const found = values.get(key)
    return found !== undefined && found.untilMs > Date.now() ? found.value : null
  }
  return {
    async set(key, value, { PXAT }) {
      if (read(key) !== null) return null
      values.set(key, { value, untilMs: PXAT })
      return 'OK'
    },
    get: async key => read(key),
    async eval(script, { keys: [key = ''], arguments: [expected, untilMs] }) {
      if (read(key) !== expected) return 0
      if (script.includes('DEL')) values.delete(key)
      else values.set(key, { value: 'done', untilMs: Number(untilMs) })
      return 1
    },
  }
}
