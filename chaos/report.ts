import { table } from '../demo/bars.ts'
import type { Finding } from './compare.ts'
import type { Outcome } from './execute.ts'
import type { StockOutcome } from './stock.ts'

/** Most findings that are named of one scenario. */
const named = 10

/** How many of a kind; what differs is lost, since what should be there is not. */
export function countOf(findings: readonly Finding[], kind: 'lost' | 'duplicated' | 'stuck'): number {
  return findings.filter((finding) => finding.kind === kind || (kind === 'lost' && finding.kind === 'differs')).length
}

/** The findings once each, in order. */
export function distinct(findings: readonly Finding[]): Finding[] {
  const known = new Map(findings.map((finding) => [`${finding.kind} ${finding.table} ${finding.key}`, finding]))
  return [...known.values()]
}

/** The table of all scenarios, a line each. */
export function summary(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => [
    outcome.scenario.name,
    outcome.store,
    String(outcome.kills),
    String(outcome.blows),
    String(outcome.runs),
    String(outcome.steps),
    String(countOf(outcome.findings, 'lost')),
    String(countOf(outcome.findings, 'duplicated')),
    String(countOf(outcome.findings, 'stuck')),
    String(outcome.fenced),
    outcome.seconds.toFixed(1),
  ])
  const sum = (at: number) => rows.reduce((total, row) => total + Number(row[at] ?? 0), 0)
  const total = ['all', '', ...[2, 3, 4, 5, 6, 7, 8, 9].map((at) => String(sum(at))), sum(10).toFixed(1)]
  return table(
    ['scenario', 'store', 'kills', 'other', 'runs', 'steps', 'lost', 'duplicated', 'stuck', 'fenced', 'seconds'],
    [...rows, total],
  )
}

/** What is wrong in an outcome, named; empty when nothing is. */
export function wrongs({ scenario, store, findings, log }: Outcome): string[] {
  const lines = findings
    .slice(0, named)
    .map(({ kind, table: where, key, detail }) => `${kind}: ${where} ${key}: ${detail}`)
  if (findings.length > named) lines.push(`and ${findings.length - named} more`)
  return [...lines.map((line) => `  ${scenario.name} on ${store}: ${line}`), ...log.map((line) => `      ${line}`)]
}

/** What stock Node-RED makes of it. */
export function stockTable(outcomes: readonly StockOutcome[]): string {
  return table(
    ['stock Node-RED', 'kills', 'messages', 'delivered', 'lost', 'share lost', 'duplicated', 'seconds'],
    outcomes.map(({ how, kills, asked, delivered, lost, duplicated, seconds }) => [
      how,
      String(kills),
      String(asked),
      String(delivered),
      String(lost),
      `${Math.round((lost / asked) * 100)} %`,
      String(duplicated),
      seconds.toFixed(1),
    ]),
  )
}
