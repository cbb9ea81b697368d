/** A list of texts, with Node-RED's own list widget. */
export function mountList(id: string, value: unknown, text: (key: string) => string): void {
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
    sortable: true,
    removable: true,
    height: 'auto',
    addButton: text('form.add'),
  })
  const entries = Array.isArray(value) ? value : typeof value === 'string' && value !== '' ? value.split(',') : []
  for (const entry of entries) list.editableList('addItem', String(entry).trim())
}

/** The list's entries as they stand in the form, without blank ones. */
export function readList(id: string): string[] {
  const inputs = document.querySelectorAll<HTMLInputElement>(`#${CSS.escape(id)} .ysh-list-entry`)
  return [...inputs].map((input) => input.value.trim()).filter((entry) => entry !== '')
}
