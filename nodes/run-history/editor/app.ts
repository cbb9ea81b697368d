import { element, textElement } from '../../kit/editor/element.ts'
import { checked, isOverview, isStores, type OverviewAnswer } from './answers.ts'
import { createDetails } from './details.ts'
import { createFormat } from './format.ts'
import { AskError, createAsk, type Host } from './host.ts'
import { createList } from './list.ts'
import { press, type View } from './parts.ts'
import { Pulse } from './pulse.ts'
import { createStanding } from './standing.ts'
import { filled, textsIn } from './texts.ts'

/** The overview costs more than the list: it is asked for every so many looks. */
const standEvery = 4

/** The whole view: runs, one run, how things stand. */
export function createApp(host: Host) {
  const texts = textsIn(host.language)
  const content = element('div', 'ysh-runs', { lang: host.language })
  const live = element('div', 'ysh-runs-said', { role: 'status', 'aria-live': 'polite' })
  const chips = element('div', 'ysh-runs-chips')
  const nav = element('nav', 'ysh-runs-nav', { 'aria-label': texts.title })
  const chosen = element('div', 'ysh-runs-stores')
  const main = element('div', 'ysh-runs-main')
  const ask = createAsk(host)
  const view: View = {
    host,
    ask,
    texts,
    format: createFormat(host.language),
    mayAct: false,
    open,
    say,
    changed: () => pulse.now(),
  }
  const list = createList(view)
  const standing = createStanding(view)
  const [showRuns, showStanding] = [press(texts.title, () => go('runs')), press(texts.status, () => go('status'))]
  nav.append(showRuns, showStanding)
  content.append(nav, chosen, chips, live, main)

  let where: 'runs' | 'status' | 'run' = 'runs'
  let details: ReturnType<typeof createDetails> | undefined
  let looks = 0
  let asked = false
  let stand = ''

  async function look(): Promise<boolean> {
    try {
      if (!asked) await whoAmI()
      const due = looks % standEvery === 0 || where === 'status'
      looks += 1
      const stood = due ? await overview() : false
      const moved = where === 'run' ? await details?.load() : where === 'runs' ? await list.load() : false
      if (live.classList.contains('ysh-runs-lost')) say('')
      return stood || moved === true
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      if (error instanceof AskError && error.status === 401) return false
      if (error instanceof AskError && error.code === 'STORES_AMBIGUOUS') await offerStores()
      say(filled(texts.failed, { reason: error.message }), true)
      live.classList.add('ysh-runs-lost')
      return false
    }
  }

  async function whoAmI(): Promise<void> {
    try {
      await ask.get('history/may')
      view.mayAct = true
    } catch (thrown) {
      if (!(thrown instanceof AskError) || thrown.status !== 401) throw thrown
    }
    asked = true
  }

  async function overview(): Promise<boolean> {
    const answer = checked(await ask.get('history/overview'), isOverview)
    list.flows(answer)
    standing.show(answer)
    showChips(answer)
    const now = JSON.stringify([
      answer.queued,
      answer.running,
      answer.waiting,
      answer.openLetters,
      answer.incidents.length,
    ])
    const changed = now !== stand
    stand = now
    return changed
  }

  function showChips({ running, queued, waiting, openLetters, incidents, freshness }: OverviewAnswer): void {
    const late = freshness.filter((each) => each.late).length
    const counts: [string, number, boolean][] = [
      [texts.now.running, running, false],
      [texts.now.queued, queued, false],
      [texts.now.waiting, waiting, false],
      [texts.now.letters, openLetters, true],
      [texts.now.incidents, incidents.length, true],
      [texts.now.late, late, true],
    ]
    chips.replaceChildren(
      ...counts.map(([words, count, bad]) => {
        const chip = element('span', `ysh-runs-chip${bad && count > 0 ? ' ysh-runs-bad' : ''}`)
        chip.append(textElement('strong', '', view.format.number(count)), ` ${words}`)
        return chip
      }),
    )
  }

  /** Several stores are deployed: somebody has to say which. */
  async function offerStores(): Promise<void> {
    if (chosen.childElementCount > 0) return
    const { stores } = checked(await ask.get('history/stores'), isStores)
    const field = document.createElement('select')
    field.setAttribute('aria-label', texts.stores)
    field.append(...stores.map(({ id, name }) => new Option(name || id, id)))
    field.addEventListener('change', () => use(field.value))
    chosen.append(textElement('span', '', `${texts.stores}: `), field)
    use(field.value)
  }

  function use(stores: string): void {
    ask.choose(stores)
    looks = 0
    go('runs')
  }

  function go(to: 'runs' | 'status'): void {
    say('') // it was about what was shown
    where = to
    details = undefined
    showRuns.setAttribute('aria-current', String(to === 'runs'))
    showStanding.setAttribute('aria-current', String(to === 'status'))
    main.replaceChildren(to === 'runs' ? list.content : standing.content)
    pulse.now()
  }

  function open(run: string): void {
    say('')
    where = 'run'
    const shown = createDetails(view, run)
    details = shown
    showRuns.setAttribute('aria-current', 'false')
    showStanding.setAttribute('aria-current', 'false')
    const back = press(`← ${texts.back}`, () => {
      go('runs')
      main.querySelector<HTMLElement>(`[data-run="${run}"]`)?.focus()
    })
    main.replaceChildren(back, shown.content)
    content.scrollTop = 0
    shown.focus()
    pulse.now()
  }

  function say(words: string, wrong = false): void {
    live.textContent = words
    live.className = `ysh-runs-said${wrong ? ' ysh-runs-wrong' : ''}`
  }

  const pulse = new Pulse(look, () => host.visible() && !document.hidden)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) pulse.now()
  })
  go('runs')
  return {
    content,
    /** Looks at once: it has come into view, or somebody has logged in. */
    refresh(): void {
      asked = false
      looks = 0
      view.mayAct = false
      pulse.now()
    },
  }
}
