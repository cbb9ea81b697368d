import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Fetching, openFetching } from '../../../helpers/fetching.ts'
import { type Portal, startPortal } from '../../../portal/server.ts'

let duckdb = false
try {
  import.meta.resolve('@duckdb/node-api')
  duckdb = true
} catch {
  // optional
}

describe('Parquet', {
  skip: duckdb ? false : 'the optional package @duckdb/node-api is not installed',
  timeout: 120_000,
}, () => {
  let portal: Portal
  let f: Fetching
  before(async () => {
    portal = await startPortal({ datasets: { mmgd: 2000, tarifas: 100 } })
    f = await openFetching()
  })
  after(async () => {
    await f?.close()
    await portal?.close()
  })

  test('gives the rows that the CSV of the same publication gives', async () => {
    const csv = await f.fetch('aneel.mmgd', { portal: portal.url })
    const good = await f.content('aneel.mmgd')
    const parquet = await f.fetch('aneel.mmgd', { portal: portal.url, format: 'parquet', mode: 'full' })
    assert.equal(parquet.rows, csv.rows)
    const after_ = await f.content('aneel.mmgd')
    assert.equal(after_.rows, good.rows)
    // the same values through the other reader: nothing counts as changed
    assert.deepEqual([parquet.new, parquet.changed, parquet.vanished], [0, 0, 0])
    assert.deepEqual(after_, good)
    // back to CSV without `full`: what was said of the Parquet file is not taken for an answer about this one
    portal.clear()
    const again = await f.fetch('aneel.mmgd', { portal: portal.url })
    assert.equal(again.outcome, 'unchanged')
    assert.match(portal.requests.find((r) => r.path.includes('/download/'))?.path ?? '', /\.csv$/)
  })
})
