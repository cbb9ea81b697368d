/** What package-lock.json says of a package. */
interface LockEntry {
  version?: string
  optional?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/** The part of package-lock.json that is read here. */
export interface Lock {
  packages: Record<string, LockEntry>
}

/** A package of the lock file: where it lies, and for which platforms it is. */
export interface LockedPackage extends Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  path: string
  /** The installation may lack it: it, or whatever needs it, is optional. */
  optional: boolean
}

/**
 * The packages that are needed at run time: those of the package itself, and of `besides`, which it has for development only; found in the lock
 * file as Node finds them, from the needing package upwards. Peers are left out, as npm's users of the package choose them. Throws for
 * one that is needed and not in the lock.
 */
export function runtimePackages({ packages }: Lock, besides: readonly string[]): LockedPackage[] {
  const found = new Map<string, LockedPackage>()
  const visit = (from: string, name: string, optional: boolean) => {
    const path = find(packages, from, name)
    const entry = path === undefined ? undefined : packages[path]
    if (path === undefined || entry === undefined) {
      if (optional) return
      throw new Error(`${name}, which ${from || 'the package'} needs, is not in package-lock.json`)
    }
    const known = found.get(path)
    if (known !== undefined && (!known.optional || optional)) return
    const { os, cpu, libc } = entry
    found.set(path, { path, optional, ...(os && { os }), ...(cpu && { cpu }), ...(libc && { libc }) })
    needs(path, entry, optional)
  }
  const needs = (path: string, entry: LockEntry, optional: boolean) => {
    for (const name of Object.keys(entry.optionalDependencies ?? {})) visit(path, name, true)
    for (const name of Object.keys(entry.dependencies ?? {})) {
      if (!(name in (entry.optionalDependencies ?? {}))) visit(path, name, optional)
    }
  }
  needs('', packages[''] ?? {}, false)
  for (const name of besides) visit('', name, false)
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Where Node finds `name` from the package at `from`. */
function find(packages: Lock['packages'], from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (path in packages) return path
    if (folder === '') return undefined
  }
}
