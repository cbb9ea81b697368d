import { spawn } from 'node:child_process'

/** Runs a command to its end, with the event loop free for servers that it asks. Rejects when it fails or takes too long. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, seconds: number) {
  return new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(command, args, { env, timeout: seconds * 1_000, stdio: ['ignore', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => out.push(part))
    child.stderr.on('data', (part: Buffer) => err.push(part))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const [stdout, stderr] = [out, err].map((parts) => Buffer.concat(parts).toString())
      if (code === 0) resolve({ stdout: stdout ?? '', stderr: stderr ?? '' })
      else
        reject(
          new Error(
            `${command} ${args.join(' ')}: ${code ?? signal}\n${stdout?.slice(-3_000)}\n${stderr?.slice(-3_000)}`,
          ),
        )
    })
  })
}
