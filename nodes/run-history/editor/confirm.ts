import { element, textElement } from '../../kit/editor/element.ts'
import { press } from './parts.ts'
import { filled, type Texts } from './texts.ts'

/**
 * Asks before something is done, with a reason to be kept. The question is a modal dialog: the focus stays in it, Escape leaves it. Calls
 * `done` with the reason when the answer is yes.
 */
export function confirm(
  texts: Texts,
  { into, what, words, done }: { into: HTMLElement; what: string; words: string; done(reason: string): void },
): void {
  const dialog = document.createElement('dialog')
  dialog.className = 'ysh-runs-dialog'
  const before = document.activeElement
  const title = textElement('h3', '', what)
  title.id = `ysh-runs-${Date.now()}`
  dialog.setAttribute('aria-labelledby', title.id)
  const label = element('label', '')
  const reason = document.createElement('input')
  reason.type = 'text'
  reason.maxLength = 500
  label.append(textElement('span', '', texts.reason), reason)
  const bar = element('div', 'ysh-runs-bar')
  bar.append(
    press(
      filled(texts.yes, { what }),
      () => {
        dialog.close()
        done(reason.value.trim())
      },
      'primary',
    ),
    press(texts.no, () => dialog.close()),
  )
  dialog.append(title, textElement('p', '', words), label, bar)
  // The editor has shortcuts of its own for most keys.
  dialog.addEventListener('keydown', (event) => event.stopPropagation())
  dialog.addEventListener('close', () => {
    dialog.remove()
    if (before instanceof HTMLElement) before.focus()
  })
  into.append(dialog)
  dialog.showModal()
}
