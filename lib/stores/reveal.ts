import { PipelineError } from '../errors.ts'
import { reveal } from '../secrets/reveal.ts'

/**
 * The address of a server with the password in it; each may be a reference, which is looked up now. Throws SECRET_*, and STORE_CONFIG for
 * what is no address; no message holds either.
 */
export async function revealAddress(store: string, url: string, password: string | undefined): Promise<string> {
  const [address, secret] = await Promise.all([reveal(url), reveal(password ?? '')])
  if (secret === '') return address.trim()
  const whole = URL.parse(address.trim())
  if (whole === null) throw new PipelineError('STORE_CONFIG', `The address of ${store} is none`)
  whole.password = encodeURIComponent(secret)
  return whole.href
}
