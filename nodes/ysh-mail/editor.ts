import { button, element } from '../kit/editor/element.ts'
import type { Widget, WidgetContext } from '../kit/editor/form.ts'

const timeout = 75_000

/** The button that connects and logs in with what stands in the form. */
function mountTest({ node, input, text, field }: WidgetContext): () => void {
  const bar = element('div', 'form-row')
  const note = element('span', '', { 'aria-live': 'polite', style: 'padding-left:10px' })
  const start = button(text('list.test'), 'fa fa-plug', test)
  bar.append(element('label'), start, note)
  input.closest('.form-row')?.after(bar)
  let turn = 0

  function test(): void {
    turn += 1
    const mine = turn
    start.disabled = true
    note.textContent = text('list.testing')
    const value = (name: string) => field(name)?.value.trim() ?? ''
    const settings = {
      node: node.id,
      ...{ host: value('host'), security: value('security'), from: value('from'), fromName: value('fromName') },
      ...{ user: value('user'), password: field('password')?.value ?? '' },
      ...{ port: Number(value('port')), timeoutMs: Number(value('timeoutMs')) },
    }
    const show = (words: string) => {
      if (mine !== turn) return
      start.disabled = false
      note.textContent = words
    }
    $.ajax({
      url: 'ysh/mail/test',
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(settings),
      timeout,
    }).then(
      () => show(text('list.good')),
      (answer) => show(text('list.failed', { reason: answer.responseJSON?.message ?? `HTTP ${answer.status}` })),
    )
  }

  return () => {
    turn += 1
    bar.remove()
  }
}

export const widgets: Record<string, Widget> = { test: mountTest }
