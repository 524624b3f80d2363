import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Operating systems give ports from 32,768 on to whoever asks for any: one below stays free until it is used. */
const FIRST = 10_240
const LAST = 32_767

/** A port of loopback that nobody listens on, and that no server which takes any port is given later. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(FIRST, LAST + 1)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
