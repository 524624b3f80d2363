import { type ChildProcess, fork } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { formatTable, median } from './harness.ts'
import { sampleRequest } from './receive-sample.ts'

const NAMES = [
  'node:http, body collected',
  '+ JSON.parse',
  'crm-webhooks receiver',
  '@octokit/webhooks middleware',
] as const
const CONNECTIONS = 32
const WARM_UP_ROUNDS = 4
/** More than a receiver remembers, so that each is a new event, those that come round again too. */
const REQUESTS = 150_000

interface Server {
  readonly child: ChildProcess
  readonly port: number
  next: number
}

/**
 * The whole receiver behind node:http (verify, parse, validate, de-duplicate, handle) beside others. Each server is a
 * process of its own; all are loaded in turn, in many short slices, from this one; every request is another event.
 */
export async function run({ rounds = 41, sliceMs = 200 } = {}): Promise<void> {
  const requests = Array.from({ length: REQUESTS }, (_, i) => sampleRequest(i))
  const servers = new Map<string, Server>()
  for (const name of NAMES) servers.set(name, await startServer(name))
  const rates = new Map<string, number[]>(NAMES.map(name => [name, []]))
  const cpu = new Map<string, number[]>(NAMES.map(name => [name, []]))
  try {
    for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (let i = 0; i < NAMES.length; i++) {
        const name = NAMES[(i + round + WARM_UP_ROUNDS) % NAMES.length] ?? NAMES[0]
        const server = servers.get(name)
        if (server === undefined) continue
        const before = await cpuOf(server.child)
        const { count, seconds } = await load(server, requests, sliceMs)
        const used = (await cpuOf(server.child)) - before
        if (round < 0) continue
        rates.get(name)?.push(count / seconds)
        cpu.get(name)?.push(used / count)
      }
    }
  } finally {
    for (const { child } of servers.values()) child.kill()
  }
  const peer = rates.get('@octokit/webhooks middleware') ?? []
  const rows = NAMES.map(name => {
    const own = rates.get(name) ?? []
    const ratio = median(own.map((rate, round) => rate / (peer[round] ?? Number.NaN)))
    const goal = name === 'crm-webhooks receiver' ? `≥ 1 × octokit: ${ratio >= 1 ? 'reached' : 'missed'}` : ''
    return {
      server: name,
      'requests/s': Math.round(median(own)),
      'to octokit': ratio.toFixed(2),
      'CPU µs/request': median(cpu.get(name) ?? []).toFixed(1),
      goal,
    }
  })
  console.log(`\n## The whole receiver behind node:http, 1.5 kB signed bodies, ${CONNECTIONS} connections\n`)
  console.log(formatTable(rows))
}

async function startServer(name: string): Promise<Server> {
  const file = fileURLToPath(new URL('./receive-server.mjs', import.meta.url))
  const child = fork(file, [name], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(Number(line.toString())))
    child.once('exit', () => reject(new Error(`the server '${name}' ended`)))
  })
  return { child, port, next: 0 }
}

/** Processor time so far, in microseconds. */
function cpuOf(child: ChildProcess): Promise<number> {
  return new Promise(resolve => {
    child.once('message', (usage: NodeJS.CpuUsage) => resolve(usage.user + usage.system))
    child.send('cpu')
  })
}

async function load(
  server: Server,
  requests: readonly Buffer[],
  milliseconds: number,
): Promise<{ count: number; seconds: number }> {
  const until = process.hrtime.bigint() + BigInt(milliseconds) * 1_000_000n
  const from = process.hrtime.bigint()
  const counts = await Promise.all(Array.from({ length: CONNECTIONS }, () => drive(server, requests, until)))
  const seconds = Number(process.hrtime.bigint() - from) / 1e9
  return { count: counts.reduce((sum, count) => sum + count, 0), seconds }
}

/** One connection: the next request goes out when the answer is in. */
function drive(server: Server, requests: readonly Buffer[], until: bigint): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0
    let buffered = ''
    const socket: Socket = connect(server.port, '127.0.0.1')
    const send = (): void => {
      const request = requests[server.next++ % requests.length]
      if (request !== undefined) socket.write(request)
    }
    socket.setNoDelay(true)
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('data', data => {
      buffered += data.toString('latin1')
      const end = answerEnd(buffered)
      if (end === undefined) return
      if (!buffered.startsWith('HTTP/1.1 2')) {
        reject(new Error(`a server refused: ${buffered.slice(0, 200)}`))
        return
      }
      buffered = buffered.slice(end)
      count++
      if (process.hrtime.bigint() < until) send()
      else {
        socket.destroy()
        resolve(count)
      }
    })
  })
}

/** Where the first answer ends; `undefined` while it is not complete. */
function answerEnd(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))
  if (length !== null) return text.length >= head + 4 + Number(length[1]) ? head + 4 + Number(length[1]) : undefined
  const last = text.indexOf('0\r\n\r\n', head)
  return last === -1 ? undefined : last + 5
}
