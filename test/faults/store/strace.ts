import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { AcceptorSettings } from '../children/acceptor.ts'
import { childScript } from '../harness/bundle.ts'

/** Whether there is `strace` here, and it may be used. Says so when not. */
export function canTrace(): boolean {
  const found = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
  if (!found) process.stderr.write('Faults of the disk are skipped: strace is missing, or may not trace\n')
  return found
}

/** What became of a file since the last answer: `written` when a flush is to follow. */
type FileState = 'untouched' | 'written' | 'flushed'
const NOTHING: FileState = 'untouched'

/** What an acceptor said, and what it asked of the disk before. */
export interface Trace {
  readonly accepted: readonly number[]
  /** Codes of those that were rejected. */
  readonly rejected: readonly string[]
  /** Those of `accepted` before which what was written was flushed, with success. */
  readonly flushed: readonly number[]
  /** How many calls were made to fail. */
  readonly injected: number
}

const OPTIONS = ['-f', '-y', '-s', '64', '-e', 'trace=fsync,fdatasync,pwrite64,pwritev,write,ftruncate']

/** Runs an acceptor under strace. `inject`: what is made to fail, in strace's words. */
export async function traceAcceptor(settings: AcceptorSettings, folder: string, inject?: string): Promise<Trace> {
  const log = join(folder, `trace-${settings.from}`)
  const faults = inject === undefined ? [] : ['-e', `inject=${inject}`]
  const command = [process.execPath, await childScript('acceptor'), JSON.stringify(settings)]
  const child = spawn('strace', [...OPTIONS, ...faults, '-o', log, ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await new Promise(resolve => child.once('exit', resolve))
  return readTrace(readFileSync(log, 'utf8'))
}

/** Runs an acceptor, and traces it together with a server that runs already, and with all that this starts. */
export async function traceServer(settings: AcceptorSettings, serverPid: number, folder: string): Promise<Trace> {
  const log = join(folder, `trace-${settings.from}`)
  const child = spawn(process.execPath, [await childScript('acceptor'), JSON.stringify({ ...settings, waits: true })], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const strace = spawn('strace', [...OPTIONS, '-o', log, '-p', String(serverPid), '-p', String(child.pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise(resolve => strace.once('exit', resolve))
  const acceptorEnded = new Promise(resolve => child.once('exit', resolve))
  await Promise.race([attached(strace.stderr, 2), ended])
  child.stdin.end('go')
  await acceptorEnded
  strace.kill('SIGINT')
  await ended
  return readTrace(readFileSync(log, 'utf8'))
}

/** Resolves when strace has said of so many processes that it listens to them. It goes on saying so of those that start. */
function attached(words: Readable, processes: number): Promise<void> {
  let text = ''
  return new Promise(resolve => {
    words.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      if (text.split(/: Process \d+ attached/).length > processes) resolve()
    })
  })
}

/** Between the last write into the log of the database and the word that it was accepted there must be a flush. */
function readTrace(text: string): Trace {
  const accepted: number[] = []
  const rejected: string[] = []
  const flushed: number[] = []
  let injected = 0
  /** The log, and the file itself, which is written instead where there is no log; of each thread that writes. */
  const threads = new Map<string, Readonly<Record<'log' | 'file', FileState>>>()
  for (const { thread, line } of joined(text)) {
    if (line.includes('(INJECTED)')) injected++
    const [, call, name = '', result] =
      /\b(pwrite64|pwritev|fsync|fdatasync)\(\d+<([^>]*)>.*\) += (-?\d+)/.exec(line) ?? []
    const files = threads.get(thread) ?? { log: NOTHING, file: NOTHING }
    const which = isLog(name) ? 'log' : name.endsWith('.db') ? 'file' : undefined
    if (which !== undefined && call?.startsWith('pwrite')) threads.set(thread, { ...files, [which]: 'written' })
    else if (which !== undefined && result === '0' && files[which] === 'written')
      threads.set(thread, { ...files, [which]: 'flushed' })
    const [, verdict, number, code] = /\bwrite\(1<[^>]*>, "(accepted|rejected) (\d+) ?(\w*)/.exec(line) ?? []
    if (verdict === undefined) continue
    if (verdict === 'rejected') rejected.push(code ?? 'none')
    else {
      accepted.push(Number(number))
      const isFlushed = ({ log, file }: typeof files): boolean => (log === NOTHING ? file : log) === 'flushed'
      if ([...threads.values()].some(isFlushed)) flushed.push(Number(number))
    }
    threads.clear()
  }
  return { accepted, rejected, flushed, injected }
}

/** Whether a file is the write-ahead log of SQLite or of PostgreSQL. */
function isLog(name: string): boolean {
  return name.endsWith('.db-wal') || /\/pg_wal\/[0-9A-F]{24}$/.test(name)
}

/** The lines of a trace in their order of ending: a call that another thread interrupted has two. */
function joined(text: string): ReadonlyArray<{ readonly thread: string; readonly line: string }> {
  const begun = new Map<string, string>()
  return text.split('\n').flatMap(traced => {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(traced) ?? []
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest.slice(0, -'<unfinished ...>'.length))
      return []
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1]
    return [{ thread, line: resumed === undefined ? rest : (begun.get(thread) ?? '') + resumed }]
  })
}
