import type { Widget } from '../kit/editor/form.ts'
import { mountTester } from '../kit/editor/tester.ts'

const settings = ['postgresUrl', 'redisUrl', 'qdrantUrl', 's3Bucket', 's3Prefix', 's3Region', 's3Endpoint']
const credentials = ['postgresPassword', 'redisPassword', 'qdrantApiKey', 's3AccessKeyId', 's3SecretAccessKey']
const names: Readonly<Record<string, string>> = { postgres: 'PostgreSQL', redis: 'Redis', qdrant: 'Qdrant', s3: 'S3' }

/** The button that asks every server that the form names. */
const test: Widget = (context) => {
  const { node, text, field } = context
  const values = (of: readonly string[]) =>
    Object.fromEntries(of.map((name) => [name, field(name)?.value.trim() ?? '']))
  return mountTester(context, {
    url: 'ysh/stores/test',
    words: {
      test: text('list.test'),
      testing: text('list.testing'),
      failed: (reason) => text('list.failed', { reason }),
    },
    above: field('keepDays'),
    settings: () => ({ id: node.id, settings: values(settings), credentials: values(credentials) }),
    tell(answer) {
      const stores = trialsOf(answer)
      if (stores.length === 0) return [{ words: text('list.embedded') }]
      return stores.map(({ store, error }) => {
        const name = names[store] ?? store
        if (error === undefined) return { words: text('list.good', { name }) }
        return { words: text('list.bad', { name, reason: `${error.code}: ${error.message}` }), wrong: true }
      })
    },
  })
}

interface Trial {
  store: string
  error?: { code: string; message: string }
}

function trialsOf(answer: unknown): Trial[] {
  const stores = typeof answer === 'object' && answer !== null && 'stores' in answer ? answer.stores : undefined
  return Array.isArray(stores) ? stores : []
}

export const widgets: Record<string, Widget> = { test }
