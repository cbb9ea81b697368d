import { PipelineError } from '../../errors.ts'
import { splitPath } from '../../runs/identity.ts'
import { itemMessage, keptInput, type LetterDraft, letterId } from '../../runs/letter.ts'
import type { JournalError, RunRef } from '../../runs/run.ts'
import type { Json } from '../../stores/cache/port.ts'
import type { CaughtError } from '../call.ts'
import { listed } from './map-items.ts'
import type { MapWork } from './maps.ts'

/**
 * The dead letters of a map's items, as a join in Node-RED writes them: the message that the item began with, the node that failed, and how
 * often it was tried. Returns what makes the letter of an item.
 */
export function lettersOf({ node, state, settings, host }: MapWork) {
  let values: ReadonlyMap<string, Json> | undefined
  const { retry: _, ...message } = state.message

  return async (run: RunRef, error: JournalError, caught: CaughtError | null | undefined): Promise<LetterDraft> => {
    values ??= valuesOf()
    const { input, note, whole } = keptInput(itemMessage(values.get(splitPath(run.item).key) ?? null, message))
    const again = whole === undefined ? null : 'The whole of it is made anew by the node of the list.'
    const { rows } = await host.stores.postgres.query<{ tries: number }>(
      `select coalesce(max(attempts), 1)::int as tries from pipeline.step
       where run_id = $1 and item = $2 and recorded_by is null and state in ('failed', 'retry')`,
      [run.id, run.item],
    )
    return {
      ...{ id: letterId(run.id, node.path, run.item), input },
      note: [note, again].filter((part) => part !== null).join(' ') || null,
      error: { ...error, ...(caught?.source === undefined ? {} : { source: caught.source.id }) },
      attempts: rows[0]?.tries ?? 1,
    }
  }

  /** The list as it was opened; where the engine has not handed it on, the letter does without. */
  function valuesOf(): ReadonlyMap<string, Json> {
    try {
      return new Map(listed(node, settings, message.payload).map(({ key, value }) => [key, value]))
    } catch (thrown) {
      if (thrown instanceof PipelineError) return new Map()
      throw thrown
    }
  }
}
