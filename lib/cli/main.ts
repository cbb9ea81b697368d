import type { OpenMetrics } from './metrics.ts'
import { redactor } from './secrets.ts'

/** Surroundings of the command line. */
export interface Console {
  env: Readonly<Record<string, string | undefined>>
  out(text: string): void
  err(text: string): void
  /** Left out: nothing is counted. */
  metrics?: OpenMetrics
}

type Run = (args: readonly string[], io: Console) => Promise<number>

// Each is loaded when it is asked for: a scheduler starts this once a step.
const commands: Readonly<Record<string, Run>> = {
  backup: async (args, io) => (await import('./backup.ts')).backupCommand(['backup', ...args], io),
  restore: async (args, io) => (await import('./backup.ts')).backupCommand(['restore', ...args], io),
  backups: async (args, io) => (await import('./backup.ts')).backupCommand(['backups', ...args], io),
  lint: async (args, io) => (await import('./lint.ts')).lint(args, io),
  health: async (args, io) => (await import('../health/command.ts')).health(args, io),
  compile: async (args, io) => (await import('./compile.ts')).compile('compile', args, io),
  cost: async (args, io) => (await import('./compile.ts')).compile('cost', args, io),
  doctor: async (args, io) => (await import('./doctor.ts')).doctor(args, io),
  step: async (args, io) => (await import('./step.ts')).step(args, io),
  deliver: async (args, io) => (await import('./deliver.ts')).deliver(args, io),
  worker: async (args, io) => (await import('./worker.ts')).worker(args, io),
  run: async (args, io) => (await import('./run.ts')).run(args, io),
}

/** Runs one command. Resolves with the exit code; never throws. No secret is ever written, also not inside an error's words. */
export async function main(args: readonly string[], { env, metrics, ...io }: Console): Promise<number> {
  const redact = redactor(args, env)
  const output = {
    env,
    out: (text: string) => io.out(redact(text)),
    err: (text: string) => io.err(redact(text)),
    ...(metrics === undefined ? {} : { metrics }),
  }
  const [name = ''] = args
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) return command(args.slice(1), output)
  const { journalCommand } = await import('./journal.ts')
  return journalCommand(args, output)
}
