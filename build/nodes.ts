import { existsSync, readdirSync } from 'node:fs'
import type { NodeDeclaration } from '../nodes/kit/declaration.ts'
import { Catalogue, type Language, languages, merge, readTexts } from './catalogue.ts'

export const root = new URL('../', import.meta.url)
/** The package's name, which is also the first part of every catalogue's namespace. */
export const packageName = '@ysh/node-red-data-pipeline'

/** A node's sources, read. */
export interface NodeSource {
  type: string
  folder: URL
  declaration: NodeDeclaration
  catalogues: Record<Language, Catalogue>
  /** `editor.ts` with custom widgets. */
  editor: URL | undefined
}

/** Every node: a folder `nodes/ysh-…` with a declaration, in alphabetical order. */
export async function nodeSources(): Promise<NodeSource[]> {
  const names = readdirSync(new URL('nodes/', root))
    .filter((name) => name.startsWith('ysh-') && existsSync(new URL(`nodes/${name}/declaration.ts`, root)))
    .sort()
  return Promise.all(names.map(readNode))
}

async function readNode(type: string): Promise<NodeSource> {
  const folder = new URL(`nodes/${type}/`, root)
  const { declaration }: { declaration: NodeDeclaration } = await import(new URL('declaration.ts', folder).href)
  if (declaration.type !== type) throw new Error(`nodes/${type} declares the type ${declaration.type}`)
  const editor = new URL('editor.ts', folder)
  const catalogue = (language: Language) => {
    const file = new URL(`locales/${language}/${type}.json`, folder)
    return new Catalogue(merge(kitTexts(language), readTexts(file)), `nodes/${type}/locales/${language}/${type}.json`)
  }
  const [english, portuguese] = languages
  return {
    type,
    folder,
    declaration,
    catalogues: { [english]: catalogue(english), [portuguese]: catalogue(portuguese) },
    editor: existsSync(editor) ? editor : undefined,
  }
}

/** The texts that all nodes share. */
export function kitTexts(language: Language) {
  return readTexts(new URL(`nodes/kit/locales/${language}.json`, root))
}

/** The namespace of a node's catalogue in Node-RED: module and name in package.json's map. */
export function namespaceOf(type: string): string {
  return `${packageName}/${type}`
}
