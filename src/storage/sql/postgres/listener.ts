import type { Clock } from '../../../clock.ts'
import { type FullClient, kindOf } from './client.ts'

/** A connection that was lost is replaced after this time. Workers poll meanwhile. */
const RECONNECT_MS = 1_000

/**
 * Hears of what other processes enqueued, over a connection of its own where there is a pool. Hears nothing where the
 * client cannot: workers poll as well.
 */
export function createListener(client: FullClient, channel: string, clock: Clock) {
  const wakes = new Set<() => void>()
  let stop: (() => void) | undefined
  const notify = (): void => {
    for (const wake of wakes) wake()
  }
  const begin = (): void => {
    let ended = false
    let cancelRetry: (() => void) | undefined
    let unlisten: (() => void) | undefined
    const connect = (): void => {
      cancelRetry = undefined
      listenOnce(client, channel, notify, again).then(
        end => {
          if (ended) end()
          else unlisten = end
        },
        () => again(),
      )
    }
    function again(): void {
      unlisten?.()
      unlisten = undefined
      if (!ended) cancelRetry ??= clock.setTimer(connect, RECONNECT_MS)
    }
    stop = () => {
      ended = true
      cancelRetry?.()
      unlisten?.()
      unlisten = undefined
      stop = undefined
    }
    connect()
  }
  return {
    onEnqueued(wake: () => void): () => void {
      wakes.add(wake)
      if (stop === undefined) begin()
      return () => {
        wakes.delete(wake)
        if (wakes.size === 0) stop?.()
      }
    },
    close(): void {
      wakes.clear()
      stop?.()
    },
  }
}

/** Listens until the connection is lost. The answer ends it. */
async function listenOnce(
  client: FullClient,
  channel: string,
  notify: () => void,
  lost: () => void,
): Promise<() => void> {
  const kind = kindOf(client)
  if (kind === 'pglite') {
    const unlisten = await client.listen?.(channel, notify)
    return () => void unlisten?.().catch(() => undefined)
  }
  const own = kind === 'pool' ? ((await client.connect?.()) as FullClient) : client
  const heard = (message: { readonly channel?: string }): void => {
    if (message.channel === channel) notify()
  }
  own.on?.('notification', heard)
  if (kind === 'pool') {
    own.on?.('error', lost)
    own.on?.('end', lost)
  }
  let open = true
  const end = (): void => {
    if (!open) return
    open = false
    own.off?.('notification', heard)
    own.off?.('end', lost)
    // Not to be handed to others: it listens. Its errors stay heard until it is gone.
    if (kind === 'pool') own.release?.(true)
    else own.query(`unlisten ${channel}`).catch(() => undefined)
  }
  try {
    await own.query(`listen ${channel}`)
  } catch (error) {
    end()
    throw error
  }
  return end
}
