/** A new element of the form. */
export function element(tag: string, className = '', attributes: Record<string, string> = {}): HTMLElement {
  const made = document.createElement(tag)
  made.className = className
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

/** An element that holds a text. */
export function textElement(tag: string, className: string, words: string): HTMLElement {
  const made = element(tag, className)
  made.textContent = words
  return made
}

export function button(label: string, icon: string, press: () => void): HTMLButtonElement {
  const made = document.createElement('button')
  made.type = 'button'
  made.className = 'red-ui-button'
  made.append(element('i', icon), label === '' ? '' : ` ${label}`)
  made.addEventListener('click', (event) => {
    event.preventDefault()
    press()
  })
  return made
}

/** Told to those who must know of a field's new value, among them the form's own rules for what is shown. */
export function changed(input: HTMLElement): void {
  input.dispatchEvent(new Event('change', { bubbles: true }))
}
