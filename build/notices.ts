import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser, Type } from '../lib/schema.ts'

const packages = parser(
  Type.Object({ name: Type.String(), version: Type.String(), license: Type.String() }),
  'A package.json',
)

/** The licences of the packages that bundled files came from. `inputs` are esbuild's paths, relative to `root`. */
export function notices(root: string, inputs: readonly string[]): string {
  const folders = new Set<string>()
  for (const path of inputs) {
    const [, folder] = /^(.*node_modules\/(?!\.)(?:@[^/]+\/)?[^/]+)\//.exec(path) ?? []
    if (folder !== undefined) folders.add(folder)
  }
  const parts = [...folders].map((folder) => notice(join(root, folder)))
  const head = 'Parts of these packages are in the files of this folder.'
  return `${[head, ...new Set(parts)].sort((a, b) => (a === head ? -1 : b === head ? 1 : a < b ? -1 : 1)).join('\n\n----\n\n')}\n`
}

function notice(folder: string): string {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) throw new Error(`No package.json in ${folder}`)
  const { name, version, license } = packages.parse(JSON.parse(readFileSync(file, 'utf8')))
  const own = readdirSync(folder).find((entry) => /^licen[cs]e(\.md|\.txt)?$/i.test(entry))
  const text = own === undefined ? '' : `\n\n${readFileSync(join(folder, own), 'utf8').trim()}`
  return `${name} ${version} (${license})${text}`
}
