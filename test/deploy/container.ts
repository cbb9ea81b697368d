import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { imageSteps, pairsOf, wordsOf } from './dockerfile.ts'

/** The image, running as an engine would run it, as far as this machine can. */
export interface Container {
  /** Process id of `node`, as the machine sees it. */
  pid: number
  output(): string
  /** Runs HEALTHCHECK's command where and as whom the engine would. */
  health(): { code: number | null; line: string }
  /** `/proc/PID/status` of PID 1. */
  status(): Record<string, string>
  /** Bytes in use by all its processes, and the most there were; undefined without a control group. */
  memory(): { now: number; most: number } | undefined
  /** SIGTERM to PID 1; its exit code and how long that took. Killed after the grace time, as an engine does it. */
  stop(graceMs: number): Promise<{ code: number | null; signal: string | null; milliseconds: number }>
  kill(): Promise<void>
}

export interface ContainerOptions {
  root: string
  /** What is mounted at /data. */
  volume: string
  memoryBytes: number
  env: Record<string, string>
}

/** How far this machine can play the engine; `why` says what it cannot. */
export const engine = findEngine()

function findEngine(): { isolated: boolean; why: string } {
  if (process.getuid?.() !== 0) return { isolated: false, why: 'this user is not root, so no root of its own' }
  const words = ['-m', '-p', '-f', 'sh', '-c', 'mount -t tmpfs none /tmp && test $$ = 1']
  const tried = spawnSync('unshare', words, { encoding: 'utf8', timeout: 10_000 })
  if (tried.status !== 0) return { isolated: false, why: `unshare: ${tried.stderr.trim() || tried.error?.message}` }
  if (spawnSync('setpriv', ['--version']).status !== 0) return { isolated: false, why: 'there is no setpriv' }
  return { isolated: true, why: '' }
}

/** A control group with a limit, of version 1 or 2; undefined where none can be made. */
function makeGroup(bytes: number) {
  const one = '/sys/fs/cgroup/memory'
  const first = existsSync(one)
  const folder = join(first ? one : '/sys/fs/cgroup', `ysh-image-${process.pid}-${Date.now()}`)
  const file = (name: string) => join(folder, name)
  const number = (name: string) => Number(readFileSync(file(name), 'utf8'))
  const stat = (name: string) =>
    Number(new RegExp(`^${name} (\\d+)`, 'm').exec(readFileSync(file('memory.stat'), 'utf8'))?.[1])
  try {
    mkdirSync(folder)
    writeFileSync(file(first ? 'memory.limit_in_bytes' : 'memory.max'), String(bytes))
  } catch {
    return undefined
  }
  return {
    procs: file('cgroup.procs'),
    memory: () => ({
      now: stat(first ? 'total_rss' : 'anon'),
      most: number(first ? 'memory.max_usage_in_bytes' : 'memory.peak'),
    }),
    remove() {
      try {
        rmdirSync(folder)
      } catch {
        // A process is on its way out still.
      }
    },
  }
}

const mounts = `
mount --make-rprivate / && mount --bind "$ROOT" "$ROOT" && cd "$ROOT" &&
mount --rbind /usr usr && mount -t tmpfs -o mode=755 none usr/local && mkdir usr/local/bin && touch usr/local/bin/node &&
mount --bind "$NODE" usr/local/bin/node && mount -t proc none proc && mount --rbind /dev dev && mount -t tmpfs none tmp &&
mount --bind "$VOLUME" data && mount -o remount,bind,ro "$ROOT" && mount -o remount,ro none usr/local &&
exec chroot "$ROOT" `

/** Without any capability, and with no way to get one: \`cap_drop: [ALL]\` and \`no-new-privileges\`. */
function asUser(): string[] {
  const [uid, gid] = (imageSteps('USER').at(-1)?.text ?? '').split(':')
  const user = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
  return ['setpriv', ...user, '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all', '--']
}

/** Starts the image's ENTRYPOINT with its ENV, USER and WORKDIR, a read-only root, a tmpfs at /tmp and a memory limit. */
export async function startContainer({ root, volume, memoryBytes, env: given }: ContainerOptions): Promise<Container> {
  const { isolated } = engine
  const workdir = imageSteps('WORKDIR').at(-1)?.text ?? '/'
  const image = pairsOf(imageSteps('ENV'))
  const place = (path: string) =>
    isolated || !path.startsWith('/') ? path : path.startsWith('/data') ? volume : join(root, path)
  const own = Object.fromEntries(Object.entries(image).map(([name, value]) => [name, place(value)]))
  const env: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/home/node',
    ...own,
    ...given,
  }
  if (!isolated) env.YSH_HEALTH_SOCKET = join(volume, 'h.sock')
  const group = makeGroup(memoryBytes)
  const entry = wordsOf(imageSteps('ENTRYPOINT').at(-1))
  const inRoot = (words: string[]) => ['sh', '-c', `cd ${workdir} && exec "$@"`, 'sh', ...asUser(), ...words]
  const quoted = (words: string[]) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const enter = group === undefined ? '' : `echo $$ > ${group.procs} && `
  const limit = group === undefined ? `prlimit --data=${memoryBytes} ` : ''
  const script = isolated
    ? `${enter}exec ${limit}unshare -m -p -f --kill-child sh -c ${quoted([mounts + quoted(inRoot(entry))])}`
    : `${enter}cd ${quoted([join(root, workdir)])} && exec ${limit}${quoted([process.execPath, ...entry.slice(1)])}`
  const child = spawn('sh', ['-c', script], {
    env: { ...env, ...(isolated ? { ROOT: root, VOLUME: volume, NODE: process.execPath } : {}) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      text += data.toString()
    })
  }
  const pid = isolated ? await innerPid(child, () => text) : (child.pid ?? -1)
  const ended = () => child.exitCode !== null || child.signalCode !== null
  const exit = once(child, 'exit')
  const end = async () => {
    if (!ended()) process.kill(pid, 'SIGKILL')
    if (!ended()) await exit
    group?.remove()
  }
  return {
    pid,
    output: () => text,
    health() {
      const command = wordsOf(imageSteps('HEALTHCHECK').at(-1))
      const inside = ['nsenter', '-t', String(pid), '-m', '-p', '-r', '-w', ...inRoot(command)]
      const [program = '', ...words] = isolated ? inside : [process.execPath, ...command.slice(1)]
      const options = {
        env,
        encoding: 'utf8',
        timeout: 15_000,
        cwd: isolated ? '/' : join(root, workdir),
      } as const
      const { status, stdout, stderr } = spawnSync(program, words, options)
      return { code: status, line: `${stdout}${stderr}`.trim() }
    },
    status() {
      const lines = readFileSync(`/proc/${pid}/status`, 'utf8').matchAll(/^(\w+):\s*(.*)$/gm)
      return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]))
    },
    memory: () => group?.memory(),
    async stop(graceMs) {
      const started = performance.now()
      process.kill(pid, 'SIGTERM')
      await Promise.race([exit, sleep(graceMs, undefined, { ref: false })])
      const milliseconds = performance.now() - started
      const { exitCode: code, signalCode: signal } = child
      await end()
      return { code, signal, milliseconds }
    },
    kill: end,
  }
}

/** The process that `unshare` made, once it is `node`. */
async function innerPid(child: ChildProcess, output: () => string): Promise<number> {
  for (let look = 0; look < 200; look += 1) {
    if (child.exitCode !== null) break
    const pid = Number(readOr(`/proc/${child.pid}/task/${child.pid}/children`).trim())
    if (pid > 0 && readOr(`/proc/${pid}/cmdline`).startsWith('node\0')) return pid
    await sleep(50)
  }
  child.kill('SIGKILL')
  throw new Error(`The container never came to its ENTRYPOINT: ${output()}`)
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
