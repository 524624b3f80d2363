import { WebhookError } from '../../errors.ts'
import type { Receiver } from '../../inbound/receiver.ts'
import { checkOptions } from '../../model/known-fields.ts'

/** All that an adapter needs of a receiver. */
export type RequestReceiver = Pick<Receiver, 'receive'>

/** Options that every adapter takes. */
export interface AdapterOptions {
  /**
   * What senders that sign the URL have before the path: scheme and host, and the path prefix that a proxy takes
   * away, such as `https://api.example.com`. Needed behind a proxy that ends TLS. Default: scheme and `Host` header
   * as the framework reports them.
   */
  readonly publicUrl?: string
}

/** Makes the URL of a request as the sender addressed it; an absolute target is one already. */
export type UrlBuilder = (target: string | undefined, scheme?: string, host?: string) => string

/**
 * Checks what an adapter is given, once.
 *
 * @param where the adapter, for messages.
 * @param own options that this adapter has beside `publicUrl`.
 * @throws {WebhookError} `invalid_option` when the receiver is none, for an option that is not known, and when
 * `publicUrl` is not the beginning of an http(s) URL.
 */
export function checkAdapter(
  where: string,
  receiver: RequestReceiver,
  options: AdapterOptions,
  own: readonly string[] = [],
): UrlBuilder {
  if (typeof receiver?.receive !== 'function') {
    const hint = 'verify' in Object(receiver) ? ', not a provider: createReceiver({ provider })' : ''
    const message = `${where}: receiver must be what createReceiver returns${hint}`
    throw new WebhookError('invalid_option', message, { argument: 'receiver' })
  }
  checkOptions(options, ['publicUrl', ...own], where)
  return urlBuilder(options)
}

function urlBuilder({ publicUrl }: AdapterOptions): UrlBuilder {
  if (publicUrl === undefined) {
    return (target = '/', scheme = 'http', host = '') =>
      target.startsWith('/') && HOST.test(host) ? `${scheme}://${host}${target}` : target
  }
  if (typeof publicUrl !== 'string' || !/^https?:\/\/[^/?#\s]+[^?#\s]*$/.test(publicUrl)) {
    throw new WebhookError(
      'invalid_option',
      'publicUrl must be scheme and host, such as https://api.example.com, without query',
      { argument: 'publicUrl' },
    )
  }
  const base = publicUrl.replace(/\/+$/, '')
  return (target = '/') => base + target.replace(/^https?:\/\/[^/?#]*/i, '')
}

/** A stranger writes this header: anything but name and port could move the path. */
const HOST = /^[\w.-]+(?::\d+)?$|^\[[\da-fA-F:.]+\](?::\d+)?$/
