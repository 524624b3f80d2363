import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** Runs an acceptor under strace. `inject`: what is made to fail, in strace's words. */
export async function traceAcceptor(settings: AcceptorSettings, folder: string, inject?: string): Promise<Trace> {
  const log = join(folder, `trace-${settings.from}`)
  const calls = 'fsync,fdatasync,pwrite64,pwritev,write,ftruncate'
  const faults = inject === undefined ? [] : ['-e', `inject=${inject}`]
  const command = [process.execPath, await childScript('acceptor'), JSON.stringify(settings)]
  const child = spawn('strace', ['-f', '-y', '-s', '64', '-e', `trace=${calls}`, ...faults, '-o', log, ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await new Promise(resolve => child.once('exit', resolve))
  return readTrace(readFileSync(log, 'utf8'))
}

/** Between the last write into the log of the database and the word that it was accepted there must be a flush. */
function readTrace(text: string): Trace {
  const accepted: number[] = []
  const rejected: string[] = []
  const flushed: number[] = []
  let injected = 0
  /** The log, and the file itself, which is written instead where there is no log. */
  let files: Readonly<Record<'log' | 'file', FileState>> = { log: NOTHING, file: NOTHING }
  for (const line of joined(text)) {
    if (line.includes('(INJECTED)')) injected++
    const [, call, name = '', result] =
      /\b(pwrite64|pwritev|fsync|fdatasync)\(\d+<([^>]*)>.*\) += (-?\d+)/.exec(line) ?? []
    const which = name.endsWith('.db-wal') ? 'log' : name.endsWith('.db') ? 'file' : undefined
    if (which !== undefined && call?.startsWith('pwrite')) files = { ...files, [which]: 'written' }
    else if (which !== undefined && result === '0' && files[which] === 'written')
      files = { ...files, [which]: 'flushed' }
    const [, verdict, number, code] = /\bwrite\(1<[^>]*>, "(accepted|rejected) (\d+) ?(\w*)/.exec(line) ?? []
    if (verdict === undefined) continue
    if (verdict === 'rejected') rejected.push(code ?? 'none')
    else {
      accepted.push(Number(number))
      if ((files.log === NOTHING ? files.file : files.log) === 'flushed') flushed.push(Number(number))
    }
    files = { log: NOTHING, file: NOTHING }
  }
  return { accepted, rejected, flushed, injected }
}

/** The lines of a trace in their order of ending: a call that another thread interrupted has two. */
function joined(text: string): readonly string[] {
  const begun = new Map<string, string>()
  return text.split('\n').flatMap(line => {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest.slice(0, -'<unfinished ...>'.length))
      return []
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1]
    return [resumed === undefined ? rest : (begun.get(thread) ?? '') + resumed]
  })
}
