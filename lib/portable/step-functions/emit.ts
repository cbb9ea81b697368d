import type { CheckLanguage } from '../../flow-check/rule.ts'
import { canonicalFile } from '../canonical.ts'
import type { Note } from '../notes.ts'
import type { Pipeline, Plan } from '../plan/schema.ts'
import { type Cost, costOf } from './cost.ts'
import { type Machine, MachineEmitter, type MachineOptions } from './machine.ts'
import { slug } from './names.ts'
import { newNotes } from './notes.ts'
import { triggerFile } from './triggers.ts'

export interface EmitOptions extends MachineOptions {
  /** Length of lists that nobody knows, for the estimate. */
  items?: number
  /** What a step lasts on average, for the estimate. */
  seconds?: number
  /** Of the notes. Default en-US. */
  language?: CheckLanguage
}

export interface Emitted {
  /** By name, as they are written. Empty where a note is an error. */
  files: Readonly<Record<string, string>>
  machines: Readonly<Record<string, Machine>>
  notes: Note[]
  cost: Cost
}

/**
 * A plan as state machines: for each pipeline `NAME.asl.json` and, where it is started by time or by an object, `NAME.schedule.json` or
 * `NAME.rule.json`, all for Terraform's templatefile; `pipelines.json`, which says what belongs together; `source-map.json`, from states to
 * nodes; `plan.json`, which the step runtime reads; `cost.json`.
 */
export function emitStepFunctions(plan: Plan, { language, items, seconds, ...options }: EmitOptions = {}): Emitted {
  const notes = newNotes(language)
  const files: Record<string, string> = {}
  const machines: Record<string, Machine> = {}
  const taken = new Set<string>()
  const listed = plan.pipelines.map((pipeline) => {
    const name = fileName(pipeline, taken)
    const machine = new MachineEmitter(plan, pipeline, notes, options).emit()
    machines[pipeline.id] = machine
    files[`${name}.asl.json`] = canonicalFile(machine.definition)
    const trigger = triggerFile(pipeline, notes)
    if (trigger !== undefined) files[`${name}.${trigger.kind}.json`] = canonicalFile(trigger.content)
    if (pipeline.overlap === 'replace' || pipeline.overlap === 'queue') {
      const { id: node, name, tab } = pipeline
      notes.add('OVERLAP', { node, name, type: pipeline.trigger.kind, tab }, { overlap: pipeline.overlap })
    }
    return {
      ...{ id: pipeline.id, name, trigger: pipeline.trigger },
      definition: `${name}.asl.json`,
      ...(trigger === undefined ? {} : { [trigger.kind]: `${name}.${trigger.kind}.json` }),
    }
  })
  const cost = costOf(plan.pipelines, {
    fuse: options.fuse ?? false,
    ...(items === undefined ? {} : { items }),
    ...(seconds === undefined ? {} : { seconds }),
  })
  const { source, environment } = plan
  files['pipelines.json'] = canonicalFile({ source, environment, pipelines: listed })
  files['source-map.json'] = canonicalFile(
    Object.fromEntries(Object.entries(machines).map(([id, { sourceMap }]) => [id, sourceMap])),
  )
  files['plan.json'] = canonicalFile(plan)
  files['cost.json'] = canonicalFile(cost)
  const failed = notes.all.some(({ severity }) => severity === 'error')
  return { files: failed ? {} : files, machines, notes: notes.all, cost }
}

/** Names of files; where two ids look alike in them, with a number. */
function fileName({ id }: Pipeline, taken: Set<string>): string {
  const plain = slug(id)
  let name = plain
  for (let number = 2; taken.has(name); number++) name = `${plain}-${number}`
  taken.add(name)
  return name
}
