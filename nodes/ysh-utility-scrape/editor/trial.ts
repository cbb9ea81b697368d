import type { Trial } from '../../../lib/steps/utility/trial.ts'
import { button, element, textElement } from '../../kit/editor/element.ts'
import type { WidgetContext } from '../../kit/editor/form.ts'

const timeout = 70_000

/** The button "try it", and below it what the recipe would extract from the page as it is now. */
export function mountTrial({ input, text, field }: WidgetContext): () => void {
  const bar = element('div', 'form-row ysh-trial-bar')
  const start = button(text('list.try'), 'fa fa-flask', tryIt)
  const note = element('div', 'ysh-trial-note', { 'aria-live': 'polite' })
  const panel = element('div', 'ysh-trial')
  panel.hidden = true
  bar.append(element('label'), start, note)
  const row = input.closest('.form-row')
  row?.after(bar, panel)
  let turn = 0

  function settings(): Record<string, unknown> {
    const value = (name: string) => field(name)?.value ?? ''
    const stores = value('stores') === '_ADD_' ? '' : value('stores')
    const ownRecipe = value('recipe') === '' ? value('ownRecipe') : ''
    const maxBytes = Number(value('maxBytes'))
    const fields = {
      stores,
      recipe: value('recipe'),
      ownRecipe,
      page: value('page'),
      url: value('url'),
      contact: value('contact'),
    }
    return Number.isInteger(maxBytes) && maxBytes > 0 ? { ...fields, maxBytes } : fields
  }

  function tryIt(): void {
    turn += 1
    const mine = turn
    start.disabled = true
    panel.hidden = true
    note.textContent = text('list.trying')
    $.ajax({
      url: 'ysh/utility/try',
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(settings()),
      timeout,
    }).then(
      (answer) => {
        if (mine !== turn) return
        start.disabled = false
        note.textContent = ''
        if (isTrial(answer)) show(answer)
        bar.scrollIntoView({ block: 'start' })
      },
      (answer) => {
        if (mine !== turn) return
        start.disabled = false
        note.textContent = text('list.failed', { reason: answer.responseJSON?.message ?? `HTTP ${answer.status}` })
      },
    )
  }

  function show(trial: Trial): void {
    const { error, datasets, documents } = trial
    panel.replaceChildren()
    panel.hidden = false
    const head = textElement(
      'div',
      'ysh-trial-head',
      `${trial.title} — ${trial.url} (${trial.charset}, ${trial.bytes} B)`,
    )
    if (error !== null) {
      panel.append(textElement('div', 'ysh-trial-error', `${error.code}: ${error.message}`), ...tables(trial))
      return
    }
    note.textContent = text('list.read', { rows: datasets.reduce((sum, { count }) => sum + count, 0) })
    panel.append(head, layout(trial))
    for (const { dataset, columns, rows, count } of datasets) {
      panel.append(
        textElement('h5', '', `${dataset} · ${count}`),
        grid(
          columns,
          rows.map((each) => columns.map((name) => each[name] ?? '')),
        ),
      )
      if (count > rows.length)
        panel.append(textElement('div', 'ysh-tip', text('list.more', { shown: rows.length, all: count })))
    }
    if (datasets.length === 0 && documents.length === 0) panel.append(textElement('div', '', text('list.nothing')))
    if (documents.length > 0) {
      panel.append(textElement('h5', '', text('list.documents', { count: documents.length })))
      panel.append(
        grid(
          [],
          documents.map(({ text: words, url }) => [words, url]),
        ),
      )
    }
  }

  function layout(trial: Trial): HTMLElement {
    if (trial.changes.length === 0) return textElement('div', 'ysh-trial-same', text('list.unchangedLayout'))
    const box = element('div', 'ysh-trial-changes')
    box.append(textElement('div', '', text('list.changedLayout')))
    const list = element('ul')
    for (const { where, was, is } of trial.changes) {
      list.append(textElement('li', '', text('list.wasIs', { where, was: was || '–', is: is || '–' })))
    }
    box.append(
      list,
      button(text('list.accept'), 'fa fa-check', () => accept(trial, box)),
    )
    return box
  }

  function accept(trial: Trial, box: HTMLElement): void {
    const { stores, recipe, page } = trial.key
    $.ajax({
      url: 'ysh/utility/accept',
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify({ stores, recipe, page, fingerprint: trial.fingerprint }),
      timeout,
    }).then(
      (answer) => {
        const done = typeof answer === 'object' && answer !== null && 'accepted' in answer && answer.accepted === true
        box.replaceChildren(textElement('div', '', text(done ? 'list.accepted' : 'list.notAccepted')))
      },
      (answer) => {
        note.textContent = text('list.failed', { reason: answer.responseJSON?.message ?? `HTTP ${answer.status}` })
      },
    )
  }

  function tables({ tables: found, outcome }: Trial): HTMLElement[] {
    if (outcome === 'blocked') return []
    if (found.length === 0) return [textElement('div', '', text('list.noTables'))]
    const rows = found.map(({ near, titles, columns, rows: count }) => [
      [...titles, ...near].join(' · '),
      columns.join(' | '),
      String(count),
    ])
    return [textElement('h5', '', text('list.tables', { count: found.length })), grid([], rows)]
  }

  return () => {
    turn += 1
  }
}

function grid(columns: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const frame = element('div', 'ysh-trial-frame')
  const table = element('table')
  const line = (tag: 'td' | 'th', cells: readonly string[]) => {
    const made = element('tr')
    made.append(...cells.map((words) => textElement(tag, '', words)))
    return made
  }
  if (columns.length > 0) table.append(line('th', columns))
  table.append(...rows.map((cells) => line('td', cells)))
  frame.append(table)
  return frame
}

function isTrial(value: unknown): value is Trial {
  return typeof value === 'object' && value !== null && 'outcome' in value && 'datasets' in value
}
