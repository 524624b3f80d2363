// Installs the built package in a Next application, builds and starts that, and calls it over sockets.
// Run from the root: npm run build && npx tsx test/runtimes/next/run.mjs

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chunked, header, openConnection, sendOnce } from '../../frameworks/raw-client.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
const LIMIT = 65_536

const run = (command, args, cwd = here) =>
  execFileSync(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })

function install() {
  assert.ok(existsSync(`${root}dist/frameworks/next.js`), 'there is no dist: run `npm run build` first')
  rmSync(`${here}.package`, { recursive: true, force: true })
  mkdirSync(`${here}.package`)
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', `${here}.package`], root),
  )
  run('npm', ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', `./.package/${packed.filename}`])
  run('npx', ['next', 'build'])
}

async function start() {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address()
  await new Promise(resolve => free.close(resolve))
  const next = `${here}node_modules/next/dist/bin/next`
  const server = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', String(port)], {
    cwd: here,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (let tries = 0; tries < 100; tries++) {
    const response = await fetch(`http://127.0.0.1:${port}/route/health`).catch(() => undefined)
    if (response?.status === 200) return { port, stop: () => server.kill() }
    await delay(100)
  }
  server.kill()
  throw new Error('Next did not start')
}

const sign = body => createHmac('sha256', 'in-next').update(body).digest('hex')

const head = (path, body, { method = 'POST', length = body.length, more = [] } = {}) =>
  [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `X-Cal-Signature-256: ${sign(body)}`,
    ...(length === null ? [] : [`Content-Length: ${length}`]),
    ...more,
    '',
    '',
  ].join('\r\n')

const CHUNKED = { length: null, more: ['Transfer-Encoding: chunked'] }
const booking = text =>
  Buffer.from(`{ "triggerEvent" :"PING",\n"createdAt":"2025-01-01T00:00:00Z", "payload":{${text}} }`)

/** What a path must do, whichever of Next's two routers serves it. */
const checks = {
  async 'keeps odd spacing, 64-bit integers, a byte order mark'({ port, path }) {
    const plain = booking('"n" : 9223372036854775807 ,"é":"\\u00e9"')
    for (const body of [plain, Buffer.concat([Buffer.from('\uFEFF'), booking('"bom":1')])]) {
      assert.equal((await sendOnce(port, head(path, body), body)).status, 200)
    }
  },
  async 'keeps bytes that are not UTF-8: authentic, and then unreadable'({ port, path }) {
    const body = Buffer.from([0x7b, 0xff, 0xfe, 0xc3, 0x28, 0x7d])
    assert.equal((await sendOnce(port, head(path, body), body)).status, 400)
  },
  async 'keeps a body in chunks'({ port, path }) {
    const body = booking(`"pad":"${'é'.repeat(5_000)}"`)
    assert.equal((await sendOnce(port, head(path, body, CHUNKED), chunked(body, 777))).status, 200)
  },
  async 'refuses a changed body and a second signature'({ port, path }) {
    const body = booking('"a":1')
    const changed = booking('"a":2')
    assert.equal((await sendOnce(port, head(path, body), changed)).status, 401)
    const twice = head(path, body, { more: [`X-Cal-Signature-256: ${sign(body)}`] })
    assert.equal((await sendOnce(port, twice, body)).status, 401)
  },
  async 'answers GET and HEAD for health, and 405'({ port, path }) {
    const none = Buffer.alloc(0)
    for (const method of ['GET', 'HEAD']) {
      const response = await sendOnce(port, head(`${path}/health`, none, { method, length: null }))
      assert.equal(response.status, 200)
    }
    const response = await sendOnce(port, head(path, none, { method: 'GET', length: null }))
    assert.deepEqual([response.status, header(response.headers, 'allow')], [405, 'POST'])
    assert.equal((await sendOnce(port, head(path, none, { method: 'DELETE' }))).status, 405)
  },
  async 'refuses what is too large, declared or not'({ port, path }) {
    const large = Buffer.alloc(LIMIT + 1, ' ')
    assert.equal((await sendOnce(port, head(path, large), large)).status, 413)
    assert.equal((await sendOnce(port, head(path, large, CHUNKED), chunked(large, 8_192))).status, 413)
  },
  async 'refuses what does not come, and survives who goes away'({ port, path }) {
    const slow = await openConnection(port)
    slow.write(head(path, booking(''), { length: 100 }), '{')
    assert.equal((await slow.response()).status, 408)
    slow.socket.destroy()
    const aborted = await openConnection(port)
    aborted.write(head(path, booking(''), { length: 100 }), '{')
    await delay(50)
    aborted.socket.resetAndDestroy()
    const body = booking(`"path":"${path}"`)
    assert.equal((await sendOnce(port, head(path, body), body)).status, 200)
  },
  async 'uses a connection again after 200 and 401'({ port, path }) {
    const connection = await openConnection(port)
    for (const status of [200, 401, 200]) {
      const body = booking(`"status":${status}`)
      connection.write(status === 401 ? head(path, Buffer.from('x'), { length: body.length }) : head(path, body), body)
      assert.equal((await connection.response()).status, status)
    }
    connection.socket.destroy()
  },
}

async function checkParserFix({ port }) {
  const body = booking('"a":1')
  const response = await sendOnce(port, head('/api/parsed', body), body)
  assert.equal(response.status, 500)
  assert.match(response.body.toString(), /bodyParser: false/)
}

install()
const { port, stop } = await start()
let failures = 0
const attempt = async (name, check) => {
  try {
    await check()
    console.log(`ok      ${name}`)
  } catch (error) {
    failures += 1
    console.error(`FAILED  ${name}\n`, error)
  }
}
try {
  for (const path of ['/route', '/api/raw']) {
    for (const [name, check] of Object.entries(checks)) await attempt(`${path} ${name}`, () => check({ port, path }))
  }
  await attempt('/api/parsed names the fix', () => checkParserFix({ port }))
} finally {
  stop()
}
process.exitCode = failures === 0 ? 0 : 1
