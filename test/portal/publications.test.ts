import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { tableOf } from './generate/datasets.ts'
import {
  bytesOf,
  changes,
  countRows,
  DATASETS,
  type DatasetName,
  difference,
  type FileOptions,
  header,
  partsOf,
  rows,
  source,
  type WriteOptions,
} from './generate/index.ts'

const file = (dataset: DatasetName, options: FileOptions, write: WriteOptions = {}) =>
  bytesOf(source(dataset, options), write)

/** The cells of a column. */
function column(dataset: DatasetName, options: FileOptions, name: string): string[] {
  const position = header(dataset).indexOf(name)
  assert.notEqual(position, -1, name)
  return [...rows(dataset, options)].map((row) => row[position] ?? '')
}

describe('determinism', () => {
  test('the same seed gives the same bytes, another seed others', async () => {
    for (const dataset of DATASETS) {
      const [first, second, other] = await Promise.all(
        [1, 1, 2].map(async (seed) =>
          createHash('sha256')
            .update(await file(dataset, { rows: 300, seed }))
            .digest('hex'),
        ),
      )
      assert.equal(first, second, dataset)
      if (['mmgd', 'gd_fotovoltaica', 'siga', 'dec_fec', 'subsidios', 'samp'].includes(dataset)) {
        assert.notEqual(first, other, dataset)
      }
    }
  })

  test('a larger file begins with a smaller one of the same kind', () => {
    const small = [...rows('mmgd', { rows: 500, repeats: 0 })]
    const large = [...rows('mmgd', { rows: 900, repeats: 0 })]
    assert.deepEqual(large.slice(0, 500), small)
  })
})

describe('publications', () => {
  for (const dataset of DATASETS) {
    for (const size of [30, 700, 5000]) {
      test(`${dataset} of ${size} rows differs from publication to publication by exactly what is said`, () => {
        const table = tableOf(dataset)
        const positions = table.key.map((name) => header(dataset).indexOf(name))
        const load = (publication: number) => {
          const found = new Map<string, string>()
          const ordinals = new Map<string, number>()
          let count = 0
          for (const row of rows(dataset, { rows: size, publication })) {
            assert.equal(row.length, header(dataset).length)
            const key = positions.map((position) => row[position]).join('|')
            const ordinal = ordinals.get(key) ?? 0
            ordinals.set(key, ordinal + 1)
            found.set(`${key}#${ordinal}`, row.slice(1).join('|'))
            count++
          }
          assert.equal(count, countRows(dataset, { rows: size, publication }))
          assert.equal(found.size, count)
          return found
        }
        for (const [from, to] of [
          [0, 1],
          [1, 4],
          [4, 1],
        ] as const) {
          const [before, after] = [load(from), load(to)]
          const seen = { added: 0, changed: 0, vanished: 0, equal: 0 }
          for (const [key, row] of after) {
            const old = before.get(key)
            if (old === undefined) seen.added++
            else if (old === row) seen.equal++
            else seen.changed++
          }
          for (const key of before.keys()) if (!after.has(key)) seen.vanished++
          assert.deepEqual(difference(dataset, { rows: size }, from, to), seen)
        }
      })
    }
  }

  test('a day changes about 1 % of a large file', () => {
    assert.deepEqual(difference('mmgd', { rows: 1_000_000 }, 0, 1), {
      added: 3000,
      changed: 5000,
      vanished: 2000,
      equal: 993_000,
    })
  })

  test('changes() lists the rows behind the counts', () => {
    const options = { rows: 4000 }
    const kinds = new Map<string, number>()
    for (const change of changes('tarifas', options, 1, 3)) kinds.set(change.kind, (kinds.get(change.kind) ?? 0) + 1)
    const { added, changed, vanished } = difference('tarifas', options, 1, 3)
    assert.deepEqual(Object.fromEntries(kinds), { new: added, changed, vanished })
  })

  test('the first column of every row is the day of the publication', () => {
    for (const dataset of DATASETS) {
      const days = new Set(
        column(dataset, { rows: 100, publication: 2, today: '2026-11-20' }, 'DatGeracaoConjuntoDados'),
      )
      assert.deepEqual([...days], ['2026-11-22'], dataset)
    }
  })

  test('the flag of the next month stands in the file from the 25th on', () => {
    const before = column('bandeira_acionamento', { rows: 0 }, 'DatCompetencia')
    const after = column('bandeira_acionamento', { rows: 0, publication: 1 }, 'DatCompetencia')
    assert.equal(before.length, 141)
    assert.deepEqual(after, [...before, '2026-10-01'])
  })

  test('more publications than a file has rows for are refused', () => {
    assert.throws(() => [...rows('agentes', { rows: 30, publication: 40 })], /15 publications/)
  })
})

test('parts are the years of the publication', () => {
  assert.deepEqual(partsOf('componentes_tarifarias', '2027-02-03'), ['2027', '2026'])
  assert.deepEqual(partsOf('tarifas'), [''])
})

test('a file is made in constant memory', { timeout: 60_000 }, async () => {
  // 200,000 rows are 70 MB as text: with a heap of 24 MB this ends only if nothing is held.
  const script = `
    import { Writable } from 'node:stream'
    import { writeCsv } from ${JSON.stringify(new URL('generate/index.ts', import.meta.url).href)}
    const sink = new Writable({ write(chunk, encoding, done) { done() } })
    console.log((await writeCsv(sink, 'mmgd', { rows: 200_000 })).bytes)`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=24',
    '--max-semi-space-size=4',
    '--input-type=module',
    '--eval',
    script,
  ])
  assert.ok(Number(stdout) > 60_000_000, stdout)
})
