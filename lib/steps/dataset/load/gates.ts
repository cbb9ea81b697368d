import { PipelineError } from '../../../errors.ts'
import { type Queryable, quoteIdentifier as q } from '../../../stores/postgres/port.ts'
import type { ColumnProfile, ParserCounts } from '../parser/parser.ts'
import type { LoadPlan } from './plan.ts'
import type { Version } from './registry.ts'

const percent = (share: number) => `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`

/**
 * Judges a file before it replaces good data: share of refused rows, broken characters, row count, ranges, magnitude. Throws
 * GATE_<name>; answers warnings.
 */
export function judge(
  plan: LoadPlan,
  counts: ParserCounts,
  profile: ReadonlyMap<string, ColumnProfile>,
  base: Version | undefined,
  rejectSamples: readonly string[],
): string[] {
  const { contract } = plan
  const warnings: string[] = []
  const read = counts.rows + counts.rejected
  const refused = read === 0 ? 0 : counts.rejected / read
  if (refused > contract.maxQuarantineShare) {
    throw new PipelineError(
      'GATE_QUARANTINE',
      `${contract.dataset}: ${counts.rejected} of ${read} rows break the contract (${percent(refused)}, at most ${percent(contract.maxQuarantineShare)} allowed). First: ${rejectSamples.slice(0, 3).join(' | ')}`,
      { details: { rejected: counts.rejected, read, samples: rejectSamples.slice(0, 10) } },
    )
  }
  const broken = counts.rows === 0 ? 0 : counts.replacements / counts.rows
  if (broken > contract.maxReplacementShare) {
    throw new PipelineError(
      'GATE_CHARACTERS',
      `${contract.dataset}: ${counts.replacements} rows carry the character U+FFFD, text that was already broken at the source (${percent(broken)}, at most ${percent(contract.maxReplacementShare)} allowed)`,
    )
  }
  const rowsGate = contract.gates.find((gate) => gate.gate === 'rows')
  const least = Math.max(
    rowsGate?.atLeast ?? 1,
    base === undefined ? 1 : Math.ceil(base.rows * (rowsGate?.atLeastOfLast ?? 0)),
  )
  if (counts.rows < least) {
    throw new PipelineError(
      'GATE_ROWS',
      `${contract.dataset}: ${counts.rows} rows arrived, at least ${least} were expected` +
        (base ? ` (the last good version has ${base.rows})` : ''),
      { details: { rows: counts.rows, atLeast: least, last: base?.rows ?? null } },
    )
  }
  for (const gate of contract.gates) {
    if (gate.gate === 'range') {
      const seen = profile.get(gate.column)
      const range = plan.columns.find((column) => column.name === gate.column)?.range
      if (seen === undefined || range === undefined || seen.values === 0) continue
      const share = seen.outsideRange / seen.values
      if (share <= gate.maxShare) continue
      const message = `${contract.dataset}: ${percent(share)} of ${gate.column} lies outside ${range.join(' to ')} (at most ${percent(gate.maxShare)}); it goes from ${seen.min} to ${seen.max}`
      if (gate.level !== 'warning') throw new PipelineError('GATE_RANGE', message, { details: { column: gate.column } })
      warnings.push(message)
    } else if (gate.gate === 'magnitude') {
      const seen = profile.get(gate.column)
      const before = base?.profile[gate.column]
      if (seen === undefined || before === undefined || seen.values === 0 || before.values === 0) continue
      const now = Math.abs(seen.sum / seen.values)
      const then = Math.abs(before.sum / before.values)
      const factor = Math.max(now, then) / Math.max(Math.min(now, then), Number.EPSILON)
      if (then === 0 || factor <= gate.factor) continue
      const message = `${contract.dataset}: the mean of ${gate.column} is ${now.toPrecision(4)}, it was ${then.toPrecision(4)} in the last good version (at most a factor of ${gate.factor}): was the decimal comma lost?`
      if (gate.level !== 'warning')
        throw new PipelineError('GATE_MAGNITUDE', message, { details: { column: gate.column } })
      warnings.push(message)
    }
  }
  for (const [name, seen] of profile) {
    if (seen.doubtful > 0) warnings.push(`${name}: ${seen.doubtful} CNPJ with wrong check digits`)
    if (seen.sentinels > 0) warnings.push(`${name}: ${seen.sentinels} dates that mean "none" became null`)
  }
  return warnings
}

/** The gates that need the table itself. Throws GATE_EXISTS. */
export async function judgeTable(tx: Queryable, plan: LoadPlan, table: string): Promise<void> {
  for (const gate of plan.contract.gates) {
    if (gate.gate !== 'exists') continue
    const { rows } = await tx.query(`select 1 from ${table} where ${q(gate.column)} = $1 limit 1`, [gate.equals])
    if (rows.length === 0) {
      throw new PipelineError(
        'GATE_EXISTS',
        `${plan.contract.dataset}: no row has ${gate.column} = "${gate.equals}", which every version must have (wrong encoding, or a changed vocabulary?)`,
      )
    }
  }
}
