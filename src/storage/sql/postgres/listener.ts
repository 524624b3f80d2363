import { systemClock } from '../../../clock.ts'
import type { Logger } from '../../../model/logger.ts'
import type { LaneName } from '../../store.ts'
import { bounded } from './call.ts'
import { type FullClient, isPoolOfOne, kindOf } from './client.ts'
import { readLanes } from './notification.ts'

/** A connection that was lost is replaced after this time. Workers poll meanwhile. */
const RECONNECT_MS = 1_000

const POOL_OF_ONE =
  'webhook store: the pool has one connection, which cannot listen beside its work: workers poll. Give it two or more'

type Wake = (lanes?: readonly LaneName[]) => void

interface Message {
  readonly channel?: string
  readonly payload?: string
}

/** What a listener needs beside the client. */
export interface ListenerParts {
  readonly channel: string
  /** How long a connection may take. */
  readonly timeoutMs: number
  /** Runs a command on a single client, in its turn. */
  readonly command: (text: string) => Promise<void>
  readonly logger: Logger
}

/**
 * Hears of what other processes enqueued, over a connection of its own where there is a pool. Hears nothing where the
 * client cannot: workers poll as well.
 */
export function createListener(client: FullClient, parts: ListenerParts) {
  const wakes = new Set<Wake>()
  let stop: (() => void) | undefined
  let warned = false
  const notify = (payload: string | undefined): void => {
    const lanes = readLanes(payload)
    for (const wake of wakes) wake(lanes)
  }
  const begin = (): void => {
    let ended = false
    let cancelRetry: (() => void) | undefined
    let unlisten: (() => void) | undefined
    const connect = (): void => {
      cancelRetry = undefined
      listenOnce(client, parts, notify, again).then(
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
      if (!ended) cancelRetry ??= systemClock.setTimer(connect, RECONNECT_MS)
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
    onEnqueued(wake: Wake): () => void {
      if (isPoolOfOne(client)) {
        if (!warned) parts.logger.warn(POOL_OF_ONE)
        warned = true
        return () => undefined
      }
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
  parts: ListenerParts,
  notify: (payload: string | undefined) => void,
  lost: () => void,
): Promise<() => void> {
  const { channel, command } = parts
  const kind = kindOf(client)
  if (kind === 'pglite') {
    const unlisten = await client.listen?.(channel, notify)
    return () => void unlisten?.().catch(() => undefined)
  }
  const heard = (message: Message): void => {
    if (message.channel === channel) notify(message.payload)
  }
  if (kind === 'pool') return listenOnPool(client, parts, heard, lost)
  client.on?.('notification', heard)
  const end = (): void => {
    client.off?.('notification', heard)
    command(`unlisten ${channel}`).catch(() => undefined)
  }
  try {
    await command(`listen ${channel}`)
  } catch (error) {
    client.off?.('notification', heard)
    throw error
  }
  return end
}

/** On a connection that is taken from the pool for as long as it listens. */
function listenOnPool(
  pool: FullClient,
  { channel, timeoutMs }: ListenerParts,
  heard: (message: Message) => void,
  lost: () => void,
): Promise<() => void> {
  return bounded(async call => {
    const own = (await pool.connect?.()) as FullClient
    own.on?.('notification', heard)
    own.on?.('error', lost)
    own.on?.('end', lost)
    let open = true
    const end = (): void => {
      if (!open) return
      open = false
      own.off?.('notification', heard)
      own.off?.('end', lost)
      // Not to be handed to others: it listens. Its errors stay heard until it is gone.
      own.release?.(true)
    }
    call.drop = end
    try {
      call.check()
      await own.query(`listen ${channel}`)
    } catch (error) {
      end()
      throw error
    }
    return end
  }, timeoutMs)
}
