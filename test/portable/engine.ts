import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PipelineError } from '../../lib/errors.ts'
import { canonicalText } from '../../lib/portable/canonical.ts'
import type { Plan } from '../../lib/portable/plan/schema.ts'
import type { Entries } from '../../lib/portable/runtime/entries.ts'
import { type OpenRuntime, openRuntime } from '../../lib/portable/runtime/open.ts'
import { stepEntry } from '../../lib/portable/runtime/step-entry.ts'
import { classOf, type TraceLine, tierOf } from '../../lib/portable/trace.ts'
import type { StepEvent } from '../../lib/runs/flight.ts'
import type { JournalError } from '../../lib/runs/run.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'
import type { Case } from './cases.ts'
import { sha256 } from './scripted.ts'

export const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** A real step, journalled like any other, that does what the script says of its node, item and try. */
export function scriptedEntries(script: Case['script']): Entries {
  const step = defineStep({
    name: 'scripted',
    version: 1,
    config: Type.Object({}),
    input: Type.Object({}),
    output: Type.Unknown(),
    async run(_input, _config, { run, node, attempt }) {
      const now = tryOf(script, node, run.item, attempt)
      if (now.error !== undefined) {
        const code = now.code ?? (now.error === 'timeout' ? 'TIMEOUT' : 'SCRIPTED')
        throw new PipelineError(code, `scripted ${now.error}`, { retryable: now.error !== 'permanent' })
      }
      return now.output ?? { step: node, item: run.item }
    },
  })
  return {
    'ysh-scripted': async () => async (work) => {
      const { node, run } = work
      const ports = Object.keys(node.ports)
      const script_ = script[node.path]
      const tries = script_?.[run.item] ?? script_?.['*'] ?? [{}]
      const port = tries.at(-1)?.port ?? ports[0] ?? ''
      return stepEntry(step, { portOf: () => port })(work)
    },
  }
}

function tryOf(script: Case['script'], node: string, item: string, attempt: number) {
  const tries = script[node]?.[item] ?? script[node]?.['*'] ?? [{}]
  return tries[Math.min(attempt, tries.length) - 1] ?? {}
}

/** Collects the trace of a run: tries as they are told, items as they are written into the journal. */
export class Tracer {
  readonly lines: TraceLine[] = []
  readonly #seen = new Set<string>()

  readonly onStep = (event: StepEvent): void => {
    if (event.state !== 'done' && event.state !== 'failed') return
    const base = { step: event.node, item: event.run.item, attempt: event.attempt }
    if (event.state === 'failed') {
      const { error } = event
      this.lines.push({ ...base, class: classOf(error), code: error.code, output: null, tier: null })
      return
    }
    const { output } = event
    this.lines.push({ ...base, class: 'ok', code: null, output: sha256(canonicalText(output)), tier: tierOf(output) })
  }

  async items(store: PostgresStore, run: string): Promise<void> {
    const { rows } = await store.query<{ node: string; item: string; output: unknown; error: JournalError | null }>(
      `select node, item, output, error from pipeline.step where run_id = $1 and recorded_by is not null order by finished_at`,
      [run],
    )
    for (const { node, item, output, error } of rows) {
      const key = `${node}|${item}`
      if (this.#seen.has(key)) continue
      this.#seen.add(key)
      this.lines.push({
        ...{ step: node, item, attempt: 1, class: error === null ? 'ok' : 'permanent', code: error?.code ?? null },
        ...{
          output: error === null ? sha256(canonicalText(output)) : null,
          tier: error === null ? tierOf(output) : null,
        },
      })
    }
  }
}

/** A folder that is gone after the tests. */
export function testFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-portable-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export function openScripted(
  plan: Plan,
  script: Case['script'],
  env: Record<string, string>,
  tracer: Tracer,
): Promise<OpenRuntime> {
  const [pipeline] = plan.pipelines
  return openRuntime({
    ...{ plan, pipeline: pipeline?.id ?? '', env, log: quiet, product: 'test/1' },
    ...{ entries: scriptedEntries(script), onStep: tracer.onStep },
  })
}
