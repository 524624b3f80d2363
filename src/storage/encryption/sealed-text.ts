import { decodeBase64, encodeBase64, utf8 } from '../../bytes/encoding.ts'
import { WebhookError } from '../../errors.ts'
import type { Sealer } from './sealer.ts'

const MARK = 'sealed:'

/** Text for a column: sealed where there is a sealer, marked as such. */
export async function sealText(plain: string, place: string, sealer: Sealer | undefined): Promise<string> {
  return sealer === undefined ? plain : MARK + encodeBase64(await sealer.seal(utf8(plain), place))
}

/**
 * The text again. What was stored before encryption was turned on is not marked, and is read as it is.
 *
 * @throws {WebhookError} `store_encryption` when it does not open, or there is no key.
 */
export async function openText(stored: string, place: string, sealer: Sealer | undefined): Promise<string> {
  if (!stored.startsWith(MARK)) return stored
  const sealed = decodeBase64(stored.slice(MARK.length))
  if (sealer === undefined || sealed === undefined) throw unreadable(sealer === undefined)
  return new TextDecoder().decode(await sealer.open(sealed, place))
}

/** A stored text, sealed with the first of the keys; `undefined` when it is already. Otherwise like {@link openText}. */
export async function resealText(stored: string, place: string, sealer: Sealer): Promise<string | undefined> {
  const sealed = stored.startsWith(MARK) ? decodeBase64(stored.slice(MARK.length)) : undefined
  if (sealed !== undefined && sealer.isCurrent(sealed)) return undefined
  return sealText(await openText(stored, place, sealer), place, sealer)
}

/** What `read` gives; `null` when it cannot be read. */
export async function ifReadable<Out>(read: () => Promise<Out>): Promise<Out | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof WebhookError && error.code === 'store_encryption') return null
    throw error
  }
}

/** Says that something is sealed and there is nothing to open it with. */
export function unreadable(keyMissing: boolean): WebhookError {
  const problem = keyMissing ? 'the store was built without encryption.keys' : 'it was changed'
  return new WebhookError('store_encryption', `a stored secret cannot be read: ${problem}`)
}
