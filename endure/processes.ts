import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the kernel says of a process; Linux only. */
export interface Seen {
  /** Resident bytes that are the process's own (RssAnon). */
  ownBytes: number
  threads: number
  /** Open file descriptors. */
  descriptors: number
}

/** Looks at a process. Throws when it is gone. */
export async function look(pid: number): Promise<Seen> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
  return {
    ownBytes: number('RssAnon') * 1024,
    threads: number('Threads'),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
  }
}

/** Process ids of the children that run the embedded PostgreSQL. */
export async function embeddedChildren(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`)
  const texts = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')),
  )
  const children = texts.join(' ').split(/\s+/).filter(Boolean).map(Number)
  const commands = await Promise.all(
    children.map((child) => readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')),
  )
  return children.filter((_, index) => commands[index]?.includes('embedded/child') === true)
}

/** Files below a folder, with those in folders below it; 0 where there is none. */
export async function countFiles(...path: string[]): Promise<number> {
  try {
    const entries = await readdir(join(...path), { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).length
  } catch {
    return 0
  }
}
