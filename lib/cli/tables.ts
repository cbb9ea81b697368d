import type { Letter } from '../runs/letter.ts'
import type { RunRow } from '../runs/run.ts'
import type { ShownRun } from './target.ts'

/** Letters as a table for people. */
export function letterTable({ letters, total }: { letters: readonly Letter[]; total: number }): string {
  if (letters.length === 0) return 'No dead letters.'
  const rows = letters.map((letter) => [
    letter.id,
    letter.state,
    letter.kind,
    letter.flow,
    cut(letter.key, 40),
    letter.error.code,
    String(letter.attempts),
    minute(letter.createdAt),
  ])
  const shown = letters.length < total ? [`${letters.length} of ${total}; --limit shows more`] : []
  return [table(['ID', 'STATE', 'KIND', 'FLOW', 'ITEM', 'ERROR', 'TRIES', 'SINCE'], rows), ...shown].join('\n')
}

/** One letter with all that is known. */
export function letterText(letter: Letter): string {
  const { error, input, redriveRun, recoveredRun, settledAt, settledBy, reason } = letter
  const settled = settledAt === null ? '' : `${letter.state} ${minute(settledAt)} by ${settledBy ?? 'nobody'}`
  return lines([
    ['id', letter.id],
    ['kind', letter.kind],
    ['state', settled || letter.state],
    ['reason', reason],
    ['flow', letter.flow],
    ['run', letter.run],
    ['slot', letter.slot],
    ['node', letter.node],
    ['item', letter.key],
    ['tries', String(letter.attempts)],
    ['since', letter.createdAt],
    ['error', `${error.code}: ${error.message}`],
    ['failed at', error.source ?? null],
    ['redriven by', redriveRun],
    ['succeeded in', recoveredRun],
    ['note', letter.note],
    ['input', input === undefined ? null : `\n${JSON.stringify(input, undefined, 2)}`],
  ])
}

/** Runs as a table. */
export function runTable(runs: readonly RunRow[]): string {
  if (runs.length === 0) return 'No runs.'
  const rows = runs.map((run) => [
    run.id,
    run.state,
    run.flow,
    cut(run.slot, 44),
    run.trigger,
    minute(run.createdAt),
    run.error?.code ?? '',
  ])
  return table(['ID', 'STATE', 'FLOW', 'SLOT', 'TRIGGER', 'SINCE', 'ERROR'], rows)
}

/** One run with its steps. */
export function runText(run: ShownRun): string {
  const steps = run.steps.map((step) => [
    step.node,
    cut(step.item, 40),
    step.step,
    step.state,
    String(step.attempts),
    step.error?.code ?? '',
  ])
  const head = lines([
    ['id', run.id],
    ['state', run.state],
    ['flow', run.flow],
    ['slot', run.slot],
    ['trigger', run.trigger],
    ['since', run.createdAt],
    ['ended', run.finishedAt],
    ['error', run.error === null ? null : `${run.error.code}: ${run.error.message}`],
    ['input', JSON.stringify(run.input)],
    ['summary', run.summary === null ? null : JSON.stringify(run.summary)],
  ])
  return steps.length === 0 ? head : `${head}\n\n${table(['NODE', 'ITEM', 'STEP', 'STATE', 'TRIES', 'ERROR'], steps)}`
}

function lines(pairs: readonly (readonly [string, string | null])[]): string {
  return pairs.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(13)}${clean(value)}`])).join('\n')
}

/** Columns side by side. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows.map((row) => row.map((value) => clean(value).replaceAll('\n', ' ')))]
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((value, at) => value.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Without what would command a terminal: keys and messages come from outside. */
function clean(text: string): string {
  return [...text].map((letter) => (/[\p{Cc}\p{Cf}]/u.test(letter) && letter !== '\n' ? '�' : letter)).join('')
}

function minute(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')}Z`
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}
