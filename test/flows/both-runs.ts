import assert from 'node:assert/strict'
import type { PostgresStore } from '../../lib/stores/postgres/port.ts'

/** The flow of datasets had one from the mirror and one that there is not, that of documents one and a missing one, which is not indexed. */
export async function assertBothRuns(postgres: Pick<PostgresStore, 'query'>): Promise<void> {
  const { rows } = await postgres.query<{ flow: string; items: { key: string; state: string; tier?: string }[] }>(
    `select flow, summary->'items' as items from pipeline.run where flow in ('data-run', 'pdf-run') order by flow`,
  )
  assert.deepEqual(
    rows.map(({ items }) => items.map(({ key, state, tier = '' }) => [key.split('/').at(-1), state, tier])),
    [
      [
        ['aneel.bandeira_acionamento', 'done', 'backup'],
        ['aneel.nothing_at_all', 'failed', ''],
      ],
      [
        ['norma.pdf', 'done', ''],
        ['missing.pdf', 'failed', ''],
      ],
    ],
  )
  const documents = await postgres.query('select title from pipeline.vector_document where until is null')
  assert.deepEqual(documents.rows, [{ title: 'norma.pdf' }])
}
