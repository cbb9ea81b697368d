import { randomBytes } from 'node:crypto'

/** A secret of the test that is looked for wherever it does not belong. */
export interface Canary {
  name: string
  /** The whole secret, with characters that addresses and JSON write otherwise. */
  value: string
  /** Its middle, which neither addresses nor JSON write otherwise. */
  core: string
}

/** One with a core of its own. `around` stands before and behind it. */
export function canary(name: string, around: readonly [string, string] = ['', '']): Canary {
  const core = `kn${randomBytes(11).toString('hex')}`
  return { name, value: `${around[0]}${core}${around[1]}`, core }
}

/** A secret that had to be made by somebody else. */
export const knownCanary = (name: string, value: string, core = value): Canary => ({ name, value, core })

/** What the core looks like in a text: as it is (also URL-encoded and JSON-escaped), cut off at either end, in base64 at any place, in hex. */
export function formsOf({ core }: Canary): Map<string, RegExp> {
  const plain = new RegExp(`${escaped(core.slice(0, 12))}|${escaped(core.slice(-12))}`, 'i')
  const base64 = [0, 1, 2].map((offset) => {
    const whole = Buffer.from('x'.repeat(offset) + core).toString('base64')
    // the first and last characters also hold what stands beside it
    return whole.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + core.length) * 8) / 6))
  })
  return new Map([
    ['plain', plain],
    ['base64', new RegExp(base64.join('|'))],
    ['hex', new RegExp(Buffer.from(core).toString('hex'), 'i')],
  ])
}

/** Where a canary is: `place: form` and what stands around it. */
export function findCanary(found: Canary, places: ReadonlyMap<string, string>): string[] {
  const seen: string[] = []
  for (const [place, text] of places)
    for (const [form, pattern] of formsOf(found)) {
      const at = text.search(pattern)
      if (at >= 0) seen.push(`${found.name} in ${place}, ${form}: …${text.slice(Math.max(0, at - 160), at + 80)}…`)
    }
  return seen
}

function escaped(text: string): string {
  return text.replace(/[^\w]/g, '\\$&')
}
