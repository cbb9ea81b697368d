import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the kernel says of a group; bytes. */
export interface Usage {
  /** All of it, page cache too. */
  all: number
  /** The most of it since {@link Box.forgetPeak}; undefined where the kernel cannot start it anew. */
  peak: number | undefined
  /** Memory of the processes, without the page cache. */
  processes: number
  /** Page cache of the files that they read and write: the kernel takes it back when it is needed. */
  cache: number
  /** How often the limit was reached and something had to be taken back; the page cache does this as well. */
  reached: number
  killed: number
}

/** Where the processes of the measured machine live. */
export interface Box {
  /** How the limit is held, for the report. */
  readonly how: string
  /** Whether the kernel holds the limit. */
  readonly held: boolean
  /** Takes a process in, and with it what it starts. */
  take(pid: number): void
  /** All processes in it. */
  processes(): number[]
  /** Undefined without a group. */
  usage(): Usage | undefined
  forgetPeak(): void
  close(): Promise<void>
}

const v1 = '/sys/fs/cgroup/memory'
const v2 = '/sys/fs/cgroup'

/** A group with a limit and no swap, where one can be made; else one that is only watched. */
export function openBox(limit: number): Box {
  const reasons: string[] = []
  for (const make of [versionOne, versionTwo]) {
    try {
      return make(limit)
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  return watched(reasons.join('; '))
}

function versionOne(limit: number): Box {
  if (!existsSync(`${v1}/memory.limit_in_bytes`)) throw new Error('no cgroup v1')
  const folder = `${v1}/ysh-micro-${process.pid}`
  mkdirSync(folder)
  try {
    write(folder, 'memory.limit_in_bytes', limit)
    // where the kernel does not count swap there is no such file
    if (existsSync(`${folder}/memory.memsw.limit_in_bytes`)) write(folder, 'memory.memsw.limit_in_bytes', limit)
  } catch (error) {
    rmdirSync(folder)
    throw error
  }
  return group(
    folder,
    'a memory cgroup (v1), no swap',
    () => {
      const stat = figures(folder, 'memory.stat')
      return {
        all: figure(folder, 'memory.usage_in_bytes'),
        peak: figure(folder, 'memory.max_usage_in_bytes'),
        processes: (stat.total_rss ?? 0) + (stat.total_shmem ?? 0),
        cache: (stat.total_cache ?? 0) - (stat.total_shmem ?? 0),
        reached: figure(folder, 'memory.failcnt'),
        killed: figures(folder, 'memory.oom_control').oom_kill ?? 0,
      }
    },
    () => write(folder, 'memory.max_usage_in_bytes', 0),
  )
}

function versionTwo(limit: number): Box {
  if (!existsSync(`${v2}/cgroup.controllers`)) throw new Error('no cgroup v2')
  const folder = `${v2}/ysh-micro-${process.pid}`
  mkdirSync(folder)
  try {
    write(folder, 'memory.max', limit)
    if (existsSync(`${folder}/memory.swap.max`)) write(folder, 'memory.swap.max', 0)
  } catch (error) {
    rmdirSync(folder)
    throw error
  }
  let fresh = true
  return group(
    folder,
    'a memory cgroup (v2), no swap',
    () => {
      const stat = figures(folder, 'memory.stat')
      const events = figures(folder, 'memory.events')
      return {
        all: figure(folder, 'memory.current'),
        peak: fresh && existsSync(`${folder}/memory.peak`) ? figure(folder, 'memory.peak') : undefined,
        processes: (stat.anon ?? 0) + (stat.shmem ?? 0),
        cache: (stat.file ?? 0) - (stat.shmem ?? 0),
        reached: events.max ?? 0,
        killed: events.oom_kill ?? 0,
      }
    },
    () => {
      // older kernels only have the peak of the group's whole life, which says nothing of a phase
      try {
        write(folder, 'memory.peak', 0)
      } catch {
        fresh = false
      }
    },
  )
}

function group(folder: string, how: string, usage: () => Usage, forgetPeak: () => void): Box {
  const processes = () => readFileSync(`${folder}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number)
  return {
    ...{ how, held: true, usage, forgetPeak, processes },
    take: (pid) => write(folder, 'cgroup.procs', pid),
    async close() {
      for (let look = 0; look < 100 && processes().length > 0; look += 1) await sleep(100)
      // the kernel lets go of a group some moments after its last process
      for (let tries = 0; ; tries += 1) {
        try {
          return rmdirSync(folder)
        } catch (error) {
          if (tries === 20) throw error
          await sleep(100)
        }
      }
    },
  }
}

function watched(reason: string): Box {
  const roots: number[] = []
  return {
    how: `no group, the sum of PSS is compared with the limit (${reason})`,
    held: false,
    take: (pid) => roots.push(pid),
    processes: () => roots.flatMap((pid) => [pid, ...descendants(pid)]).filter((pid) => existsSync(`/proc/${pid}`)),
    usage: () => undefined,
    forgetPeak: () => {},
    close: async () => {},
  }
}

function descendants(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean))
      .map(Number)
      .flatMap((child) => [child, ...descendants(child)])
  } catch {
    return [] // it has ended
  }
}

function write(folder: string, name: string, value: number): void {
  writeFileSync(`${folder}/${name}`, String(value))
}

function figure(folder: string, name: string): number {
  return Number(readFileSync(`${folder}/${name}`, 'utf8'))
}

function figures(folder: string, name: string): Record<string, number> {
  const lines = readFileSync(`${folder}/${name}`, 'utf8').trim().split('\n')
  return Object.fromEntries(
    lines.map((line) => {
      const [key = '', value] = line.split(' ')
      return [key, Number(value)]
    }),
  )
}
