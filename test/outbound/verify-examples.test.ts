import { execFile, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verify } from '../../examples/verify-our-webhooks/verify.ts'
import { SECRET } from './support.ts'
import { at, type Captured, plainHeaders, startWireRig, type WireRig } from './wire-rig.ts'

const folder = fileURLToPath(new URL('../../examples/verify-our-webhooks', import.meta.url))
const OTHER = 'whsec_AAAAQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA'

interface Case {
  readonly name: string
  readonly secret: string
  readonly headers: Readonly<Record<string, string>>
  /** Base64. */
  readonly body: string
  readonly now: number
  readonly genuine: boolean
}

let rig: WireRig
let cases: readonly Case[] = []

beforeAll(async () => {
  rig = await startWireRig()
  const { endpoint } = await rig.sender.endpoints.create(at(rig, { secret: SECRET }))
  const plain = await rig.send({ id: 1 })
  const awkward = await rig.send({ name: 'Zoë 🎉', id: '9007199254740993', text: '\u0000\u2028\\"' })
  await rig.sender.endpoints.rotateSecret(endpoint.id, { secret: OTHER })
  cases = casesOf(plain, awkward, await rig.send({ id: 2 }))
})
afterAll(() => rig.close())

function casesOf(plain: Captured, awkward: Captured, rotating: Captured): readonly Case[] {
  const now = Math.floor(rig.clock.now() / 1000)
  const base = (captured: Captured) => ({
    secret: SECRET,
    headers: plainHeaders(captured),
    body: captured.body.toString('base64'),
    now,
  })
  const good = (name: string, captured: Captured, more: Partial<Case> = {}): Case => ({
    ...base(captured),
    ...more,
    name,
    genuine: true,
  })
  const bad = (name: string, more: Partial<Case>): Case => ({ ...base(plain), ...more, name, genuine: false })
  const without = (header: string): Partial<Case> => ({
    headers: Object.fromEntries(Object.entries(plainHeaders(plain)).filter(([name]) => name !== header)),
  })
  const having = (header: string, value: string): Partial<Case> => ({
    headers: { ...plainHeaders(plain), [header]: value },
  })
  const signature = String(plain.headers['webhook-signature'])
  return [
    good('a plain one', plain),
    good('one with awkward characters', awkward),
    good('one during a rotation, with the old secret', rotating),
    good('one during a rotation, with the new secret', rotating, { secret: OTHER }),
    good('a secret without its prefix', plain, { secret: SECRET.slice(6) }),
    good('as old as allowed', plain, { now: now + 300 }),
    good('as early as allowed', plain, { now: now - 300 }),
    good('among signatures of other kinds', plain, having('webhook-signature', `v1a,AAAA v2,zzz ${signature}`)),
    bad('stale', { now: now + 301 }),
    bad('from the future', { now: now - 301 }),
    bad('another secret', { secret: OTHER }),
    bad('another body', { body: awkward.body.toString('base64') }),
    bad('a space more', { body: Buffer.concat([plain.body, Buffer.from(' ')]).toString('base64') }),
    bad('an empty body', { body: '' }),
    bad('another id', having('webhook-id', 'evt_other')),
    bad('another time', having('webhook-timestamp', String(now - 1))),
    ...['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(name => bad(`without ${name}`, without(name))),
    ...['', 'now', '-1', '+1', '1e9', ' 1', '1.5', '٣', '9'.repeat(40)].map(value =>
      bad(`at ${JSON.stringify(value)}`, having('webhook-timestamp', value)),
    ),
    ...[
      '',
      'v1',
      'v1,',
      'v1,AAAA',
      signature.slice(3),
      signature.toUpperCase(),
      `${signature}=`,
      'v1,é 🎉',
      'v0,x'.repeat(1000),
    ].map(value => bad(`signed ${JSON.stringify(value.slice(0, 20))}`, having('webhook-signature', value))),
  ]
}

/** Runs a program that reads the cases as JSON and prints a list of verdicts. */
function verdictsOf(command: string, args: readonly string[], cwd?: string): Promise<readonly boolean[]> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { encoding: 'utf8', ...(cwd !== undefined && { cwd }) },
      (error, stdout, stderr) => {
        if (error === null) resolve(JSON.parse(stdout) as boolean[])
        else reject(new Error(stderr, { cause: error }))
      },
    )
    child.stdin?.end(JSON.stringify(cases))
  })
}

function expectAll(verdicts: readonly boolean[]): void {
  const told = cases.map(({ name }, i) => [name, verdicts[i]])
  expect(told).toEqual(cases.map(({ name, genuine }) => [name, genuine]))
  expect(told.length).toBeGreaterThan(30)
}

const isThere = (command: string, argument: string): boolean => spawnSync(command, [argument]).status === 0

const PYTHON = `
import base64, json, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from verify import verify
print(json.dumps([verify(c["secret"], c["headers"], base64.b64decode(c["body"]), c["now"]) for c in json.load(sys.stdin)]))
`

const PHP = `
require $argv[1];
$verdicts = [];
foreach (json_decode(stream_get_contents(STDIN), true) as $c) {
  $verdicts[] = verify_webhook($c['secret'], $c['headers'], base64_decode($c['body']), $c['now']);
}
echo json_encode($verdicts);
`

const GO = `package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"time"
	webhooks "example.com/verify/lib"
)

func main() {
	var cases []struct {
		Secret, Body string
		Headers      map[string]string
		Now          int64
	}
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	verdicts := []bool{}
	for _, c := range cases {
		header := http.Header{}
		for name, value := range c.Headers {
			header.Set(name, value)
		}
		body, _ := base64.StdEncoding.DecodeString(c.Body)
		verdicts = append(verdicts, webhooks.Verify(c.Secret, header, body, time.Unix(c.Now, 0)) == nil)
	}
	json.NewEncoder(os.Stdout).Encode(verdicts)
}
`

describe('the code that we hand to receivers', () => {
  it('verify.ts accepts what is genuine, and nothing else', () => {
    expectAll(cases.map(({ secret, headers, body, now }) => verify(secret, headers, Buffer.from(body, 'base64'), now)))
  })

  it('verify.ts refuses a header that came twice as a list', () => {
    const [first] = cases
    if (first === undefined) throw new Error('there are cases')
    const headers = { ...first.headers, 'webhook-signature': [String(first.headers['webhook-signature'])] }
    expect(verify(first.secret, headers, Buffer.from(first.body, 'base64'), first.now)).toBe(false)
  })

  it.skipIf(!isThere('python3', '--version'))('verify.py (skipped where there is no python3)', async () => {
    expectAll(await verdictsOf('python3', ['-c', PYTHON, folder]))
  })

  it.skipIf(!isThere('php', '--version'))('verify.php (skipped where there is no php)', async () => {
    expectAll(await verdictsOf('php', ['-r', PHP, '--', `${folder}/verify.php`]))
  })

  it.skipIf(!isThere('go', 'version'))('verify.go (skipped where there is no go)', async () => {
    const work = mkdtempSync(join(tmpdir(), 'verify-go-'))
    try {
      writeFileSync(join(work, 'go.mod'), 'module example.com/verify\n\ngo 1.21\n')
      writeFileSync(join(work, 'main.go'), GO)
      const lib = join(work, 'lib')
      mkdirSync(lib)
      copyFileSync(join(folder, 'verify.go'), join(lib, 'verify.go'))
      expectAll(await verdictsOf('go', ['run', '.'], work))
    } finally {
      rmSync(work, { recursive: true })
    }
  })
})
