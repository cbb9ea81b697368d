import type { Widget } from '../kit/editor/form.ts'
import { mountTester } from '../kit/editor/tester.ts'

/** The button that connects and logs in with what stands in the form. */
const test: Widget = (context) => {
  const { node, text, field } = context
  const value = (name: string) => field(name)?.value.trim() ?? ''
  return mountTester(context, {
    url: 'ysh/mail/test',
    timeout: 75_000,
    words: {
      test: text('list.test'),
      testing: text('list.testing'),
      failed: (reason) => text('list.failed', { reason }),
    },
    settings: () => ({
      node: node.id,
      ...{ host: value('host'), security: value('security'), from: value('from'), fromName: value('fromName') },
      ...{ user: value('user'), password: field('password')?.value ?? '' },
      ...{ port: value('port'), timeoutMs: value('timeoutMs') },
    }),
    tell: () => [{ words: text('list.good') }],
  })
}

export const widgets: Record<string, Widget> = { test }
