import { PipelineError } from '../../../errors.ts'
import type { Recipe } from '../recipe-schema.ts'
import type { Page } from './page.ts'
import type { Patterns } from './value.ts'

/** A document that the page links to. */
export interface PageDocument {
  url: string
  text: string
  heading: string
}

const mostDocuments = 500

/** The documents that the recipe asks for, each address once. Throws DOCUMENT_COUNT. */
export function readDocuments(page: Page, url: string, recipe: Recipe, patterns: Patterns): PageDocument[] {
  const { documents } = recipe
  if (documents === undefined) return []
  const base = URL.canParse(page.base, url) ? new URL(page.base, url).href : url
  const found = new Map<string, PageDocument>()
  for (const { href, text, heading } of page.links) {
    if (!URL.canParse(href, base)) continue
    const address = new URL(href, base)
    address.hash = ''
    if (!/^https?:$/.test(address.protocol) || found.has(address.href)) continue
    if (!patterns.of(documents.href).test(decoded(address.pathname) + address.search)) continue
    const wanted = documents.text
    const words = text()
    if (wanted !== undefined && ![words, heading].some((each) => patterns.of(wanted).test(each))) continue
    found.set(address.href, { url: address.href, text: words.slice(0, 300), heading: heading.slice(0, 300) })
  }
  const [least, most] = documents.count
  if (found.size < least || found.size > Math.min(most, mostDocuments)) {
    throw new PipelineError('DOCUMENT_COUNT', `${found.size} documents were found, ${least} to ${most} were expected`, {
      details: { found: [...found.values()].slice(0, 20), links: page.links.length },
    })
  }
  return [...found.values()]
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
