import type { StepLine } from '../../../lib/history/steps.ts'
import { element, textElement } from '../../kit/editor/element.ts'
import type { Place } from '../places.ts'
import { act, replay } from './actions.ts'
import { checked, type DetailsAnswer, isOutput, isSteps } from './answers.ts'
import { confirm } from './confirm.ts'
import { itemName } from './format.ts'
import { failure, json, mark, placeOf, press, type View } from './parts.ts'
import { filled } from './texts.ts'

/** The steps of a run, each with a bar that says when it ran. */
export function createSteps(view: View, run: string) {
  const { texts, format } = view
  const content = element('section', 'ysh-runs-section')
  const heading = textElement('h3', '', texts.steps)
  const note = element('p', 'ysh-runs-quiet')
  const label = element('label', 'ysh-runs-tick')
  const only = document.createElement('input')
  only.type = 'checkbox'
  label.append(only, ` ${texts.onlyFailed}`)
  const list = element('ol', 'ysh-runs-steps')
  const more = press(texts.more, () => void further().catch(fail))
  content.append(heading, note, label, list, more)

  let details: DetailsAnswer | undefined
  let steps: StepLine[] = []
  let next: string | null = null
  let places: Record<string, Place> = {}
  let remedies: Record<string, string> = {}
  /** Keys of steps whose input and output are unfolded. */
  const unfolded = new Set<string>()

  only.addEventListener('change', () => void anew().catch(fail))

  const fail = (thrown: unknown) => view.say(thrown instanceof Error ? thrown.message : String(thrown), true)

  async function ask(after: string | null): Promise<void> {
    const answer = checked(
      await view.ask.get(`history/runs/${run}/steps`, {
        ...(only.checked ? { failed: 'true' } : {}),
        ...(after === null ? {} : { after }),
      }),
      isSteps,
    )
    steps = after === null ? answer.steps : [...steps, ...answer.steps]
    next = answer.next
    places = { ...places, ...answer.places }
    remedies = { ...remedies, ...answer.remedies }
    render()
  }
  const anew = () => ask(null)
  const further = () => ask(next)

  function render(): void {
    more.hidden = next === null
    const from = Math.min(...steps.map(({ startedAt }) => Date.parse(startedAt)))
    const to = Math.max(from + 1, ...steps.map(endOf))
    list.replaceChildren(...steps.map((step) => row(step, from, to)))
    label.hidden = steps.length === 0 && !only.checked
    if (steps.length === 0 && !only.checked) list.append(textElement('li', 'ysh-runs-quiet', texts.noSteps))
  }

  function row(step: StepLine, from: number, to: number): HTMLElement {
    const made = element('li', 'ysh-runs-step')
    const head = element('div', 'ysh-runs-rowhead')
    const name = element('span', '')
    name.append(placeOf(view, places[step.node], step.node))
    if (step.item !== '') name.append(textElement('span', 'ysh-runs-item', ` ${itemName(step.item)}`))
    head.append(name, mark(step.state, texts.stepStates[step.state]))
    const took = (endOf(step) - Date.parse(step.startedAt)) / 1_000
    const facts = [
      step.recordedBy === null
        ? `${step.step}`
        : `${texts.item}, ${filled(texts.join, { name: places[step.recordedBy]?.name ?? step.recordedBy })}`,
      format.time(step.startedAt),
      format.span(took),
      step.attempts > 1 ? filled(texts.attempts, { n: step.attempts }) : '',
      step.nextAt === null ? '' : filled(texts.again, { time: format.ago(step.nextAt) }),
    ]
    const bar = element('div', 'ysh-runs-track', { role: 'img', 'aria-label': `${texts.took}: ${format.span(took)}` })
    const fill = element('div', `ysh-runs-fill ysh-runs-${step.state}`)
    fill.style.marginLeft = `${((Date.parse(step.startedAt) - from) / (to - from)) * 98}%`
    fill.style.width = `${Math.max(1, ((took * 1_000) / (to - from)) * 98)}%`
    bar.append(fill)
    made.append(head, textElement('div', 'ysh-runs-quiet', facts.filter((text) => text !== '').join(' · ')), bar)
    made.append(...triesOf(step))
    made.append(dataOf(step))
    return made
  }

  function triesOf({ tries, error }: StepLine): HTMLElement[] {
    if (error === null && tries.length === 0) return []
    const last = error === null ? [] : [failure(view, error, remedies[error.code])]
    if (tries.length < 2 && error !== null) return last
    const earlier = element('ul', 'ysh-runs-plain ysh-runs-tries')
    for (const { attempt, endedAt, error: why } of tries) {
      earlier.append(
        textElement(
          'li',
          '',
          `${filled(texts.attempt, { n: attempt })} · ${format.time(endedAt)} · ${why.code}: ${why.message.slice(0, 200)}`,
        ),
      )
    }
    return [...last, earlier]
  }

  /** What went in and came out, asked for when it is unfolded; and the replay from here. */
  function dataOf(step: StepLine): HTMLElement {
    const made = document.createElement('details')
    made.className = 'ysh-runs-json'
    const key = `${step.node}\n${step.item}`
    const inside = element('div')
    made.append(textElement('summary', '', texts.output), inside)
    made.addEventListener('toggle', () => {
      if (!made.open) unfolded.delete(key)
      else if (inside.childElementCount === 0) {
        unfolded.add(key)
        inside.textContent = texts.loading
        load(step, inside).catch(fail)
      }
    })
    made.open = unfolded.has(key)
    return made
  }

  async function load(step: StepLine, inside: HTMLElement): Promise<void> {
    const { node, item } = step
    const { output, given } = checked(await view.ask.get(`history/runs/${run}/output`, { node, item }), isOutput)
    const before =
      given === undefined
        ? [textElement('p', 'ysh-runs-quiet', texts.givenRun)]
        : [textElement('p', '', filled(texts.given, { name: given.name })), json(texts, given.output)]
    inside.replaceChildren(...before, textElement('p', '', texts.gave), json(texts, output))
    const replayable = view.mayAct && step.recordedBy === null && details !== undefined && details.trigger !== 'message'
    if (!replayable) return
    const name = places[node]?.name ?? node
    const words = filled(texts.ask.replayFrom, { name })
    const done = (reason: string) => void act(view, run, () => replay(view, run, reason, node))
    inside.append(press(texts.replayFrom, () => confirm(texts, { into: content, what: texts.replayFrom, words, done })))
  }

  return {
    content,
    /** Shows what came with the run; further pages that were loaded stay only while nothing changes. */
    show(answer: DetailsAnswer): void {
      details = answer
      note.textContent = filled(texts.stepsText, answer.counts)
      if (only.checked) {
        void anew().catch(fail)
        return
      }
      steps = answer.steps.steps
      next = answer.steps.next
      places = { ...places, ...answer.places }
      remedies = { ...remedies, ...answer.remedies }
      render()
    },
  }
}

/** When a step ended; of one at work now, when its next try is no matter. */
function endOf({ finishedAt, startedAt, state, tries }: StepLine): number {
  if (finishedAt !== null) return Date.parse(finishedAt)
  if (state === 'running') return Date.now()
  return Date.parse(tries.at(-1)?.endedAt ?? startedAt)
}
