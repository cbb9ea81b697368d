import { button, element } from '../kit/editor/element.ts'
import type { Widget, WidgetContext } from '../kit/editor/form.ts'
import type { FailedAnswer } from '../kit/editor/red.ts'

/** What the table shows of a letter. */
interface Row {
  id: string
  key: string
  kind: string
  slot: string | null
  error: { code: string; message: string }
  attempts: number
  createdAt: string
}

const timeout = 25_000
const most = 100

/** The open letters below the field `flow`: choose some, redrive or discard them. */
function mountLetters({ input, text, field }: WidgetContext): () => void {
  const box = element('div', 'ysh-letters')
  const frame = element('div', 'ysh-letters-frame')
  const table = element('table', '')
  const note = element('div', 'ysh-letters-note', { 'aria-live': 'polite' })
  const bar = element('div', 'ysh-letters-bar')
  const reason = document.createElement('input')
  reason.type = 'text'
  reason.placeholder = text('list.reason')
  reason.setAttribute('aria-label', text('list.reason'))
  const redrive = button(text('list.redrive'), 'fa fa-repeat', () => settle('redrive'))
  const discard = button(text('list.discard'), 'fa fa-trash-o', () => settle('discard'))
  const refresh = button('', 'fa fa-refresh', () => load())
  refresh.title = text('list.refresh')
  refresh.setAttribute('aria-label', text('list.refresh'))
  frame.append(table)
  bar.append(redrive, discard, reason, refresh)
  box.append(frame, bar, note)
  input.closest('.form-row')?.append(box)

  let rows: Row[] = []
  const chosen = new Set<string>()
  let turn = 0

  const stores = () => {
    const value = field('stores')?.value ?? ''
    return value === '_ADD_' ? '' : value
  }

  function load(said = ''): void {
    turn += 1
    const mine = turn
    note.textContent = said || text('list.loading')
    $.ajax({
      url: 'ysh/dead-letters',
      data: { stores: stores(), flow: input.value.trim(), limit: String(most) },
      timeout,
    }).then(
      (answer) => {
        if (mine !== turn) return
        const known = isAnswer(answer) ? answer : { letters: [], total: 0 }
        rows = known.letters
        for (const id of [...chosen]) if (!rows.some((row) => row.id === id)) chosen.delete(id)
        render()
        const count =
          rows.length === 0 ? text('list.none') : text('list.count', { shown: rows.length, all: known.total })
        note.textContent = said === '' ? count : `${said}. ${count}`
      },
      (answer) => {
        if (mine !== turn) return
        rows = []
        render()
        note.textContent = answer.responseJSON?.code === 'NOT_DEPLOYED' ? text('list.notDeployed') : failure(answer)
      },
    )
  }

  function failure(answer: FailedAnswer): string {
    return text('list.failed', { reason: answer.responseJSON?.message ?? `HTTP ${answer.status}` })
  }

  function render(): void {
    frame.hidden = rows.length === 0
    const head = element('tr', '')
    const all = tick(text('list.all'), rows.length > 0 && chosen.size === rows.length, (on) => {
      for (const { id } of rows) {
        if (on) chosen.add(id)
        else chosen.delete(id)
      }
      render()
    })
    head.append(cell('th', all), ...['key', 'error', 'attempts', 'age'].map((name) => cell('th', heading(name))))
    const header = element('thead', '')
    header.append(head)
    const body = element('tbody', '')
    body.append(...rows.map(line))
    table.replaceChildren(header, body)
    enable()
  }

  function heading(name: string): string {
    const names: Record<string, string> = {
      key: text('list.key'),
      error: text('list.error'),
      attempts: text('list.attempts'),
      age: text('list.age'),
    }
    return names[name] ?? name
  }

  function line(row: Row): HTMLElement {
    const made = element('tr', '', { 'data-letter': row.id })
    const mark = tick(row.key || row.kind, chosen.has(row.id), (on) => {
      if (on) chosen.add(row.id)
      else chosen.delete(row.id)
      render()
    })
    const key = element('div', '')
    key.textContent = row.key || row.kind
    const slot = element('div', 'ysh-letters-more')
    if (row.slot !== null && row.slot !== row.key) slot.textContent = row.slot
    const error = element('div', '', { title: row.error.message })
    error.textContent = row.error.code
    const message = element('div', 'ysh-letters-more')
    message.textContent = row.error.message.slice(0, 140)
    made.append(cell('td', mark), cell('td', key, slot), cell('td', error, message))
    made.append(cell('td', String(row.attempts)), cell('td', age(row.createdAt)))
    return made
  }

  function enable(): void {
    redrive.disabled = chosen.size === 0
    discard.disabled = chosen.size === 0 || reason.value.trim() === ''
  }

  function settle(how: 'redrive' | 'discard'): void {
    redrive.disabled = true
    discard.disabled = true
    $.ajax({
      url: `ysh/dead-letters/${how}`,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify({
        stores: stores(),
        ids: [...chosen],
        ...(how === 'discard' ? { reason: reason.value } : {}),
      }),
      timeout,
    }).then(
      (answer) => {
        chosen.clear()
        reason.value = ''
        load(outcome(answer))
      },
      (answer) => {
        note.textContent = failure(answer)
        enable()
      },
    )
  }

  function outcome(answer: unknown): string {
    const { redriven, discarded, runs, refused }: Record<string, unknown> = { ...Object(answer) }
    const late = Array.isArray(refused) && refused.length > 0 ? text('list.refused', { count: refused.length }) : ''
    const done =
      typeof redriven === 'number'
        ? text('list.redriven', { count: redriven, runs: Array.isArray(runs) ? runs.length : 0 })
        : text('list.discarded', { count: Number(discarded) })
    return done + late
  }

  const reload = () => load()
  input.addEventListener('change', reload)
  field('stores')?.addEventListener('change', reload)
  reason.addEventListener('input', enable)
  // Enter would press Done of the dialog.
  reason.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') event.preventDefault()
  })
  render()
  load()
  return () => {
    turn += 1
    input.removeEventListener('change', reload)
    field('stores')?.removeEventListener('change', reload)
  }
}

/** How long ago, in the largest unit that fits: 3 h, 12 d. */
function age(createdAt: string): string {
  const minutes = Math.max(0, (Date.now() - new Date(createdAt).getTime()) / 60_000)
  if (minutes < 60) return `${Math.floor(minutes)} min`
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} d`
}

function cell(tag: 'th' | 'td', ...content: (HTMLElement | string)[]): HTMLElement {
  const made = element(tag, '')
  made.append(...content)
  return made
}

function tick(label: string, on: boolean, change: (on: boolean) => void): HTMLInputElement {
  const made = document.createElement('input')
  made.type = 'checkbox'
  made.checked = on
  made.setAttribute('aria-label', label)
  // Not for the dialog, which looks for changes of its own fields.
  made.addEventListener('change', (event) => {
    event.stopPropagation()
    change(made.checked)
  })
  return made
}

function isAnswer(value: unknown): value is { letters: Row[]; total: number } {
  return typeof value === 'object' && value !== null && 'letters' in value && Array.isArray(value.letters)
}

export const widgets: Record<string, Widget> = { letters: mountLetters }
