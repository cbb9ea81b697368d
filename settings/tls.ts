import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { PipelineError } from '../lib/errors.ts'

/** Certificate chain and key, as PEM. */
interface Pair {
  cert: Buffer
  key: Buffer
}

/**
 * Node-RED's `https`: it is called at the start and then now and again, and answers only when the files have changed; a pair that does not fit
 * together is said and the old one kept. Undefined where no files are named. Throws SETTINGS_INVALID.
 */
export function tlsOf(certFile: string | undefined, keyFile: string | undefined): (() => Pair | undefined) | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined) {
    throw new PipelineError('SETTINGS_INVALID', 'TLS needs both NODE_RED_TLS_CERT and NODE_RED_TLS_KEY')
  }
  let seen = ''
  const stamp = () => [certFile, keyFile].map((file) => `${statSync(file).mtimeMs}-${statSync(file).size}`).join()
  const read = () => {
    try {
      const now = stamp()
      if (now === seen) return undefined
      const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
      createSecureContext({ ...pair, minVersion: 'TLSv1.2' })
      seen = now
      return pair
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown)
      throw new PipelineError('SETTINGS_INVALID', `Certificate and key for TLS cannot be used: ${why}`)
    }
  }
  let first = read()
  return () => {
    const pair = first ?? read()
    first = undefined
    return pair
  }
}
