/** A promise of another library, as `await` takes it: nothing but a `then`. */
export function thenable<Value>(value: Value): Promise<Value> {
  // biome-ignore lint/suspicious/noThenProperty: that is what it is.
  return { then: (resolve: (value: Value) => void) => resolve(value) } as Promise<Value>
}

/** One that was rejected. */
export function rejectedThenable(error: Error): Promise<never> {
  // biome-ignore lint/suspicious/noThenProperty: that is what it is.
  return { then: (_: unknown, reject: (error: Error) => void) => reject(error) } as Promise<never>
}
