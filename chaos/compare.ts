import { createHash } from 'node:crypto'

/** Something that a store holds, or should hold. */
export interface Fact {
  table: string
  /** The run it belongs to, as flow and slot; '' for none. */
  run: string
  /** What it is about: facts of one key are told apart by nothing but their number. */
  key: string
  value: string
}

/** Something that is not as it should be. */
export interface Finding {
  /** `differs`: it is there, with another content. */
  kind: 'lost' | 'duplicated' | 'stuck' | 'differs'
  table: string
  key: string
  detail: string
}

/** The table of the runs; its values are their states. */
export const runTable = 'run'
const unfinished = /^(queued|running|waiting)\b/

/**
 * What a store has too few, too many or otherwise, in the tables that the expectation speaks of. A run that is not through counts
 * as stuck and its missing parts with it.
 */
export function compare(expected: readonly Fact[], actual: readonly Fact[]): Finding[] {
  const tables = new Set(expected.map((fact) => fact.table))
  const there = group(actual.filter((fact) => tables.has(fact.table)))
  const wanted = group(expected)
  const findings: Finding[] = []
  const stuck = new Set<string>()
  for (const facts of there.values()) {
    for (const { table, run, key, value } of facts) {
      if (table !== runTable || !unfinished.test(value)) continue
      stuck.add(run)
      findings.push({ kind: 'stuck', table, key, detail: value })
    }
  }
  for (const [name, facts] of wanted) {
    const found = there.get(name) ?? []
    const [{ table, run, key } = { table: '', run: '', key: '' }] = facts
    if (stuck.has(run) && found.length <= facts.length) continue
    if (found.length < facts.length) {
      findings.push({ kind: 'lost', table, key, detail: `${found.length} of ${facts.length} are there` })
    } else if (found.length > facts.length) {
      findings.push({ kind: 'duplicated', table, key, detail: `${found.length} instead of ${facts.length}` })
    } else {
      const values = (list: readonly Fact[]) => list.map((fact) => fact.value).sort()
      const [is, should] = [values(found).join('; '), values(facts).join('; ')]
      if (is !== should) findings.push({ kind: 'differs', table, key, detail: difference(is, should) })
    }
  }
  for (const [name, facts] of there) {
    const [fact] = facts
    if (fact === undefined || wanted.has(name)) continue
    const { table, key, value } = fact
    findings.push({ kind: 'duplicated', table, key, detail: `nobody asked for it: ${value.slice(0, 200)}` })
  }
  return findings
}

/** SHA-256 of each table's facts, whatever their order. */
export function hashes(facts: readonly Fact[]): Map<string, string> {
  const tables = new Map<string, string[]>()
  for (const { table, key, value } of facts) {
    const lines = tables.get(table) ?? []
    lines.push(`${key}\t${value}`)
    tables.set(table, lines)
  }
  return new Map(
    [...tables].sort().map(([table, lines]) => {
      const hash = createHash('sha256')
      for (const line of lines.sort()) hash.update(line).update('\n')
      return [table, hash.digest('hex')]
    }),
  )
}

function group(facts: readonly Fact[]): Map<string, Fact[]> {
  const groups = new Map<string, Fact[]>()
  for (const fact of facts) {
    const name = `${fact.table}\n${fact.key}`
    const known = groups.get(name)
    if (known === undefined) groups.set(name, [fact])
    else known.push(fact)
  }
  return groups
}

/** The place where two texts part. */
function difference(is: string, should: string): string {
  let at = 0
  while (at < is.length && is[at] === should[at]) at += 1
  const from = Math.max(0, at - 40)
  const part = (text: string) => `${from > 0 ? '…' : ''}${text.slice(from, at + 120)}`
  return `is ${part(is)}, should be ${part(should)}`
}
