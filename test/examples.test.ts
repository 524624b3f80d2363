import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
// Examples of tests are run by being imported: their tests become tests of this file.
import '../examples/sending-testing.ts'
import '../examples/testing-your-handlers.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const read = (file: string): string => readFileSync(`${root}examples/${file}`, 'utf8')

/** The lines that an example says it prints, in a comment at its end. */
function promisedLines(source: string): readonly string[] | undefined {
  const [, promised] = source.split('\n// Prints:\n')
  return promised
    ?.trimEnd()
    .split('\n')
    .map(line => line.replace(/^\/\/ ?/, ''))
}

const files = readdirSync(`${root}examples`).filter(file => file.endsWith('.ts'))
const scripts = files.filter(file => promisedLines(read(file)) !== undefined)

/** Servers, and those that print something else; each has a test of its own, here or in frameworks/examples.test.ts. */
const OTHERS = [
  'aws-lambda.ts',
  'demo.ts',
  'express.ts',
  'fastify.ts',
  'hono.ts',
  'koa.ts',
  'next-route-handler.ts',
  'node-http.ts',
  'sending-testing.ts',
  'testing-your-handlers.ts',
]

const log = vi.spyOn(console, 'log').mockImplementation(() => {})
afterEach(() => void log.mockClear())

describe('examples', () => {
  it('are all tested', () => {
    expect([...scripts, ...OTHERS].sort()).toEqual([...files].sort())
    expect(scripts.length).toBeGreaterThan(20)
  })

  it.each(scripts)('%s prints what it says', async file => {
    await import(`../examples/${file}`)
    expect(log.mock.calls.map(line => line.join(' '))).toEqual(promisedLines(read(file)))
  })
})

describe('npm run demo', () => {
  it('runs over sockets, everything as expected, readable in a plain terminal', { timeout: 60_000 }, async () => {
    const { code, output } = await runDemo()
    expect(output).not.toContain('UNEXPECTED')
    expect(output.trimEnd().split('\n').at(-1)).toMatch(/^\d+ requests, all answered as expected/)
    expect(output).not.toContain('\u001b')
    expect(output.split('\n').filter(line => [...line].length > 100)).toEqual([])
    // Both halves have run, to the end.
    for (const part of ['Receiving: ', 'Sending: ', '\nExchange log', '\nFigures', 'curl --globoff']) {
      expect(output).toContain(part)
    }
    expect(code).toBe(0)
  })

  it('kills workers in the middle of their work, and nothing is lost', { timeout: 180_000 }, async () => {
    const { code, output } = await runDemo('--durable')
    expect(output).not.toContain('UNEXPECTED')
    expect(output.trimEnd().split('\n').at(-1)).toMatch(/^everything as expected/)
    expect(output.split('\n').filter(line => [...line].length > 100 || line.endsWith('…'))).toEqual([])
    expect(output.match(/is killed \(SIGKILL\)/g)?.length).toBe(2)
    // Both tables: all that was accepted was done, and none is lost.
    expect(output.match(/^ {2}300 {11}300 {8}0 {5}\d/gm)?.length).toBe(2)
    expect(code).toBe(0)
  })

  it('says what it can when it is asked for something else', async () => {
    const { code, output } = await runDemo('--fast')
    expect(output).toMatch(/no option --fast\.\n\nUsage: npm run demo/)
    expect(code).toBe(2)
  })
})

function runDemo(...options: string[]): Promise<{ code: number; output: string }> {
  return new Promise(resolve => {
    const args = ['--import', 'tsx', 'examples/demo.ts', ...options]
    const child = execFile(process.execPath, args, { cwd: root }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    )
  })
}
