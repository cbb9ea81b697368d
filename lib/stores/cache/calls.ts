import { PipelineError } from '../../errors.ts'

/** Runs calls until closed, and lets close wait for those that run. */
export interface Calls {
  run<T>(work: () => Promise<T>): Promise<T>
  readonly running: number
  close(): Promise<void>
}

/** Makes {@link Calls} for the store named `what`. */
export function openCalls(what: string): Calls {
  const running = new Set<Promise<unknown>>()
  let closed = false
  return {
    async run(work) {
      if (closed) throw new PipelineError('STORE_CLOSED', `The ${what} has been closed`)
      const call = work()
      running.add(call)
      try {
        return await call
      } finally {
        running.delete(call)
      }
    },
    get running() {
      return running.size
    },
    async close() {
      closed = true
      await Promise.allSettled(running)
    },
  }
}
