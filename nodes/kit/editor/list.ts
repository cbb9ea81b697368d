/** What is wrong with the entries, in the user's language; undefined when nothing is. */
type Wrong = (entries: readonly string[]) => string | undefined

const variable = /^\$\{[^}]+\}$/

/** A list of texts, with Node-RED's own list widget; wrong entries are marked, and why is said below. */
export function mountList(id: string, value: unknown, text: (key: string) => string, wrong: Wrong): void {
  const place = document.getElementById(id)
  if (place === null) return
  const list = $(place).editableList({
    addItem([container], _index, data) {
      const input = document.createElement('input')
      input.type = 'text'
      input.className = 'ysh-list-entry'
      input.value = typeof data === 'string' ? data : ''
      container.append(input)
      if (typeof data !== 'string') input.focus()
    },
    removeItem: () => check(),
    sortable: true,
    removable: true,
    height: 'auto',
    addButton: text('form.add'),
  })
  const entries = Array.isArray(value) ? value : typeof value === 'string' && value !== '' ? value.split(',') : []
  for (const entry of entries) list.editableList('addItem', String(entry).trim())

  const note = document.createElement('div')
  note.className = 'ysh-tip ysh-list-wrong'
  note.setAttribute('role', 'status')
  place.closest('.form-row')?.append(note)
  place.addEventListener('change', check)
  check()

  function check(): void {
    note.textContent = wrong(entriesOf(id)) ?? ''
    for (const input of inputsOf(id)) {
      const entry = input.value.trim()
      input.classList.toggle('input-error', entry !== '' && wrong([entry]) !== undefined)
    }
  }
}

/** The list's entries as they stand in the form, without blank ones. A lone `${NAME}` stays a text: what it stands for is the list. */
export function readList(id: string): string[] | string {
  const entries = entriesOf(id)
  const [first = ''] = entries
  return entries.length === 1 && variable.test(first) ? first : entries
}

function entriesOf(id: string): string[] {
  return inputsOf(id)
    .map((input) => input.value.trim())
    .filter((entry) => entry !== '')
}

function inputsOf(id: string): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>(`#${CSS.escape(id)} .ysh-list-entry`)]
}
