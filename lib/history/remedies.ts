import { existsSync, readFileSync } from 'node:fs'
import { adviceFor, wordsIn } from '../steps/notify/summary/words.ts'

/** Languages in which a remedy can be said. */
export type RemedyLanguage = 'en-US' | 'pt-BR'

/**
 * What to do about an error: in English what docs/errors.md says of its code, where it has a row; else, and in Portuguese, the advice for its
 * kind.
 */
export function remedyFor({ code, retryable }: { code: string; retryable: boolean }, language: RemedyLanguage): string {
  const written = language === 'en-US' ? rows().get(code) : undefined
  return written ?? wordsIn(language).advice[adviceFor(code, retryable)]
}

let known: ReadonlyMap<string, string> | undefined

/** The rows of docs/errors.md, code to remedy. The file lies beside `lib/` or, in the built package, beside `dist/`. */
function rows(): ReadonlyMap<string, string> {
  if (known !== undefined) return known
  const file = ['../../docs/errors.md', '../../../docs/errors.md']
    .map((path) => new URL(path, import.meta.url))
    .find((candidate) => existsSync(candidate))
  const found = new Map<string, string>()
  for (const line of file === undefined ? [] : readFileSync(file, 'utf8').split('\n')) {
    const [, codes = '', , remedy = ''] = line.split('|')
    const text = plain(remedy)
    if (text === '') continue
    for (const [, code = ''] of codes.matchAll(/`([A-Z][A-Z\d_]+)`/g)) found.set(code, text)
  }
  known = found
  return found
}

/** Markdown without its marks. */
function plain(text: string): string {
  return text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .trim()
}
