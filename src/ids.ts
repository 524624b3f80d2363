import { encodeBase64Url } from './bytes/encoding.ts'

/** Where the library takes random bytes from. */
export type RandomBytes = (length: number) => Uint8Array

/** Cryptographically strong random bytes (Web Crypto). */
export const randomBytes: RandomBytes = length => crypto.getRandomValues(new Uint8Array(length))

/** A number from 0 up to, but not including, 1, from strong random bytes. For jitter. */
export function randomFraction(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32
}

/** A new id: a prefix and 144 random bits. Has no full stop, so it can stand in a signed message. */
export function newId(prefix: string, random: RandomBytes = randomBytes): string {
  return `${prefix}_${encodeBase64Url(random(18))}`
}
