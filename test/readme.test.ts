import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { signedRequest } from 'crm-webhooks/testing'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import type { ProviderFixtures } from '../src/testing/fixtures.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')

const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code)

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
  receiver: "declare const receiver: import('crm-webhooks').Receiver",
}

function completed(snippet: string): string {
  const missing = Object.keys(AMBIENT).filter(
    name => new RegExp(`\\b${name}\\b`).test(snippet) && !new RegExp(`const ${name}\\b`).test(snippet),
  )
  return [...missing.map(name => AMBIENT[name]), snippet].join('\n')
}

describe('the snippets', () => {
  it('compile', { timeout: 60_000 }, () => {
    const config = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root)
    const files = new Map(blocks('ts').map((snippet, i) => [`${root}readme-snippet-${i}.ts`, completed(snippet)]))
    expect(files.size).toBeGreaterThan(15)
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
    const [server = '', attempt = ''] = blocks('ts')
    const [promised = ''] = blocks('text')
    const folder = mkdtempSync(`${root}.readme-`)
    try {
      const port = await freePort()
      for (const [name, code] of Object.entries({ server, try: attempt })) {
        expect(code).toContain('3000')
        writeFileSync(`${folder}/${name}.ts`, code.replaceAll('3000', String(port)))
      }
      const serving = await start(`${folder}/server.ts`, port)
      const printed = await run(`${folder}/try.ts`)
      const served = await serving.stop()
      expect(withoutDuration(printed)).toBe(withoutDuration(promised))
      expect(served.match(/John Doe booked 60 minutes/g)).toHaveLength(1)
      expect(served).toContain('webhook rejected')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

const withoutDuration = (text: string): string => text.replace(/"duration":[\d.]+/g, '"duration":…')
const tsx = (file: string): readonly string[] => ['--import', 'tsx', file]

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, () => resolve()))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

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
