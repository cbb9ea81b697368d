import type { Answer, Chosen, Inspect, Refused, Seen } from '../seen.ts'

/** Runs in the editor's page, put there by test/helpers/editor.ts: looks at forms and nodes as a person does. No imports but types. */

type Colour = [red: number, green: number, blue: number, alpha: number]

/** WCAG 2: 4.5 for text, 3 for icons. */
const enough = { text: 4.5, icon: 3 }

function colourOf(css: string): Colour {
  if (css.startsWith('#')) {
    const digits = css.length === 4 ? css.slice(1).replaceAll(/./g, '$&$&') : css.slice(1)
    const part = (at: number) => Number.parseInt(digits.slice(at, at + 2), 16)
    return [part(0), part(2), part(4), 1]
  }
  const numbers = css.match(/[\d.]+/g)?.map(Number) ?? []
  const [red = 0, green = 0, blue = 0, alpha = 1] = numbers
  return css === 'none' || css === 'transparent' ? [0, 0, 0, 0] : [red, green, blue, alpha]
}

/** `top` laid over an opaque colour. */
function over([red, green, blue, alpha]: Colour, [r, g, b]: Colour): Colour {
  const mixed = (a: number, under: number) => a * alpha + under * (1 - alpha)
  return [mixed(red, r), mixed(green, g), mixed(blue, b), 1]
}

function luminance([red, green, blue]: Colour): number {
  const linear = (value: number) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

function ratio(one: Colour, other: Colour): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

/** The colour behind an element: its own background over that of what it stands in. */
function behind(element: Element | null): Colour {
  if (element === null) return [255, 255, 255, 1]
  const own = colourOf(getComputedStyle(element).backgroundColor)
  return own[3] >= 1 ? own : over(own, behind(element.parentElement))
}

function isSeen(element: Element): boolean {
  return element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0
}

/** The elements of a form that hold words of their own. */
function wordsIn(form: Element): { element: HTMLElement; words: string }[] {
  return [...form.querySelectorAll<HTMLElement>('*')].flatMap((element) => {
    const words = [...element.childNodes]
      .filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.textContent?.trim() ?? '')
      .join('')
    return words !== '' && element.tagName !== 'OPTION' && isSeen(element) ? [{ element, words }] : []
  })
}

function isClipped(element: HTMLElement): boolean {
  const box = element.closest('label, button, summary, td, th, li, .ysh-tip, .form-row') ?? element
  const range = document.createRange()
  range.selectNodeContents(element)
  const { left, right } = range.getBoundingClientRect()
  const { left: from, right: to } = box.getBoundingClientRect()
  return right > to + 1 || left < from - 1
}

/** How wide words are in an input's or list's own letters. */
function widthOf(words: string, element: Element): number {
  const context = document.createElement('canvas').getContext('2d')
  if (context === null) return 0
  context.font = getComputedStyle(element).font
  return context.measureText(words).width
}

/** The room that a control has for its words. */
function roomIn(control: Element): number {
  const { paddingLeft, paddingRight } = getComputedStyle(control)
  const arrow = control.tagName === 'SELECT' ? 16 : 0
  return control.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) - arrow
}

function lookAt(form: Element): Seen {
  const clipped: string[] = []
  const faint: string[] = []
  const judge = (words: string, colour: Colour, back: Colour, least = enough.text) => {
    const found = ratio(over(colour, back), back)
    if (found < least) faint.push(`${words}: ${found.toFixed(2)}`)
  }
  for (const { element, words } of wordsIn(form)) {
    if (element.closest(':disabled') !== null) continue
    judge(words, colourOf(getComputedStyle(element).color), behind(element))
    if (isClipped(element)) clipped.push(words)
  }
  for (const control of form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select, textarea')) {
    if (!isSeen(control) || control.disabled || control.type === 'checkbox') continue
    const back = behind(control)
    judge(`${control.id}, what is typed`, colourOf(getComputedStyle(control).color), back)
    const hint = control instanceof HTMLSelectElement ? '' : control.placeholder
    if (hint !== '') judge(hint, colourOf(getComputedStyle(control, '::placeholder').color), back)
    const shown = control instanceof HTMLSelectElement ? [...control.options].map(({ text }) => text) : [hint]
    for (const words of shown) if (widthOf(words, control) > roomIn(control)) clipped.push(words)
  }
  return { clipped, faint }
}

/** Nodes on the canvas and in the palette: their labels, and their icons, which are drawn in one colour. */
function lookAtNodes(icon: string): Seen {
  const clipped: string[] = []
  const faint: string[] = []
  for (const node of document.querySelectorAll('#red-ui-workspace-chart .red-ui-flow-node-group')) {
    const body = node.querySelector('.red-ui-flow-node')
    const label = node.querySelector('.red-ui-flow-node-label-text')
    const shade = node.querySelector('.red-ui-flow-node-icon-shade')
    if (body === null || label === null || shade === null)
      throw new Error(`${node.id} is drawn otherwise than expected`)
    const colour = colourOf(getComputedStyle(body).fill)
    const words = ratio(colourOf(getComputedStyle(label).fill), colour)
    if (words < enough.text) faint.push(`${node.id}: ${words.toFixed(2)}`)
    const { fill, fillOpacity } = getComputedStyle(shade)
    const [red, green, blue] = colourOf(fill)
    const drawn = ratio(colourOf(icon), over([red, green, blue, Number(fillOpacity)], colour))
    if (drawn < enough.icon) faint.push(`${node.id}, icon: ${drawn.toFixed(2)}`)
  }
  for (const label of document.querySelectorAll('#red-ui-palette .red-ui-palette-node[data-palette-type^="ysh-"]')) {
    const words = label.querySelector('.red-ui-palette-label')
    if (words === null) throw new Error('a node of the palette has no label')
    const found = ratio(colourOf(getComputedStyle(words).color), behind(label))
    if (found < enough.text) faint.push(`${words.textContent}: ${found.toFixed(2)}`)
    if (words.scrollWidth > words.clientWidth + 1) clipped.push(words.textContent ?? '')
  }
  return { clipped, faint }
}

function formOf(): Element {
  return [...document.querySelectorAll('.ysh-form')].at(-1) ?? document.body
}

function put(element: HTMLInputElement, value: string | boolean): void {
  if (typeof value === 'boolean') element.checked = value
  else element.value = value
  element.dispatchEvent(new Event('input', { bubbles: true }))
  element.dispatchEvent(new Event('change', { bubbles: true }))
}

function fieldOf(prefix: string, field: string): HTMLInputElement {
  const element = document.querySelector<HTMLInputElement>(`#${CSS.escape(`${prefix}-${field}`)}`)
  if (element === null) throw new Error(`${prefix}-${field} is not in the form`)
  return element
}

/** The entries of a list; one more when `add` says so. */
function entriesOf(prefix: string, field: string, add = false): HTMLInputElement[] {
  const list = document.querySelector(`#${CSS.escape(`${prefix}-${field}-list`)}`)
  if (add) list?.closest('.red-ui-editableList')?.querySelector<HTMLElement>('.red-ui-editableList-addButton')?.click()
  return [...(list?.querySelectorAll<HTMLInputElement>('.ysh-list-entry') ?? [])]
}

function refuse(prefix: string, { field, value }: Refused): Answer {
  const isList = document.getElementById(`${prefix}-${field}-list`) !== null
  const element = isList ? entriesOf(prefix, field, true).at(-1) : fieldOf(prefix, field)
  if (element === undefined) throw new Error(`${field}: the list has no place for another entry`)
  const before = element.value
  put(element, value)
  // told again, Node-RED makes its tip the field's accessible name, which it else does when somebody points at it
  put(element, value)
  const marked = element.classList.contains('input-error')
  const note = element.closest('.form-row')?.querySelector('.ysh-list-wrong')
  const said = (isList ? note?.textContent : element.getAttribute('aria-label')) ?? ''
  put(element, before)
  const stillMarked = element.classList.contains('input-error') || (note?.textContent ?? '') !== ''
  return { field, marked, said, stillMarked }
}

function choose(prefix: string, { field, widget, value }: Chosen): void {
  if (widget !== 'list') {
    if (typeof value === 'string' || typeof value === 'boolean') put(fieldOf(prefix, field), value)
    return
  }
  for (const entry of Array.isArray(value) ? value : []) {
    const added = entriesOf(prefix, field, true).at(-1)
    if (added !== undefined) put(added, entry)
  }
}

function read(prefix: string, { field, widget }: { field: string; widget: string }): unknown {
  if (widget === 'list') return entriesOf(prefix, field).flatMap(({ value }) => (value === '' ? [] : [value]))
  const element = fieldOf(prefix, field)
  return element.type === 'checkbox' ? element.checked : element.value
}

const inspect: Inspect = {
  look: () => lookAt(formOf()),
  nodes: lookAtNodes,
  refuse: (prefix, values) => values.map((value) => refuse(prefix, value)),
  choose(prefix, values) {
    for (const value of values) choose(prefix, value)
  },
  read: (prefix, fields) => Object.fromEntries(fields.map((each) => [each.field, read(prefix, each)])),
}
Object.assign(window, { ysh: inspect })
