import type { Report } from './messages.ts'

// The process that holds the embedded PostgreSQL. It belongs to its parent and must never outlive it: an orphan would keep
// the folder open beside its successor. So this comes before anything is loaded or opened; killing the store is safe.
process.on('disconnect', () => process.exit(0))
if (process.connected !== true) process.exit(0)

// Ctrl-C and service managers signal the whole group; the parent closes us when it has written its last line.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

const loaded = import('./serve.ts')

process.on('message', async (message: unknown) => {
  const { handle, isCommand } = await loaded
  if (isCommand(message)) await handle(message, report)
})

function report(message: Report): void {
  // The parent may go at any moment; 'disconnect' deals with that.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}
