import { PipelineError } from '../errors.ts'
import { endAfter } from '../stopped.ts'
import { readSecretVariable } from './env.ts'
import { readSecretFile } from './file.ts'
import { nameOf, parseReference, type SecretReference } from './reference.ts'

/** How long a look-up may take, in milliseconds. */
const patienceMs = 10_000
/** How long an answer of AWS is kept: a rotated secret is seen within that time. Files and variables are read each time. */
const keptMs = 5 * 60_000
const maxKept = 100

interface Kept {
  value: Promise<string>
  until: number
}
const kept = new Map<string, Kept>()

/**
 * The secret behind a value, where it is used and no earlier: a reference (`env:`, `file:`, `ssm:`, `secretsmanager:`) is looked up, any
 * other value is the secret itself. What comes back belongs into no config, log, message or table. Throws SECRET_REFERENCE, SECRET_MISSING,
 * SECRET_DENIED, SECRET_INVALID, SECRET_UNAVAILABLE (retryable; also when it takes more than 10 s), AWS_MISSING, and STOPPED when `signal` aborts.
 */
export async function reveal(value: string, signal?: AbortSignal): Promise<string> {
  let reference = parseReference(value)
  if (reference?.kind === 'env') {
    const found = await readSecretVariable(reference, endAfter(patienceMs))
    reference = parseReference(found)
    if (reference === undefined) return found
    if (reference.kind === 'env') throw new PipelineError('SECRET_REFERENCE', 'A variable names another variable')
  }
  if (reference === undefined) return value
  return untilAborted(reference.kind === 'file' ? looked(reference) : remembered(reference), signal)
}

/** {@link reveal} for each of several values. */
export async function revealAll<T extends Record<string, string>>(values: T, signal?: AbortSignal): Promise<T> {
  const found = await Promise.all(
    Object.entries(values).map(async ([name, value]) => [name, await reveal(value, signal)]),
  )
  return { ...values, ...Object.fromEntries(found) }
}

/** One look-up for all who ask at the same time; a failed one is not kept. */
function remembered(reference: SecretReference): Promise<string> {
  const name = nameOf(reference)
  const now = performance.now()
  const known = kept.get(name)
  if (known !== undefined && known.until > now) return known.value
  kept.delete(name)
  const [oldest] = kept.keys()
  if (kept.size >= maxKept && oldest !== undefined) kept.delete(oldest)
  const entry = { value: looked(reference), until: now + keptMs }
  kept.set(name, entry)
  entry.value.catch(() => {
    if (kept.get(name) === entry) kept.delete(name)
  })
  return entry.value
}

async function looked(reference: SecretReference): Promise<string> {
  const late = endAfter(patienceMs)
  const value = await Promise.race([read(reference, late), overdue(reference, late)])
  if (value !== '') return value
  throw new PipelineError('SECRET_INVALID', `${nameOf(reference)} is empty`)
}

async function read(reference: SecretReference, signal: AbortSignal): Promise<string> {
  if (reference.kind === 'env') return readSecretVariable(reference, signal)
  if (reference.kind === 'file') return readSecretFile(reference, signal)
  // only those who have secrets in AWS load what reads them
  if (reference.kind === 'ssm') return (await import('./ssm.ts')).readParameter(reference, signal)
  return (await import('./secrets-manager.ts')).readManagedSecret(reference, signal)
}

/** A named pipe or a network folder may never answer, whatever the signal says. */
function overdue(reference: SecretReference, late: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const tell = () =>
      reject(
        new PipelineError('SECRET_UNAVAILABLE', `${nameOf(reference)} did not come within ${patienceMs / 1_000} s`, {
          retryable: true,
        }),
      )
    late.addEventListener('abort', tell, { once: true })
  })
}

async function untilAborted(work: Promise<string>, signal: AbortSignal | undefined): Promise<string> {
  if (signal === undefined) return work
  const stopped = () => PipelineError.from(signal.reason, 'STOPPED')
  if (signal.aborted) {
    work.catch(() => undefined)
    throw stopped()
  }
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(stopped())
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
