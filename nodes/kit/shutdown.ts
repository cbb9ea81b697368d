let stopping = false
let watching = false

/**
 * Whether the whole process is on its way out, as far as signals tell. Node-RED closes its nodes in the same way for a deploy and for
 * its end; only in the first case is it worth keeping a database open.
 */
export function isShuttingDown(): boolean {
  return stopping
}

/** Begins to listen, only to signals that somebody handles already: a listener of ours alone would keep the process from ending. */
export function watchForShutdown(): void {
  if (watching) return
  watching = true
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2', 'SIGBREAK'] as const) {
    if (process.listenerCount(signal) === 0) continue
    process.prependListener(signal, () => {
      stopping = true
    })
  }
}
