import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * An API key is `ysh_<id>_<secret><checksum>`: `id` is public (logs, lists), the secret has 256 bits, the checksum lets a scanner of leaks, and
 * us, tell a key from a text that looks like one without asking anybody.
 */
const shape = /^ysh_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A new key and its id. */
export function makeKey(): { id: string; key: string } {
  const id = base62(randomBytes(9), 12).slice(-12)
  const start = `ysh_${id}_${base62(randomBytes(32), 43)}`
  return { id, key: start + checksum(start) }
}

/** The id of a key; undefined for what is none, or was mistyped. */
export function idOfKey(text: string): string | undefined {
  const [, id] = shape.exec(text) ?? []
  return id !== undefined && checksum(text.slice(0, -6)) === text.slice(-6) ? id : undefined
}

/** What is kept of a key or a token. SHA-256 is enough: there is nothing to guess in 256 random bits. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function checksum(text: string): string {
  return base62(Buffer.from(crc32(text).toString(16).padStart(8, '0'), 'hex'), 6)
}

function base62(bytes: Buffer, length: number): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  while (rest > 0n) {
    text = digits.charAt(Number(rest % 62n)) + text
    rest /= 62n
  }
  return text.padStart(length, '0')
}
