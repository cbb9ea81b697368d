import { Worker, type WorkerOptions } from 'node:worker_threads'

/** What a thread says first, when its modules are loaded. */
export const ready = 'ready'

/** Loading takes under a second; on a machine that is busy with everything else it may take several. */
const patienceMs = 60_000

/**
 * A thread that is ready to work, so that the time it takes to load counts for nobody's limit. Throws what it fails with, an Error when it
 * ends or says nothing for a minute, or what the signal was aborted with; the thread is ended then.
 */
export async function startThread(file: string, options: WorkerOptions, signal: AbortSignal): Promise<Worker> {
  signal.throwIfAborted()
  const worker = new Worker(file, options)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = () => reject(signal.reason)
  const heard = (message: unknown) => {
    if (message === ready) resolve()
  }
  const exited = () => reject(new Error('the thread ended before it had started'))
  const late = setTimeout(
    () => reject(new Error(`the thread did not start within ${patienceMs / 1_000} s`)),
    patienceMs,
  )
  worker.on('message', heard)
  worker.on('error', reject)
  worker.on('exit', exited)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await promise
    return worker
  } catch (error) {
    worker.on('error', () => undefined)
    worker.terminate().catch(() => undefined)
    throw error
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', abort)
    worker.off('message', heard)
    worker.off('error', reject)
    worker.off('exit', exited)
  }
}
