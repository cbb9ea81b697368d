import type { CheckLanguage, Finding } from '../../../lib/flow-check/rule.ts'
import { button, element, textElement } from '../../kit/editor/element.ts'
import { texts } from './texts.ts'

/** The content of the tab: a button, and the findings, each a button that leads to its node. */
export function createPanel(language: CheckLanguage, check: () => void, reveal: (node: string) => void) {
  const words = texts[language]
  const content = element('div', 'ysh-check')
  const bar = element('div', 'ysh-check-bar')
  const note = element('span', 'ysh-check-note', { 'aria-live': 'polite' })
  const list = element('ul', 'ysh-check-list')
  note.textContent = words.never
  bar.append(button(words.check, 'fa fa-check-square-o', check))
  content.append(bar, note, list)

  return {
    content,
    show(findings: readonly Finding[]): void {
      note.textContent = findings.length === 0 ? words.good : ''
      list.replaceChildren(...findings.map(row))
    },
    fail(reason: string): void {
      note.textContent = words.failed.replace('__reason__', reason)
      list.replaceChildren()
    },
  }

  function row({ severity, rule, node, name, tab, reason, remedy }: Finding): HTMLElement {
    const entry = element('button', `ysh-check-finding ysh-check-${severity}`, { type: 'button' })
    entry.append(
      textElement('span', 'ysh-check-severity', words.severities[severity]),
      textElement('span', 'ysh-check-node', tab === '' ? name : `${name} · ${tab}`),
      textElement('span', 'ysh-check-reason', reason),
      textElement('span', 'ysh-check-remedy', remedy),
      textElement('span', 'ysh-check-rule', rule),
    )
    entry.addEventListener('click', () => reveal(node))
    const item = element('li')
    item.append(entry)
    return item
  }
}
