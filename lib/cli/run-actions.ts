import type { Target } from './target.ts'

/** What became of an action, for programs and for people. */
interface Told {
  value: unknown
  text: string
}

/** What a person does to one run, as work on a target; `by` is who it is. */
export function prepareRunAction(
  action: 'resume' | 'cancel' | 'replay',
  id: string,
  options: Readonly<Record<string, unknown>>,
  by: string,
): (target: Target) => Promise<Told> {
  const { reason, from } = options
  const who = { by, ...(typeof reason === 'string' ? { reason } : {}) }
  return async (target) => {
    if (action === 'replay') {
      const run = await target.replay(id, { ...who, ...(typeof from === 'string' ? { from } : {}) })
      return { value: run, text: `Replayed as ${run.id}  ${run.slot}` }
    }
    await target[action](id, who)
    return { value: { id, action }, text: action === 'resume' ? `Resumed: ${id}` : `Cancelled: ${id}` }
  }
}
