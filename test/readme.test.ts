import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generateSecret, standardWebhooks } from 'crm-webhooks/signatures'
import { signedRequest } from 'crm-webhooks/testing'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { ENVELOPE_NAMES } from '../src/outbound/envelopes.ts'
import { SIGNING_SCHEMES } from '../src/outbound/signing.ts'
import type { Preset } from '../src/presets/preset.ts'
import { attemptCount, scheduleDelays } from '../src/retry/backoff.ts'
import { NAMED_POLICIES } from '../src/retry/schedules.ts'
import type { ProviderFixtures } from '../src/testing/fixtures.ts'
import { freePort } from './support/free-port.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')

const blocks = (language: string, text = readme): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code)

const read = (file: string): string => readFileSync(`${root}src/${file}`, 'utf8')

/** What stands below a heading. */
const section = (heading: string): string => readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''

/** Files of the folder that are not providers but what providers are made of. */
const SHARED = new Set(['provider', 'describe', 'schema'])

const providers = readdirSync(`${root}src/providers`)
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -3))
  .filter(name => !SHARED.has(name))

/** The rows of the table of senders, by name of the file. */
const rows = new Map(
  [...readme.matchAll(/^\| .* \| `([a-z0-9-]+)` → `(\w+)` \| .* \| (.+) \| (.+) \| (.*) \|$/gm)].map(
    ([, file = '', factory = '', proof = '', ids = '', attempt = '']) => [file, { factory, proof, ids, attempt }],
  ),
)

describe('the links', () => {
  it('lead to files and headings that exist', () => {
    const headings = [...readme.matchAll(/^## (.+)$/gm)].map(
      ([, text = '']) => `#${text.toLowerCase().replaceAll(' ', '-')}`,
    )
    const links = [...readme.matchAll(/\]\(((?!https?:)[^)]+)\)/g)].map(([, target = '']) => target)
    expect(links.length).toBeGreaterThan(15)
    expect(links.filter(link => !headings.includes(link) && !existsSync(root + link))).toEqual([])
  })
})

describe('the table of senders', () => {
  it('lists providers that exist, each once and in order', () => {
    const listed = [...rows.keys()]
    expect(listed).toEqual(providers.filter(name => rows.has(name)))
    expect(listed.length).toBeGreaterThan(90)
  })

  it.each([...rows].filter(([file]) => file !== 'generic' && providers.includes(file)))(
    'says of %s what its samples show',
    async (file, { factory, proof, ids, attempt }) => {
      const module = (await import(`../src/providers/${file}.ts`)) as Record<string, unknown>
      expect(module[factory]).toBeTypeOf('function')
      const { fixtures } = (await import(`../src/testing/fixtures/${file}.ts`)) as { fixtures: ProviderFixtures }
      const provider = fixtures.create()
      const events = []
      for (const type of Object.keys(fixtures.requests)) {
        const parsed = provider.parse(await signedRequest(provider, type))
        if (parsed.ok) events.push(...parsed.events)
      }
      expect([...new Set(events.map(({ idSource }) => idSource))].sort()).toEqual(ids.split(', ').sort())
      expect(events.some(event => event.attempt !== undefined)).toBe(attempt === 'yes')
      if (proof.endsWith('a credential')) expect(fixtures.provesBody).toBe(false)
    },
  )
})

describe('the table of presets', () => {
  const presets = [
    ...section('Presets').matchAll(/^\| .* \| `([a-z0-9-]+)` → `(\w+)` \| (.+) \| .+ \| (.*) \|$/gm),
  ].map(([, file = '', factory = '', settings = '']) => ({ file, factory, settings }))

  it('lists presets each once and in order', () => {
    const files = presets.map(({ file }) => file)
    expect(files).toEqual([...new Set(files)].sort())
    expect(files.length).toBeGreaterThan(10)
  })

  it.each(presets)('$file exists, by this name, with these settings', async ({ file, factory, settings }) => {
    const module = (await import(`../src/presets/${file}.ts`)) as Record<string, () => Preset>
    const preset = module[factory]?.()
    expect(preset?.name).toBe(file)
    const names = [...settings.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)
    const shapes = ['presets/shared/atlassian.ts', `presets/${file}.ts`].map(name => read(name)).join()
    expect(names.filter(name => !new RegExp(`readonly ${name}\\??:`).test(shapes))).toEqual([])
    // What it misses first is in the table.
    const empty = preset?.settings({})
    expect(names).toContain(empty?.ok === false ? empty.message.split(' ')[0] : '')
  })
})

describe('the tables of endpoints', () => {
  const rowsOf = (heading: string): ReadonlyArray<readonly string[]> =>
    [...section(heading).matchAll(/^\| `(.+?)` \| (.*) \|$/gm)].map(([, name = '', rest = '']) => [
      name,
      ...rest.split(' | '),
    ])

  it('have every signature scheme with its header', () => {
    const listed = rowsOf('Signatures and secrets').map(([name, header = '']) => [
      name,
      header.replaceAll('`', '').trim(),
    ])
    expect(listed).toEqual(Object.entries(SIGNING_SCHEMES).map(([name, { header }]) => [name, header]))
  })

  it('have every field of an endpoint, then every envelope', () => {
    const [, input = ''] = read('outbound/endpoint-input.ts').split('export interface EndpointInput {')
    const fields = [...(input.split('\n}')[0] ?? '').matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name)
    expect(fields.length).toBeGreaterThan(15)
    expect(rowsOf('Endpoints').map(([name]) => name)).toEqual([...fields, ...ENVELOPE_NAMES])
  })

  it('have every named schedule with its waits and attempts', () => {
    const inSeconds: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 }
    const listed = rowsOf('Retries').map(([name, waits = '', attempts = '']) => ({
      name,
      waits: waits.split(', ').map(wait => Number.parseInt(wait, 10) * (inSeconds[wait.split(' ')[1] ?? ''] ?? 0)),
      attempts: Number.parseInt(attempts, 10),
    }))
    const actual = [...NAMED_POLICIES].map(([name, { schedule }]) => ({
      name,
      waits: scheduleDelays(schedule),
      attempts: attemptCount(schedule),
    }))
    expect(listed).toEqual(actual)
  })
})

/** What the snippets use without saying where it comes from, as a reader would understand it. */
const AMBIENT: Readonly<Record<string, string>> = {
  app: "declare const app: ReturnType<typeof import('express')['default']>",
  crm: `declare const crm: { byPhone(number: unknown): Promise<{ name: string }> } & {
    [Name in 'addCall' | 'addOrder' | 'celebrate' | 'mergeRecords' | 'moveDeal' | 'note' | 'syncContact']:
      (...values: unknown[]) => Promise<void> }`,
  express: "import express from 'express'",
  fastify: "declare const fastify: ReturnType<typeof import('fastify')['default']>",
  hono: "declare const hono: InstanceType<typeof import('hono')['Hono']>",
  koa: "declare const koa: InstanceType<typeof import('koa')['default']>",
  endpointId: 'declare const endpointId: string',
  guard: "declare const guard: import('crm-webhooks').AddressGuard",
  receiver: "declare const receiver: import('crm-webhooks').Receiver",
  sender: "declare const sender: import('crm-webhooks').Sender",
  transport: "declare const transport: import('crm-webhooks').Transport",
}

function completed(snippet: string): string {
  const missing = Object.keys(AMBIENT).filter(
    name => new RegExp(`\\b${name}\\b`).test(snippet) && !new RegExp(`const ${name}\\b`).test(snippet),
  )
  return [...missing.map(name => AMBIENT[name]), snippet, 'export {}'].join('\n')
}

describe('the snippets', () => {
  it('compile', { timeout: 60_000 }, () => {
    const config = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
    const files = new Map(blocks('ts').map((snippet, i) => [`${root}readme-snippet-${i}.ts`, completed(snippet)]))
    expect(files.size).toBeGreaterThan(25)
    const host = ts.createCompilerHost(options)
    const { fileExists, readFile } = host
    host.fileExists = file => files.has(file) || fileExists(file)
    host.readFile = file => files.get(file) ?? readFile(file)
    const untyped = `${root}test/frameworks/untyped.d.ts`
    const program = ts.createProgram([...files.keys(), untyped], { ...options, noUnusedLocals: false }, host)
    const errors = [...files.keys()].flatMap(file => {
      const source = program.getSourceFile(file)
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ messageText }) => `${files.get(file)}\n${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      )
    })
    expect(errors).toEqual([])
  })

  it('of the first five minutes do what is said', { timeout: 60_000 }, async () => {
    const { printed, served, promised } = await tryOut('Receiving in five minutes', ['server', 'try'])
    expect(withoutDuration(printed)).toBe(withoutDuration(promised))
    expect(served.match(/John Doe booked 60 minutes/g)).toHaveLength(1)
    expect(served).toContain('webhook rejected')
  })

  it('of sending in five minutes do what is said', { timeout: 60_000 }, async () => {
    const { printed, served, promised } = await tryOut('Sending in five minutes', ['customer', 'send'])
    expect(printed).toBe(promised)
    expect(served).toBe('not now\na lead: Zoë\n')
  })
})

describe('the way to verify what we send', () => {
  const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA='

  it('accepts what is signed, by either secret of a rotation, and refuses all else', async () => {
    const [code = ''] = blocks('ts', section('Verifying what we send'))
    const folder = mkdtempSync(`${root}.readme-`)
    try {
      writeFileSync(`${folder}/verify.ts`, code)
      const { verify } = (await import(`${folder}/verify.ts`)) as {
        verify(headers: Readonly<Record<string, string>>, body: Uint8Array, secret: string): boolean
      }
      const body = Buffer.from('{"type":"lead.created","data":{"name":"Zoë"}}')
      const other = generateSecret()
      const scheme = standardWebhooks({ secret: [other, SECRET] })
      const headers = scheme.sign({ id: 'evt_1', body, timestampMs: Date.now() })
      expect(verify(headers, body, SECRET)).toBe(true)
      expect(verify(headers, body, other)).toBe(true)
      expect(verify(headers, body, generateSecret())).toBe(false)
      expect(verify(headers, Buffer.from('{}'), SECRET)).toBe(false)
      expect(verify({ ...headers, 'webhook-id': 'evt_2' }, body, SECRET)).toBe(false)
      const old = scheme.sign({ id: 'evt_1', body, timestampMs: Date.now() - 600_000 })
      expect(verify(old, body, SECRET)).toBe(false)
      expect(verify({}, body, SECRET)).toBe(false)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** Runs the first two snippets of a section as files of these names, the first one as a server on a free port. */
async function tryOut(heading: string, names: readonly [server: string, client: string]) {
  const [first = '', second = ''] = blocks('ts', section(heading))
  const [promised = ''] = blocks('text', section(heading))
  const folder = mkdtempSync(`${root}.readme-`)
  try {
    const port = await freePort()
    // As in an empty folder, into which the package was installed: what is no .mts is CommonJS there.
    writeFileSync(`${folder}/package.json`, '{}')
    const [server, client] = names.map(name => `${folder}/${fileOf(name, section(heading))}`)
    for (const [file = '', code] of [
      [server, first],
      [client, second],
    ] as const) {
      expect(code).toContain('3000')
      writeFileSync(file, code.replace(/\b3000\b/g, String(port)))
    }
    const serving = await start(server ?? '', port)
    const printed = await run(client ?? '')
    return { printed, served: await serving.stop(), promised }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What the reader is told to save a snippet as. */
function fileOf(name: string, text: string): string {
  const [, file = ''] = new RegExp(`\`(${name}\\.\\w+)\``).exec(text) ?? []
  expect(text).toContain(`\`npx tsx ${file}\``)
  return file
}

const withoutDuration = (text: string): string => text.replace(/"duration":[\d.]+/g, '"duration":…')
const tsx = (file: string): readonly string[] => ['--import', 'tsx', file]

function run(file: string): Promise<string> {
  return new Promise(resolve => {
    execFile(process.execPath, tsx(file), { cwd: root }, (_, stdout, stderr) => resolve(stdout + stderr))
  })
}

/** Starts a server and waits until it listens. */
async function start(file: string, port: number): Promise<{ stop(): Promise<string> }> {
  const child = spawn(process.execPath, tsx(file), { cwd: root })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)))
  const ended = new Promise<string>(resolve => child.on('close', () => resolve(output)))
  const isUp = (): Promise<boolean> =>
    fetch(`http://localhost:${port}/health`).then(
      ({ ok }) => ok,
      () => false,
    )
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`the server ended: ${await ended}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return {
    stop() {
      child.kill()
      return ended
    },
  }
}

describe('the code for those who receive our webhooks', () => {
  it.each(['py', 'php', 'go'])('is that of verify.%s', extension => {
    const code = readFileSync(`${root}examples/verify-our-webhooks/verify.${extension}`, 'utf8').trimEnd()
    expect(readme).toContain(`\n${code}\n\`\`\``)
  })
})
