import { textElement } from '../../kit/editor/element.ts'
import { checked, type DetailsAnswer, isRedrive, isReplay } from './answers.ts'
import { confirm } from './confirm.ts'
import { press, type View } from './parts.ts'
import { filled } from './texts.ts'

/** The buttons for what can be done to a run as it stands. */
export function actionsOf(view: View, run: DetailsAnswer, into: HTMLElement): HTMLElement[] {
  const { texts } = view
  if (!view.mayAct) return [textElement('p', 'ysh-runs-quiet', texts.readOnly)]
  if (run.trigger === 'message') return []
  const made: HTMLElement[] = []
  const offer = (what: string, words: string, work: (reason: string) => Promise<string>, className = '') =>
    made.push(
      press(
        what,
        () => confirm(texts, { into, what, words, done: (reason) => void act(view, run.id, () => work(reason)) }),
        className,
      ),
    )
  const post = (action: string, reason: string) => view.ask.post(`history/runs/${run.id}/${action}`, { reason })

  if (['failed', 'cancelled', 'waiting'].includes(run.state)) {
    const what = run.state === 'waiting' ? texts.resumeNow : texts.resume
    offer(
      what,
      texts.ask.resume,
      async (reason) => {
        await post('resume', reason)
        return texts.didResume
      },
      'primary',
    )
  }
  if (run.letters.open.some(({ kind }) => kind === 'item') || run.letters.total > run.letters.open.length) {
    offer(texts.redrive, filled(texts.ask.redrive, { n: run.letters.total }), async () => {
      const answer = checked(await view.ask.post('dead-letters/redrive', { run: run.id }), isRedrive)
      const [first] = answer.runs
      if (first !== undefined) view.open(first.id)
      return filled(texts.didRedrive, { n: answer.redriven })
    })
  }
  offer(texts.replay, texts.ask.replay, (reason) => replay(view, run.id, reason))
  if (['queued', 'running', 'waiting'].includes(run.state)) {
    offer(texts.cancel, texts.ask.cancel, async (reason) => {
      await post('cancel', reason)
      return texts.didCancel
    })
  }
  return made
}

/** Asks for a replay, of the whole run or from a node on, and shows the new run. */
export async function replay(view: View, run: string, reason: string, from?: string): Promise<string> {
  const body = { reason, ...(from === undefined ? {} : { from }) }
  const { id } = checked(await view.ask.post(`history/runs/${run}/replay`, body), isReplay)
  view.open(id)
  return view.texts.didReplay
}

/** Does something, says what became of it, and shows the run as it is then. */
export async function act(view: View, run: string, work: () => Promise<string>): Promise<void> {
  try {
    const said = await work()
    view.changed(run)
    view.say(said)
  } catch (thrown) {
    view.say(thrown instanceof Error ? thrown.message : String(thrown), true)
  }
}
