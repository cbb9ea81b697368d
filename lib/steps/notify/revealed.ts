import { PipelineError } from '../../errors.ts'
import { revealAll } from '../../secrets/reveal.ts'

/**
 * Secrets that a message is sent with. A wrong reference does not give the message up: it can be mended while the message waits, as a refused
 * password can. Throws what {@link revealAll} does, always retryable.
 */
export async function revealed<T extends Record<string, string>>(values: T, signal: AbortSignal): Promise<T> {
  try {
    return await revealAll(values, signal)
  } catch (thrown) {
    const { code, message } = PipelineError.from(thrown)
    throw new PipelineError(code, message, { retryable: true, cause: thrown })
  }
}
