import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { FlowNode } from '../../test/helpers/node-red.ts'
import { packageFolder } from '../../test/helpers/node-red.ts'
import type { Box } from './box.ts'

/** Creating the embedded database is part of the start on a small machine. */
const startMs = 180_000

/** A Node-RED in the box. */
export interface BoxedNodeRed {
  pid: number
  /** The last it wrote. */
  output(): string
  /** Resolves when it has ended, however. */
  ended: Promise<string>
  /** SIGTERM, as `docker stop`; in the end SIGKILL. Resolves with the exit code or the signal. */
  stop(): Promise<string>
}

/** Flags of the image, so that what is measured is what is shipped. */
export function imageFlags(): string {
  const text = readFileSync(join(packageFolder, 'Dockerfile'), 'utf8')
  return /NODE_OPTIONS="?([^"\n\\]+)/.exec(text)?.[1]?.trim() ?? ''
}

/** Starts Node-RED as the image does: from dist/, by deploy/settings.cjs, with its flags. `delays` gets what its event loop was late by, ms. */
export async function startBoxed(
  box: Box,
  options: {
    userDir: string
    port: number
    flows: FlowNode[]
    env: Record<string, string>
    delays(ms: number[]): void
  },
): Promise<BoxedNodeRed> {
  writeFileSync(join(options.userDir, 'flows.json'), JSON.stringify(options.flows))
  const child = spawn(
    process.execPath,
    [
      ...['--require', join(import.meta.dirname, 'inside.cjs')],
      join(packageFolder, 'node_modules', 'node-red', 'red.js'),
      ...['--settings', join(packageFolder, 'deploy', 'settings.cjs')],
    ],
    {
      cwd: packageFolder,
      env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: imageFlags(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  )
  const pid = child.pid ?? -1
  // it has a few MB by now, and no child
  box.take(pid)
  let text = ''
  const started = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      text = (text + data.toString()).slice(-200_000)
      if (/Started flows|Fluxos iniciados|Fluxos foram iniciados/i.test(text)) started.resolve()
    })
  }
  const [, , , delays] = child.stdio
  if (delays !== null && delays !== undefined && 'readable' in delays) {
    createInterface({ input: delays }).on('line', (line) => options.delays(line.split(' ').map(Number)))
  }
  const ended = endOf(child)
  const timer = setTimeout(() => started.reject(new Error(`Node-RED did not start:\n${text}`)), startMs)
  try {
    await Promise.race([
      started.promise,
      ended.then((how) => {
        throw new Error(`Node-RED ended (${how}):\n${text}`)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
  return {
    ...{ pid, ended, output: () => text },
    async stop() {
      child.kill('SIGTERM')
      const killer = setTimeout(() => child.kill('SIGKILL'), 30_000)
      const how = await ended
      clearTimeout(killer)
      return how
    },
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  await once(child, 'exit')
  return child.signalCode ?? `exit code ${child.exitCode}`
}
