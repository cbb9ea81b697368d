import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A document for people. */
export interface Document {
  /** Path in the repository, such as `docs/runs.md`. */
  path: string
  text: string
  /** Names that a link may end in after `#`, as GitHub makes them. */
  anchors: ReadonlySet<string>
}

/** A fenced block of code. */
export interface Block {
  path: string
  line: number
  /** What stands behind the fence: language and words such as `run`. */
  info: string
  text: string
}

const fence = /^([ \t]*)(`{3,})([^\n`]*)\n([\s\S]*?)\n\1\2[ \t]*$/gm

/** README and all of docs. */
export const documents: readonly Document[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((path) => {
  const text = readFileSync(join(root, path), 'utf8')
  return { path, text, anchors: anchorsOf(text) }
})

/** Without code, in which nothing is a link. */
export function prose(text: string): string {
  return text.replace(fence, '').replace(/`[^`\n]*`/g, '')
}

/** All fenced blocks of a document. */
export function blocksOf({ path, text }: Document): Block[] {
  return [...text.matchAll(fence)].map(({ 3: info = '', 4: body = '', index }) => ({
    ...{ path, info: info.trim(), text: body },
    line: text.slice(0, index).split('\n').length,
  }))
}

/** The code in the lines of a document, without the fenced blocks. */
export function inlineCode(text: string): string[] {
  return [...text.replace(fence, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
}

function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.replace(fence, '').matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = slugOf(heading)
    const before = seen.get(slug) ?? 0
    seen.set(slug, before + 1)
    anchors.add(before === 0 ? slug : `${slug}-${before}`)
  }
  return anchors
}

/** A heading's anchor: small letters, words joined by hyphens, other marks left out. */
function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')
}
