import type { RunLine } from '../../../lib/history/runs.ts'
import { element, textElement } from '../../kit/editor/element.ts'
import type { Place } from '../places.ts'
import { checked, isRuns, type OverviewAnswer } from './answers.ts'
import { mark, press, type View } from './parts.ts'
import { filled } from './texts.ts'

const states = ['queued', 'running', 'waiting', 'done', 'failed', 'skipped', 'cancelled'] as const

/** The list of runs with its filters. */
export function createList(view: View) {
  const { texts, format } = view
  const content = element('div', 'ysh-runs-listview')
  const flow = select(texts.flow)
  const state = select(texts.state)
  const bar = element('div', 'ysh-runs-filters')
  const list = element('ul', 'ysh-runs-list')
  const note = element('p', 'ysh-runs-quiet', { role: 'status' })
  const more = press(texts.more, () => void load(true).catch(fail))
  more.hidden = true
  bar.append(flow.label, state.label)
  content.append(bar, list, note, more)
  fill(state.field, [['', texts.all], ...states.map((each): [string, string] => [each, texts.states[each]])])
  fill(flow.field, [['', texts.all]])
  flow.field.addEventListener('change', reload)
  state.field.addEventListener('change', reload)
  note.textContent = texts.loading

  let runs: RunLine[] = []
  let places: Record<string, Place> = {}
  let next: string | null = null
  let shown = ''
  let turn = 0

  function reload(): void {
    runs = []
    next = null
    shown = ''
    list.replaceChildren()
    void load().catch(fail)
  }

  function fail(thrown: unknown): void {
    note.textContent = filled(texts.failed, { reason: thrown instanceof Error ? thrown.message : String(thrown) })
  }

  /** Loads the first page anew, or the next one. Resolves with whether anything is different. */
  async function load(further = false): Promise<boolean> {
    turn += 1
    const mine = turn
    const answer = checked(
      await view.ask.get('history/runs', {
        ...(flow.field.value === '' ? {} : { flow: flow.field.value }),
        ...(state.field.value === '' ? {} : { state: state.field.value }),
        ...(further && next !== null ? { before: next } : {}),
      }),
      isRuns,
    )
    if (mine !== turn) return false
    places = { ...places, ...answer.places }
    if (further) {
      runs = [...runs, ...answer.runs]
      next = answer.next
    } else {
      // What was loaded of further pages stays below.
      const newest = new Set(answer.runs.map(({ id }) => id))
      const last = answer.runs.at(-1)
      const older =
        last === undefined || answer.next === null
          ? []
          : runs.filter((run) => !newest.has(run.id) && run.createdAt < last.createdAt)
      runs = [...answer.runs, ...older]
      if (older.length === 0) next = answer.next
    }
    const now = JSON.stringify(runs.map(({ id, state: is, done, failed }) => [id, is, done, failed]))
    const changed = now !== shown
    shown = now
    render()
    return changed
  }

  function render(): void {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.run : undefined
    list.replaceChildren(...runs.map(row))
    more.hidden = next === null
    const filtered = flow.field.value !== '' || state.field.value !== ''
    note.textContent = runs.length > 0 ? '' : filtered ? texts.noneHere : texts.none
    if (focused !== undefined) list.querySelector<HTMLElement>(`[data-run="${focused}"]`)?.focus()
  }

  function row(run: RunLine): HTMLElement {
    const entry = element('button', 'ysh-runs-row', { type: 'button', 'data-run': run.id })
    const place = places[run.flow]
    const head = element('span', 'ysh-runs-rowhead')
    const name = place === undefined || place.canvas === null ? `${run.flow} (${texts.goneShort})` : place.name
    head.append(textElement('strong', '', name), mark(run.state, texts.states[run.state]))
    const facts = [
      texts.triggers[run.trigger],
      format.slot(run.slot),
      run.state === 'queued' || run.state === 'skipped' ? '' : format.span(run.seconds),
      run.done === null && run.failed === null ? '' : `✓ ${run.done ?? 0}  ✗ ${run.failed ?? 0}`,
      tierName(run.tier),
      run.dueAt === null ? '' : `${texts.due} ${format.ago(run.dueAt)}`,
    ]
    entry.append(head, textElement('span', 'ysh-runs-quiet', facts.filter((text) => text !== '').join(' · ')))
    if (run.error !== null)
      entry.append(textElement('span', 'ysh-runs-why', `${run.error.code}: ${run.error.message.slice(0, 160)}`))
    entry.append(textElement('time', 'ysh-runs-quiet', `${format.time(run.createdAt)} (${format.ago(run.createdAt)})`))
    entry.addEventListener('click', () => view.open(run.id))
    const item = element('li')
    item.append(entry)
    return item
  }

  function tierName(tier: string | null): string {
    return tier === 'primary' || tier === 'backup' || tier === 'cache' ? texts.tiers[tier] : ''
  }

  return {
    content,
    load,
    fail,
    /** Offers the flows that have runs. */
    flows({ flows, places: known }: OverviewAnswer): void {
      places = { ...places, ...known }
      const options = flows.map((id): [string, string] => [id, known[id]?.name ?? id])
      if (options.length + 1 !== flow.field.options.length) fill(flow.field, [['', texts.all], ...options])
    },
  }
}

function select(words: string): { label: HTMLElement; field: HTMLSelectElement } {
  const label = element('label', '')
  const field = document.createElement('select')
  label.append(textElement('span', '', words), field)
  return { label, field }
}

function fill(field: HTMLSelectElement, options: readonly [string, string][]): void {
  const { value } = field
  field.replaceChildren(...options.map(([id, words]) => new Option(words, id)))
  field.value = options.some(([id]) => id === value) ? value : ''
}
