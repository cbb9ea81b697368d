import { existsSync, readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'

/** How much memory there is for this process; bytes. */
export interface Memory {
  /** What everybody under the tightest limit may take together. */
  limit: number
  /** What can still be taken before something is killed. The page cache counts as free as far as the kernel gives it up lightly. */
  free: number
}

/** Where the kernel's files are; tests have folders of their own. */
export interface Roots {
  proc: string
  cgroup: string
}

const system: Roots = { proc: '/proc', cgroup: '/sys/fs/cgroup' }

/**
 * Reads it from the kernel: the tightest of the cgroups this process is in (version 2 or 1) and of the machine itself. Elsewhere than on Linux
 * Node's own figure. Small files, read at once.
 */
export function readMemory(roots: Roots = system): Memory {
  const machine = machineMemory(roots)
  let tightest = machine
  for (const group of groups(roots)) {
    const memory = group()
    if (memory !== undefined && memory.free < tightest.free) tightest = memory
  }
  return { limit: tightest.limit, free: Math.max(0, tightest.free) }
}

function machineMemory({ proc }: Roots): Memory {
  const text = read(join(proc, 'meminfo'))
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text ?? '')?.[1] ?? Number.NaN)
  const [limit, free] = [kilobytes('MemTotal') * 1024, kilobytes('MemAvailable') * 1024]
  if (Number.isFinite(limit) && Number.isFinite(free)) return { limit, free }
  return { limit: totalmem(), free: process.availableMemory() }
}

/** A reading for each group with a memory controller, from this process's own up to the root. */
function groups(roots: Roots): (() => Memory | undefined)[] {
  const lines = (read(join(roots.proc, 'self', 'cgroup')) ?? '').split('\n')
  return lines.flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (path === '') return []
    if (controllers === '') {
      // a hybrid machine has version 2 beside the others, without controllers
      const root = existsSync(join(roots.cgroup, 'unified')) ? join(roots.cgroup, 'unified') : roots.cgroup
      return upwards(root, path).map((folder) => () => versionTwo(folder))
    }
    if (!controllers.split(',').includes('memory')) return []
    return upwards(join(roots.cgroup, 'memory'), path).map((folder) => () => versionOne(folder))
  })
}

/** In a container the path may be that of the machine, which is not to be seen there: then the root is the container's own group. */
function upwards(root: string, path: string): string[] {
  const folders: string[] = []
  for (let at = join(root, path); at.length > root.length; at = dirname(at)) folders.push(at)
  return [...folders.filter((folder) => existsSync(folder)), root]
}

function versionTwo(folder: string): Memory | undefined {
  const limit = Number(read(join(folder, 'memory.max'))) // `max` is no number
  if (!Number.isFinite(limit) || limit <= 0) return undefined
  return left(limit, read(join(folder, 'memory.current')), read(join(folder, 'memory.stat')), '')
}

/** Unlimited is written as a number that no machine has. */
const unlimited = 2 ** 60

function versionOne(folder: string): Memory | undefined {
  const limit = Number(read(join(folder, 'memory.limit_in_bytes')))
  if (!Number.isFinite(limit) || limit <= 0 || limit > unlimited) return undefined
  return left(limit, read(join(folder, 'memory.usage_in_bytes')), read(join(folder, 'memory.stat')), 'total_')
}

function left(limit: number, used: string | undefined, stat = '', prefix: string): Memory | undefined {
  if (used === undefined) return undefined
  const figure = (name: string) => Number(new RegExp(`^${prefix}${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0)
  // what was read lately is wanted again, the programs themselves are among it: half of it counts as taken, as in MemAvailable
  const cache = figure('inactive_file') + figure('active_file') / 2
  return { limit, free: limit - Math.max(0, Number(used) - cache) }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
