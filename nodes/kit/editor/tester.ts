import { button, element } from './element.ts'
import type { WidgetContext } from './form.ts'

const timeout = 40_000

/** A button "Test connection" and what came of it. */
export interface Tester {
  url: string
  words: { test: string; testing: string; failed(reason: string): string }
  /** The button comes above this field; by default above the widget's own. */
  above?: HTMLElement | null
  /** Sent as JSON, made of what stands in the form. */
  settings(): Record<string, unknown>
  /** What the answer says, a line each; `wrong` ones are marked. */
  tell(answer: unknown): { words: string; wrong?: boolean }[]
}

/** Puts the button into the form. Returns how to take it away. */
export function mountTester({ input }: WidgetContext, { url, words, above, settings, tell }: Tester): () => void {
  const bar = element('div', 'form-row ysh-tester')
  const notes = element('div', 'ysh-tester-notes', { 'aria-live': 'polite' })
  const start = button(words.test, 'fa fa-plug', test)
  bar.append(element('label'), start, notes)
  const row = (above ?? input).closest('.form-row')
  row?.before(bar)
  let turn = 0

  function test(): void {
    turn += 1
    const mine = turn
    const show = (lines: ReturnType<Tester['tell']>) => {
      if (mine !== turn) return
      start.disabled = false
      say(lines)
    }
    start.disabled = true
    say([{ words: words.testing }])
    const request = { url, method: 'POST', contentType: 'application/json', timeout } as const
    $.ajax({ ...request, data: JSON.stringify(settings()) }).then(
      (answer) => show(tell(answer)),
      ({ status, responseJSON: said }) => {
        const reason = said?.message === undefined ? `HTTP ${status}` : `${said.code}: ${said.message}`
        show([{ words: words.failed(reason), wrong: true }])
      },
    )
  }

  function say(lines: ReturnType<Tester['tell']>): void {
    notes.replaceChildren(
      ...lines.map(({ words: said, wrong = false }) => {
        const line = element('div', wrong ? 'ysh-tester-wrong' : '')
        line.textContent = said
        return line
      }),
    )
  }

  return () => {
    turn += 1
    bar.remove()
  }
}
