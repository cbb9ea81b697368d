import { button, element, textElement } from '../../kit/editor/element.ts'
import type { WidgetContext } from '../../kit/editor/form.ts'
import type { FailedAnswer } from '../../kit/editor/red.ts'

/** What the table shows of a key. */
interface Row {
  id: string
  name: string
  scopes: string[]
  usedAt: string | null
  expiresAt: string | null
  revokedAt: string | null
}

const timeout = 25_000
const allScopes = ['datasets', 'documents', 'runs', 'events']

/** The keys, below the field "First key": list them, make one (shown once, here), revoke one. */
export function mountKeys({ text, field }: WidgetContext): () => void {
  const box = element('div', 'form-row ysh-keys')
  const table = element('table', '')
  const name = plainInput('text', text('list.name'))
  const days = plainInput('number', text('list.days'))
  days.min = '1'
  const scopes = allScopes.map((scope) => ({ scope, tick: plainInput('checkbox', scope) }))
  for (const { tick } of scopes) tick.checked = true
  const create = button(text('list.create'), 'fa fa-plus', makeKey)
  const shown = element('div', 'ysh-keys-new')
  const note = element('div', 'ysh-keys-note', { 'aria-live': 'polite' })
  const bar = element('div', 'ysh-keys-bar')
  const choice = element('div', 'ysh-keys-scopes')
  choice.append(
    ...scopes.map(({ scope, tick }) => {
      const label = element('label', '')
      label.append(tick, ` ${scope}`)
      return label
    }),
  )
  bar.append(name, days, create)
  box.append(textElement('div', 'ysh-keys-title', text('list.keys')), table, bar, choice, shown, note)
  field('firstKey')?.closest('.form-row')?.after(box)
  let turn = 0

  const stores = () => {
    const value = field('stores')?.value ?? ''
    return value === '_ADD_' ? '' : value
  }
  const failure = ({ status, responseJSON: said }: FailedAnswer) =>
    said?.code === 'NOT_DEPLOYED'
      ? text('list.notDeployed')
      : text('list.failed', { reason: said?.message ?? `HTTP ${status}` })

  function load(): void {
    turn += 1
    const mine = turn
    note.textContent = text('list.loading')
    $.ajax({ url: 'ysh/api/keys', data: { stores: stores() }, timeout }).then(
      (answer) => {
        if (mine !== turn) return
        const keys = rowsOf(answer)
        table.replaceChildren(...keys.map(line))
        note.textContent = keys.length === 0 ? text('list.none') : ''
      },
      (answer) => {
        if (mine !== turn) return
        table.replaceChildren()
        note.textContent = failure(answer)
      },
    )
  }

  function line(row: Row): HTMLElement {
    const made = element('tr', '', { 'data-key': row.id })
    const title = textElement('div', '', row.name)
    title.append(textElement('div', 'ysh-keys-more', row.id))
    const used = row.usedAt === null ? text('list.never') : text('list.used', { when: moment(row.usedAt) })
    const until = row.expiresAt === null ? '' : text('list.until', { when: moment(row.expiresAt) })
    const last = element('td', '')
    if (row.revokedAt !== null) last.append(text('list.revoked'))
    else last.append(button(text('list.revoke'), 'fa fa-ban', () => revoke(row.id)))
    made.append(
      cell(title),
      cell(textElement('div', '', row.scopes.join(', '))),
      cell(textElement('div', '', used), textElement('div', 'ysh-keys-more', until)),
      last,
    )
    return made
  }

  function makeKey(): void {
    const wanted = {
      ...{ stores: stores(), name: name.value.trim() },
      scopes: scopes.filter(({ tick }) => tick.checked).map(({ scope }) => scope),
      ...(days.value === '' ? {} : { expiresAt: new Date(Date.now() + Number(days.value) * 86_400_000).toISOString() }),
    }
    create.disabled = true
    post('ysh/api/keys', wanted, (answer) => {
      const { key }: { key?: unknown } = { ...Object(answer) }
      name.value = ''
      showKey(String(key))
    })
  }

  /** In this dialog only, and only until it is closed. */
  function showKey(key: string): void {
    const line = plainInput('text', text('list.new'))
    line.readOnly = true
    line.value = key
    const copy = button(text('list.copy'), 'fa fa-clipboard', () => {
      line.select()
      navigator.clipboard?.writeText(key).catch(() => undefined)
    })
    shown.replaceChildren(textElement('div', '', text('list.once')), line, copy)
    line.select()
  }

  function revoke(id: string): void {
    post(`ysh/api/keys/${encodeURIComponent(id)}/revoke`, { stores: stores() }, () => {})
  }

  function post(url: string, body: object, done: (answer: unknown) => void): void {
    const request = { url, method: 'POST', contentType: 'application/json', timeout } as const
    $.ajax({ ...request, data: JSON.stringify(body) }).then(
      (answer) => {
        create.disabled = false
        done(answer)
        load()
      },
      (answer) => {
        create.disabled = false
        note.textContent = failure(answer)
      },
    )
  }

  const reload = () => load()
  field('stores')?.addEventListener('change', reload)
  load()
  return () => {
    turn += 1
    field('stores')?.removeEventListener('change', reload)
    box.remove()
  }
}

function rowsOf(answer: unknown): Row[] {
  const { keys }: { keys?: Row[] } = { ...Object(answer) }
  return Array.isArray(keys) ? keys : []
}

/** An input that is none of the dialog's own: its changes are not the node's, and Enter does not press Done. */
function plainInput(type: 'text' | 'number' | 'checkbox', label: string): HTMLInputElement {
  const made = document.createElement('input')
  made.type = type
  made.placeholder = label
  made.setAttribute('aria-label', label)
  made.addEventListener('change', (event) => event.stopPropagation())
  made.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') event.preventDefault()
  })
  return made
}

function moment(iso: string): string {
  return new Date(iso).toLocaleString(RED.i18n.lang(), { dateStyle: 'short', timeStyle: 'short' })
}

function cell(...content: HTMLElement[]): HTMLElement {
  const made = element('td', '')
  made.append(...content)
  return made
}
