import type { Widget } from '../kit/editor/form.ts'
import { mountTester } from '../kit/editor/tester.ts'
import type { Tested } from './tested.ts'

/** What Node-RED shows in place of a password that it keeps. */
const kept = '__PWRD__'

/** The button that asks the server for its version and models. */
const test: Widget = (context) => {
  const { node, text, field } = context
  const failed = (reason: string) => text('list.failed', { reason })
  return mountTester(context, {
    url: 'ysh/ollama/test',
    words: { test: text('list.test'), testing: text('list.testing'), failed },
    settings() {
      const token = field('token')?.value ?? ''
      return { id: node.id, url: field('url')?.value.trim() ?? '', ...(token === kept ? {} : { token }) }
    },
    tell(answer) {
      if (!isTested(answer)) return []
      if ('error' in answer) return [{ words: failed(`${answer.error.code}: ${answer.error.message}`), wrong: true }]
      const { version, place, models } = answer.server
      const count = models.length
      return [
        { words: text('list.found', { version, place }) },
        { words: count === 0 ? text('list.noModels') : text('list.models', { count }) },
        ...models.map(({ name, size }) => ({ words: `${name}${gigabytes(size)}`, item: true })),
      ]
    },
  })
}

function gigabytes(size: number | null): string {
  return size === null ? '' : ` · ${(size / 1e9).toFixed(1)} GB`
}

function isTested(value: unknown): value is Tested {
  return typeof value === 'object' && value !== null && ('server' in value || 'error' in value)
}

export const widgets: Record<string, Widget> = { test }
