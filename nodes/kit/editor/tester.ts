import { button, element, textElement } from './element.ts'
import type { WidgetContext } from './form.ts'

/** A line of what came of a test. */
export interface TestLine {
  words: string
  /** Marked as an error. */
  wrong?: boolean
  /** One of a list: a name, as it is written. */
  item?: boolean
}

/** A button "Test connection" and what came of it. */
export interface Tester {
  url: string
  words: { test: string; testing: string; failed(reason: string): string }
  /** The button comes above this field; by default above the widget's own. */
  above?: HTMLElement | null
  /** How long the editor waits for the answer, in milliseconds; by default 40 s. It is longer than the endpoint's own patience. */
  timeout?: number
  /** Sent as JSON, made of what stands in the form. */
  settings(): Record<string, unknown>
  /** What the answer says, a line each. */
  tell(answer: unknown): TestLine[]
}

/** Puts the button into the form. Returns how to take it away. */
export function mountTester({ input }: WidgetContext, tester: Tester): () => void {
  const { url, words, above, timeout = 40_000, settings, tell } = tester
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
    const show = (lines: readonly TestLine[]) => {
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

  function say(lines: readonly TestLine[]): void {
    notes.replaceChildren(
      ...lines.map(({ words: said, wrong = false, item = false }) =>
        textElement('div', wrong ? 'ysh-tester-wrong' : item ? 'ysh-tester-item' : '', said),
      ),
    )
  }

  return () => {
    turn += 1
    bar.remove()
  }
}
