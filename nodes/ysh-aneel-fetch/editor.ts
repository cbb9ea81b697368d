import { element } from '../kit/editor/element.ts'
import type { Widget, WidgetContext } from '../kit/editor/form.ts'
import type { DatasetEntry, DatasetList } from './datasets.ts'
import { entryOf, searchDatasets } from './search.ts'

/** The editor's own timeout; the server gives the portal 10 s. */
const timeout = 15_000
let count = 0

/** The dataset field: a text field that any slug can be typed into, with the portal's datasets to choose from below it. */
function mountDatasetPicker(context: WidgetContext): () => void {
  const { input, text } = context
  count += 1
  const id = `ysh-datasets-${count}`
  const english = !RED.i18n.lang().toLowerCase().startsWith('pt')
  const titleOf = (entry: DatasetEntry) => (english ? (entry.titleEn ?? entry.title) : entry.title)

  const frame = element('div', 'ysh-picker')
  const popup = element('div', 'ysh-picker-popup')
  const list = element('ul', 'ysh-picker-list', { role: 'listbox', id, 'aria-label': text('fields.dataset.label') })
  const note = element('div', 'ysh-picker-note', { 'aria-live': 'polite' })
  const chosen = element('div', 'ysh-tip')
  const opener = element('button', 'red-ui-button ysh-picker-open', {
    type: 'button',
    tabindex: '-1',
    'aria-label': text('fields.dataset.label'),
  })
  opener.append(element('i', 'fa fa-caret-down'))
  input.replaceWith(frame)
  frame.append(input, opener, popup)
  popup.append(list, note)
  frame.closest('.form-row')?.append(chosen)
  popup.hidden = true
  for (const [name, value] of Object.entries({
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-autocomplete': 'list',
    'aria-controls': id,
    'aria-expanded': 'false',
  })) {
    input.setAttribute(name, value)
  }

  let entries: DatasetEntry[] = []
  let shown: DatasetEntry[] = []
  let active = -1
  let loadedFor: string | undefined
  let remark = ''

  function load(): void {
    const value = context.field('portal')?.value ?? ''
    const portal = value === '_ADD_' ? '' : value
    if (portal === loadedFor) return
    loadedFor = portal
    remark = text('list.loading')
    render()
    $.ajax({ url: 'ysh/aneel/datasets', data: { portal }, timeout }).then(
      (answer) => {
        if (portal !== loadedFor) return
        const known = isList(answer) ? answer : { datasets: [] }
        entries = known.datasets.toSorted(
          (a, b) => Number(b.contract) - Number(a.contract) || titleOf(a).localeCompare(titleOf(b)),
        )
        remark = remarkOf(known)
        render()
        describe()
      },
      (answer) => {
        if (portal !== loadedFor) return
        loadedFor = undefined
        remark = text('list.failed', { reason: answer.responseJSON?.message ?? `HTTP ${answer.status}` })
        render()
      },
    )
  }

  function remarkOf({ note: reason }: DatasetList): string {
    if (reason === undefined) return ''
    return reason.reason === 'no-portal'
      ? text('list.withoutPortal')
      : text('list.portalSilent', { reason: reason.code })
  }

  /** The whole list while the field holds a chosen dataset, else what matches the typed text. */
  function render(typed = false): void {
    const query = !typed && entryOf(entries, input.value) !== undefined ? '' : input.value
    shown = searchDatasets(entries, query)
    list.replaceChildren(...shown.map(option))
    const found =
      shown.length > 0
        ? text('list.count', { shown: shown.length, all: entries.length })
        : entries.length > 0
          ? text('list.none')
          : ''
    note.textContent = [found, remark].filter((part) => part !== '').join(' · ')
    const current = entryOf(entries, input.value)
    const first = shown.length > 0 && query.trim() !== '' ? 0 : -1
    activate(typed || current === undefined ? first : shown.indexOf(current))
  }

  function option(entry: DatasetEntry, index: number): HTMLElement {
    const item = element('li', 'ysh-picker-item', { role: 'option', id: `${id}-${index}` })
    const title = element('div', 'ysh-picker-title')
    const mark = element(
      'i',
      entry.contract ? 'fa fa-check-circle' : 'fa fa-circle-o',
      entry.contract
        ? { title: text('list.contract'), 'aria-label': text('list.contract') }
        : { 'aria-hidden': 'true' },
    )
    title.append(mark, ` ${titleOf(entry)}`)
    const line = element('div', 'ysh-picker-slug')
    line.textContent = entry.contract ? `${entry.value} · ${entry.slug}` : entry.slug
    item.append(title, line)
    if (entry.cadence !== undefined) {
      const cadence = element('span', 'ysh-picker-cadence')
      cadence.textContent = text(`list.cadence.${entry.cadence}`)
      title.append(cadence)
    }
    // Before the field loses the focus and closes the list.
    item.addEventListener('mousedown', (event) => {
      event.preventDefault()
      choose(entry)
    })
    return item
  }

  function activate(index: number): void {
    list.children[active]?.setAttribute('aria-selected', 'false')
    active = index
    const item = list.children[active]
    item?.setAttribute('aria-selected', 'true')
    if (item === undefined) input.removeAttribute('aria-activedescendant')
    else input.setAttribute('aria-activedescendant', item.id)
    if (!popup.hidden) item?.scrollIntoView({ block: 'nearest' })
  }

  function open(): void {
    if (!popup.hidden) return
    load()
    popup.hidden = false
    input.setAttribute('aria-expanded', 'true')
    render()
  }

  function close(): void {
    popup.hidden = true
    input.setAttribute('aria-expanded', 'false')
  }

  function choose(entry: DatasetEntry): void {
    input.value = entry.value
    input.dispatchEvent(new Event('change', { bubbles: true }))
    describe()
    close()
  }

  function describe(): void {
    const entry = entryOf(entries, input.value)
    const foreign = input.value.trim() !== '' && !input.value.startsWith('${') && entries.length > 0
    chosen.textContent =
      entry === undefined
        ? foreign
          ? text('list.unknown')
          : ''
        : [titleOf(entry), entry.cadence && text(`list.cadence.${entry.cadence}`)].filter(Boolean).join(' · ')
  }

  function key(event: KeyboardEvent): void {
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 }
    const move = moves[event.key]
    if (move !== undefined) {
      event.preventDefault()
      if (popup.hidden) open()
      else activate(Math.max(0, Math.min(shown.length - 1, active + move)))
      return
    }
    if (popup.hidden) return
    if (event.key === 'Escape') {
      event.stopPropagation()
      close()
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault()
      const entry = shown[active]
      if (entry === undefined) close()
      else choose(entry)
    }
  }

  input.addEventListener('keydown', key)
  input.addEventListener('input', () => {
    open()
    render(true)
    describe()
  })
  input.addEventListener('click', open)
  input.addEventListener('blur', close)
  opener.addEventListener('mousedown', (event) => {
    event.preventDefault()
    if (popup.hidden) {
      input.focus()
      open()
    } else close()
  })
  load()
  return () => {
    loadedFor = 'closed'
  }
}

function isList(value: unknown): value is DatasetList {
  return typeof value === 'object' && value !== null && 'datasets' in value && Array.isArray(value.datasets)
}

export const widgets: Record<string, Widget> = { dataset: mountDatasetPicker }
