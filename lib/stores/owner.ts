import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * The name of this process for files it has in progress: `<machine>-<pid>-<start>`, safe in a file name and never given
 * twice. A process id alone is not enough: in containers over one volume every Node-RED has the same low number.
 */
export function ownerName(): string {
  name ??= `${machine()}-${process.pid}-${start(process.pid) ?? 0}`
  return name
}
let name: string | undefined

/**
 * Whether the process of that name has gone: true and false are certain, undefined means that nobody can tell from here
 * (another machine, another container, an older boot, or not a name that {@link ownerName} makes).
 */
export function ownerGone(owner: string): boolean | undefined {
  const match = /^([0-9a-f]{12})-(\d+)-(\d+)$/.exec(owner)
  if (match === null || match[1] !== machine()) return undefined
  const pid = Number(match[2])
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives under another user.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return true
  }
  const now = start(pid)
  if (now === 'dead') return true
  return now !== undefined && match[3] !== '0' && String(now) !== match[3]
}

/** Boot and process namespace, within which a process id means one process. */
function machine(): string {
  machineName ??= createHash('sha256').update(boundary()).digest('hex').slice(0, 12)
  return machineName
}
let machineName: string | undefined

function boundary(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8') + readlinkSync('/proc/self/ns/pid')
  } catch {
    return hostname() // no Linux: process ids are then taken to be the machine's own
  }
}

/** When a process started, in clock ticks since boot; 'dead' for one that only waits to be reaped; undefined unknown. */
function start(pid: number): number | 'dead' | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in parentheses and may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return 'dead'
    const ticks = Number(fields[19])
    return Number.isSafeInteger(ticks) ? ticks : undefined
  } catch {
    return undefined
  }
}
