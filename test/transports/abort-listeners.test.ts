import { expect, it } from 'vitest'
import { endWith, forget } from '../../src/transports/exchange/abort-listeners.ts'

it('ends every exchange that follows another under one signal, but none that has ended by itself', () => {
  const controller = new AbortController()
  const ended: string[] = []
  const exchange = (name: string) => ({ abort: () => void ended.push(name) })
  const [first, second, third] = [exchange('first'), exchange('second'), exchange('third')]
  endWith(controller.signal, first)
  forget(controller.signal, first)
  endWith(controller.signal, second)
  endWith(controller.signal, third)
  controller.abort()
  expect(ended).toEqual(['second', 'third'])
})
