import { termsOf } from '../terms/analyse.ts'
import { marketConcepts } from './market.ts'
import { networkConcepts } from './network.ts'
import { solarConcepts } from './solar.ts'

/** Where a sequence of terms leads. */
interface Branch {
  next: Map<string, Branch>
  /** Concepts that what led here is a way to say. */
  concepts: number[]
}

/** How many concepts there are. */
export const conceptCount = linesOf().length

let tree: Branch | undefined

/**
 * The concepts that a text speaks of, by its terms ({@link termsOf}): numbers of lines of the lexicon, with repetitions. The longest way to say it wins;
 * what lies wholly inside it says nothing of its own.
 */
export function conceptsOf(terms: readonly string[]): number[] {
  tree ??= grow()
  const found: number[] = []
  let covered = 0
  for (let at = 0; at < terms.length; at += 1) {
    let branch: Branch | undefined = tree
    let concepts: readonly number[] = []
    let end = at
    for (let ahead = at; branch !== undefined && ahead < terms.length; ahead += 1) {
      branch = branch.next.get(terms[ahead] ?? '')
      if (branch !== undefined && branch.concepts.length > 0) {
        concepts = branch.concepts
        end = ahead + 1
      }
    }
    if (end <= covered) continue
    covered = end
    for (const concept of concepts) found.push(concept)
  }
  return found
}

function linesOf(): string[] {
  return `${marketConcepts}${networkConcepts}${solarConcepts}`.split('\n').filter((line) => line !== '')
}

function grow(): Branch {
  const root: Branch = { next: new Map(), concepts: [] }
  for (const [concept, line] of linesOf().entries()) {
    for (const phrase of line.split('|')) {
      add(root, phrase, concept)
      // the stemmer takes the plural off Portuguese words only
      if (!phrase.endsWith('s')) add(root, `${phrase}s`, concept)
    }
  }
  return root
}

function add(root: Branch, phrase: string, concept: number): void {
  let branch = root
  const terms = termsOf(phrase).filter((term) => !term.startsWith('§'))
  if (terms.length === 0) return
  for (const term of terms) {
    const next: Branch = branch.next.get(term) ?? { next: new Map(), concepts: [] }
    branch.next.set(term, next)
    branch = next
  }
  if (!branch.concepts.includes(concept)) branch.concepts.push(concept)
}
