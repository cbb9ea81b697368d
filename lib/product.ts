import { existsSync, readFileSync } from 'node:fs'

/** How this package names itself to others, `name/version`: from the package.json above this file, in the sources as in `dist/`. */
export function product(): string {
  known ??= read()
  return known
}
let known: string | undefined

function read(): string {
  for (let folder = new URL('./', import.meta.url); folder.pathname !== '/'; folder = new URL('../', folder)) {
    const file = new URL('package.json', folder)
    if (!existsSync(file)) continue
    const { name, version }: { name?: unknown; version?: unknown } = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof name === 'string' && typeof version === 'string')
      return `${name.replace(/^@[^/]+\//, 'ysh-')}/${version}`
  }
  return 'ysh-data-pipeline'
}
