import type { Widget } from '../kit/editor/form.ts'
import { mountTester } from '../kit/editor/tester.ts'

/** The button that asks the portal how much it has. */
const test: Widget = (context) => {
  const { node, text, field } = context
  const value = (name: string) => field(name)?.value.trim() ?? ''
  return mountTester(context, {
    url: 'ysh/aneel/portal/test',
    words: {
      test: text('list.test'),
      testing: text('list.testing'),
      failed: (reason) => text('list.failed', { reason }),
    },
    settings: () => ({ id: node.id, url: value('url'), contact: value('contact') }),
    tell(answer) {
      const count = typeof answer === 'object' && answer !== null && 'datasets' in answer ? Number(answer.datasets) : 0
      return [{ words: text('list.good', { count }) }]
    },
  })
}

export const widgets: Record<string, Widget> = { test }
