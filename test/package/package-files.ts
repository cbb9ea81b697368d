import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { packageFolder } from '../helpers/node-red.ts'

/** package.json, as far as the tests look at it. */
export interface PackageJson {
  name: string
  version: string
  license?: string
  repository?: { url: string }
  bugs?: { url: string }
  keywords: string[]
  engines: { node: string }
  files: string[]
  bin: Record<string, string>
  scripts: Record<string, string>
  dependencies: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  'node-red': { version: string; nodes: Record<string, string>; plugins: Record<string, string> }
}

export const packageJson: PackageJson = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))

/** The node sets that Node-RED will load: name and built file. */
export const entries = Object.entries(packageJson['node-red'].nodes).map(([name, file]) => ({
  name,
  file: join(packageFolder, file),
  html: join(packageFolder, file.replace(/\.js$/, '.html')),
}))

for (const { file } of entries) {
  if (!existsSync(file)) throw new Error(`${relative(packageFolder, file)} is not built: npm run build`)
}

/** All files below a folder of the repository, relative to the repository. */
export function filesUnder(folder: string, ending: string): string[] {
  const root = join(packageFolder, folder)
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(packageFolder, join(entry.parentPath, entry.name)))
    .sort()
}

export function read(file: string): string {
  return readFileSync(join(packageFolder, file), 'utf8')
}
