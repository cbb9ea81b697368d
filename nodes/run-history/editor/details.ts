import { element, textElement } from '../../kit/editor/element.ts'
import { actionsOf } from './actions.ts'
import { checked, type DetailsAnswer, isDetails } from './answers.ts'
import { fact, failure, manifest, mark, placeOf, runLink, section, type View } from './parts.ts'
import { createSteps } from './steps.ts'
import { filled } from './texts.ts'

/** One run with all that is known of it. */
export function createDetails(view: View, id: string) {
  const { texts, format } = view
  const content = element('article', 'ysh-runs-details', { 'aria-busy': 'true' })
  const title = element('h2', '', { tabindex: '-1' })
  const head = element('div')
  const actions = element('div', 'ysh-runs-bar')
  const tail = element('div')
  const steps = createSteps(view, id)
  title.textContent = texts.loading
  content.append(title, head, actions, steps.content, tail)
  let shown = ''

  /** Loads it anew. Resolves with whether anything is different. */
  async function load(): Promise<boolean> {
    const answer = checked(await view.ask.get(`history/runs/${id}`), isDetails)
    content.removeAttribute('aria-busy')
    const { seconds: _, ...lasting } = answer
    const now = JSON.stringify(lasting)
    const going = answer.state === 'running' || answer.state === 'queued'
    if (now === shown) return going
    shown = now
    render(answer)
    return true
  }

  function render(run: DetailsAnswer): void {
    const place = run.places[run.flow]
    title.replaceChildren(placeOf(view, place, run.flow), ' ', mark(run.state, texts.states[run.state]))
    const facts = element('dl', 'ysh-runs-facts')
    const counted =
      run.done === null && run.failed === null
        ? null
        : filled(texts.countsText, { done: run.done ?? 0, failed: run.failed ?? 0 })
    facts.append(
      ...fact(texts.slot, `${format.slot(run.slot)} (${texts.triggers[run.trigger]})`),
      ...fact(texts.started, `${format.time(run.createdAt)} (${format.ago(run.createdAt)})`),
      ...fact(texts.took, run.state === 'queued' || run.state === 'skipped' ? null : format.span(run.seconds)),
      ...fact(texts.due, run.dueAt === null ? null : `${format.time(run.dueAt)} (${format.ago(run.dueAt)})`),
      ...fact(texts.counts, counted),
      ...fact(
        texts.tier,
        run.tier === 'primary' || run.tier === 'backup' || run.tier === 'cache' ? texts.tiers[run.tier] : null,
      ),
      ...fact(texts.owner, run.owner),
      ...fact(texts.replayOf, run.replayOf && runLink(view, run.replayOf, run.replayOf)),
      ...fact(texts.redriveOf, run.redriveOf && runLink(view, run.redriveOf, run.redriveOf)),
      ...fact('id', textElement('code', '', run.id)),
    )
    head.replaceChildren(facts)
    if (run.error !== null) head.append(failure(view, run.error, run.remedies[run.error.code]))
    head.append(manifest(view, texts.input, run.input))
    if (run.summary !== null) head.append(manifest(view, texts.summary, run.summary))
    actions.replaceChildren(...actionsOf(view, run, content))
    steps.show(run)
    tail.replaceChildren(...lettersOf(run), ...noticesOf(run), ...doneTo(run), ...madeOf(run))
  }

  function lettersOf({ letters: { open, total }, remedies }: DetailsAnswer): HTMLElement[] {
    if (total === 0) return []
    const list = element('ul', 'ysh-runs-plain', { id: 'ysh-runs-letters' })
    for (const letter of open) {
      const item = element('li')
      item.append(
        textElement('strong', '', letter.key || letter.kind),
        failure(view, letter.error, remedies[letter.error.code]),
      )
      list.append(item)
    }
    return [section(texts.letters, textElement('p', '', filled(texts.lettersText, { n: total })), list)]
  }

  function noticesOf({ notices }: DetailsAnswer): HTMLElement[] {
    if (notices.length === 0) return []
    const list = element('ul', 'ysh-runs-plain')
    for (const { topic, state, at, attempts } of notices) {
      const item = element('li')
      item.append(mark(state, texts.noticeStates[state]), ` ${topic} · ${format.time(at)}`)
      if (attempts > 1) item.append(` · ${filled(texts.attempts, { n: attempts })}`)
      list.append(item)
    }
    return [section(texts.notices, list)]
  }

  function doneTo({ actions: done }: DetailsAnswer): HTMLElement[] {
    if (done.length === 0) return []
    const list = element('ul', 'ysh-runs-plain')
    for (const { at, action, by, reason, otherRun } of done) {
      const words = filled(texts.byWhom, { what: texts.actionNames[action], who: by })
      const item = textElement('li', '', `${format.time(at)}: ${words}${reason === '' ? '' : ` (${reason})`} `)
      if (otherRun !== null) item.append(runLink(view, otherRun, otherRun))
      list.append(item)
    }
    return [section(texts.actions, list)]
  }

  function madeOf({ made }: DetailsAnswer): HTMLElement[] {
    if (made.length === 0) return []
    const list = element('ul', 'ysh-runs-plain')
    for (const run of made) {
      const item = element('li')
      item.append(mark(run.state, texts.states[run.state]), ' ', runLink(view, run.id, format.slot(run.slot)))
      list.append(item)
    }
    return [section(texts.made, list)]
  }

  return { content, load, focus: () => title.focus() }
}
