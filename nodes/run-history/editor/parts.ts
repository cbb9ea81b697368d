import { button, element, textElement } from '../../kit/editor/element.ts'
import type { Place } from '../places.ts'
import type { Format } from './format.ts'
import type { Ask, Host } from './host.ts'
import { filled, type Texts } from './texts.ts'

/** What every part of the view works with. */
export interface View {
  host: Host
  ask: Ask
  texts: Texts
  format: Format
  /** Whether who is logged in may act. */
  mayAct: boolean
  open(run: string): void
  /** Something was done to a run: it is looked at again at once. */
  changed(run: string): void
  /** Says something, also to a screen reader. */
  say(words: string, wrong?: boolean): void
}

/** A button of the view. */
export function press(words: string, done: () => void, className = ''): HTMLButtonElement {
  const made = button(words, '', done)
  made.querySelector('i')?.remove()
  made.textContent = words
  made.className = `red-ui-button ysh-runs-button ${className}`.trim()
  return made
}

/** The mark of a state: its word in a frame, so that colour is not all that tells it. */
export function mark(state: string, words: string): HTMLElement {
  return textElement('span', `ysh-runs-mark ysh-runs-${state}`, words)
}

/** A term and what it is, for a list of facts; nothing where there is nothing to say. */
export function fact(term: string, value: string | Node | null): Node[] {
  if (value === null || value === '') return []
  const what = element('dd')
  what.append(value)
  return [textElement('dt', '', term), what]
}

/** A section with a heading. */
export function section(title: string, ...content: (Node | string)[]): HTMLElement {
  const made = element('section', 'ysh-runs-section')
  made.append(textElement('h3', '', title), ...content)
  return made
}

/** Most characters of a manifest that are shown. */
const longest = 8_000

/** JSON that is unfolded on demand, cut when it is long. */
export function manifest({ texts }: View, title: string, value: unknown): HTMLElement {
  const made = element('details', 'ysh-runs-json')
  made.append(textElement('summary', '', title), json(texts, value))
  return made
}

/** JSON as text, cut when it is long. */
export function json(texts: Texts, value: unknown): HTMLElement {
  const text = JSON.stringify(value, undefined, 2) ?? 'null'
  const short = text.length > longest ? `${text.slice(0, longest)}\n${filled(texts.cut, { n: longest })}` : text
  const made = textElement('pre', '', short)
  made.tabIndex = 0
  return made
}

/** A node's name, and what leads to it on the canvas; of a deleted one it says so. */
export function placeOf({ host, texts, say }: View, place: Place | undefined, fallback: string): HTMLElement {
  const made = element('span', 'ysh-runs-place')
  if (place === undefined || place.canvas === null) {
    const name = textElement('span', 'ysh-runs-gone', `${fallback} (${texts.goneShort})`)
    name.title = texts.gone
    made.append(name)
    return made
  }
  const { canvas, inside, name, tab } = place
  const link = element('a', 'ysh-runs-link', { href: `${host.root}#node/${canvas}`, title: texts.show })
  link.textContent = name
  link.setAttribute('aria-label', `${name}: ${texts.show}`)
  link.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    if (!host.reveal(canvas, inside)) say(texts.goneEditor, true)
  })
  made.append(link)
  if (tab !== '') made.append(textElement('span', 'ysh-runs-quiet', ` · ${tab}`))
  return made
}

/** An error with what to do about it. */
export function failure(
  { texts }: View,
  { code, message }: { code: string; message: string },
  remedy: string | undefined,
): HTMLElement {
  const made = element('div', 'ysh-runs-error')
  made.append(textElement('strong', '', code), textElement('span', '', ` ${message}`))
  if (remedy !== undefined) {
    const what = element('div', 'ysh-runs-remedy')
    what.append(textElement('strong', '', `${texts.remedy}: `), remedy)
    made.append(what)
  }
  return made
}

/** A link to another run. */
export function runLink(view: View, id: string, words: string): HTMLElement {
  const made = element('button', 'ysh-runs-linkbutton', { type: 'button' })
  made.textContent = words
  made.addEventListener('click', () => view.open(id))
  return made
}
