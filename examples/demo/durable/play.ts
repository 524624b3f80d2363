import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Printer } from '../print.ts'
import { playKilledReceiver } from './receiving.ts'
import { playKilledSender } from './sending.ts'

/** Kills a process in the middle of its work, once while it sends and once while it receives. */
export async function playDurable(printer: Printer): Promise<void> {
  printer.title('Durability', 'processes are killed in the middle of their work; the store is a SQLite file')
  const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-demo-'))
  try {
    await playKilledSender(folder, printer)
    await playKilledReceiver(folder, printer)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
