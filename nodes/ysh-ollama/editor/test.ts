import { button, element, textElement } from '../../kit/editor/element.ts'
import type { WidgetContext } from '../../kit/editor/form.ts'
import type { Tested } from '../tested.ts'

const timeout = 40_000
/** What Node-RED shows in place of a password that it keeps. */
const kept = '__PWRD__'

/** The button "Test connection" above a field, and what the server says. */
export function mountTest({ node, input, text, field }: WidgetContext): () => void {
  const bar = element('div', 'form-row ysh-test-bar')
  const note = element('div', 'ysh-test-note', { 'aria-live': 'polite' })
  const start = button(text('list.test'), 'fa fa-plug', test)
  const models = element('ul', 'ysh-test-models')
  models.hidden = true
  bar.append(element('label'), start, note, models)
  input.closest('.form-row')?.before(bar)
  let turn = 0

  function test(): void {
    turn += 1
    const mine = turn
    start.disabled = true
    models.hidden = true
    say(text('list.testing'))
    const token = field('token')?.value ?? ''
    const settings = { id: node.id, url: field('url')?.value.trim() ?? '', ...(token === kept ? {} : { token }) }
    const request = { url: 'ysh/ollama/test', method: 'POST', contentType: 'application/json', timeout } as const
    $.ajax({ ...request, data: JSON.stringify(settings) }).then(
      (answer) => {
        if (mine !== turn) return
        start.disabled = false
        if (isTested(answer)) show(answer)
      },
      (answer) => {
        if (mine !== turn) return
        start.disabled = false
        say(text('list.failed', { reason: answer.responseJSON?.message ?? `HTTP ${answer.status}` }), true)
      },
    )
  }

  function show(tested: Tested): void {
    if ('error' in tested) {
      say(text('list.failed', { reason: `${tested.error.code}: ${tested.error.message}` }), true)
      return
    }
    const { version, place, models: there } = tested.server
    say(text('list.found', { version, place }))
    const sized = (size: number | null) => (size === null ? '' : ` · ${(size / 1e9).toFixed(1)} GB`)
    models.replaceChildren(
      textElement('li', '', there.length === 0 ? text('list.noModels') : text('list.models', { count: there.length })),
      ...there.map(({ name, size }) => textElement('li', 'ysh-test-model', `${name}${sized(size)}`)),
    )
    models.hidden = false
  }

  function say(words: string, wrong = false): void {
    note.textContent = words
    note.classList.toggle('ysh-test-wrong', wrong)
  }

  return () => {
    turn += 1
  }
}

function isTested(value: unknown): value is Tested {
  return typeof value === 'object' && value !== null && ('server' in value || 'error' in value)
}
