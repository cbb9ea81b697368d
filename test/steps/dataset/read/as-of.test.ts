import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Condition } from '../../../../lib/steps/dataset/query/schema.ts'
import { readPage } from '../../../../lib/steps/dataset/read/page.ts'
import type { Selection } from '../../../../lib/steps/dataset/read/port.ts'
import { DatasetReader } from '../../../../lib/steps/dataset/read/reader.ts'
import { streamRows } from '../../../../lib/steps/dataset/read/stream.ts'
import type { Json } from '../../../../lib/stores/cache/port.ts'
import { rejectsWith } from '../../../helpers/rejects.ts'
import { kinds, openSurroundings, type Surroundings } from '../../../runs/surroundings.ts'
import { contractOf, type FileRow, publishRows } from './publishing.ts'
import { nextRows, randomNumbers, randomRow } from './random.ts'

type Rows = Record<string, Json>[]
const clock = { now: () => new Date() }
const signal = new AbortController().signal

/** What a past day must say, kept aside. */
interface State {
  at: string
  rows: Rows
}

const asServed = (part: string, generated: string, { valor, quando, numero, ...row }: FileRow) => ({
  ...row,
  ...{ valor, numero: numero === null ? null : String(numero), quando, gerado: generated, parte: part },
})

/** Multisets are compared as sorted texts, each with its columns in one order. */
const bag = (rows: Rows) => rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort()

for (const kind of kinds) {
  describe(`the past of a dataset on ${kind}`, { timeout: 300_000 }, () => {
    let surroundings: Surroundings
    let reader: DatasetReader
    before(async () => {
      surroundings = await openSurroundings(kind)
      reader = new DatasetReader(surroundings.stores.postgres, clock)
    })
    after(() => surroundings.close())

    async function paged(dataset: string, selection: Selection, limit: number): Promise<Rows> {
      const rows: Rows = []
      let next: string | undefined
      do {
        const page = await readPage(reader, dataset, selection, { limit, after: next, numbers: 'text' })
        rows.push(...page.rows)
        next = page.next ?? undefined
        assert.ok(next === undefined || page.rows.length === limit, 'only the last page is short')
      } while (next !== undefined)
      return rows
    }
    async function streamed(dataset: string, selection: Selection): Promise<Rows> {
      const store = { postgres: surroundings.stores.postgres, clock }
      const rows: Rows = []
      for await (const batch of await streamRows(store, dataset, selection, { batch: 17, numbers: 'text', signal })) {
        rows.push(...batch.rows)
      }
      return rows
    }

    for (const [name, key] of [
      ['chaves', ['agente', 'classe']],
      ['sem_chave', []],
    ] as const) {
      it(`is each state that was published (${name})`, async () => {
        const dataset = `prova.${name}`
        const contract = contractOf(dataset, [...key])
        const random = randomNumbers(kind === 'server' ? 7 : 11)
        const standing = new Map<string, { file: FileRow[]; generated: string }>()
        const states: State[] = []
        for (let turn = 0; turn < 9; turn += 1) {
          // the second part appears later than the first
          const part = turn < 3 || random() < 0.6 ? '2025' : '2026'
          const before = standing.get(part)?.file ?? Array.from({ length: 60 }, () => randomRow(random))
          const file = nextRows(before, random)
          const generated = `2026-02-${10 + turn}`
          const { at, mode } = await publishRows(surroundings, contract, part, file, { generated })
          assert.equal(mode, standing.has(part) ? 'delta' : 'full')
          standing.set(part, { file, generated })
          const rows = [...standing].flatMap(([part, { file, generated }]) =>
            file.map((row) => asServed(part, generated, row)),
          )
          states.push({ at, rows })
        }
        assert.equal(standing.size, 2)
        for (const [index, { at, rows }] of states.entries()) {
          const seen = await paged(dataset, { asOf: at }, 1 + Math.floor(random() * 60))
          assert.deepEqual(bag(seen), bag(rows), `state ${index} in pages`)
          assert.deepEqual(bag(await streamed(dataset, { asOf: at })), bag(rows), `state ${index} in a stream`)
          const page = await readPage(reader, dataset, { asOf: at }, { limit: 1 })
          assert.equal(page.provenance.asOf, `${at.slice(0, 23)}Z`)
          assert.equal(page.provenance.rows, rows.length)
        }
        assert.deepEqual(
          bag(await paged(dataset, {}, 50)),
          bag(states.at(-1)?.rows ?? []),
          'the newest is what is served',
        )

        for (let probe = 0; probe < 20; probe += 1) {
          const state = states[Math.floor(random() * states.length)]
          assert.ok(state)
          const order = ['classe', 'valor', 'numero', 'dia', 'quando', 'agente', 'parte', 'gerado']
            .filter(() => random() < 0.3)
            .map((column) => (random() < 0.5 ? `-${column}` : column))
          const least = random() * 6 - 3
          const where: Condition[] = [{ column: 'valor', op: '>=', value: least.toFixed(4) }]
          let expected = state.rows.filter(({ valor }) => valor !== null && Number(valor) >= Number(least.toFixed(4)))
          // equal texts and dates are looked for in the history as it is kept
          for (const column of ['agente', 'classe', 'dia', 'gerado', 'parte'].filter(() => random() < 0.2)) {
            const value = state.rows[Math.floor(random() * state.rows.length)]?.[column]
            if (typeof value !== 'string') continue
            where.push({ column, op: '=', value })
            expected = expected.filter((row) => row[column] === value)
          }
          const selection = { asOf: state.at, order, where }
          for (const seen of [
            await paged(dataset, selection, 1 + Math.floor(random() * 30)),
            await streamed(dataset, selection),
          ]) {
            assert.deepEqual(bag(seen), bag(expected))
            assertSorted(seen, order)
          }
        }
      })
    }

    it('ends where the whole table was replaced, and before the first version', async () => {
      const dataset = 'prova.ersetzt'
      const contract = contractOf(dataset, ['agente', 'classe'])
      const rows = Array.from({ length: 5 }, () => randomRow(randomNumbers(3)))
      const first = await publishRows(surroundings, contract, '', rows)
      const other = await publishRows(surroundings, contract, '', rows.slice(1), { extraColumn: 'Nova' })
      const last = await publishRows(surroundings, contract, '', rows.slice(2), { extraColumn: 'Nova' })
      assert.deepEqual([first.mode, other.mode, last.mode], ['full', 'full', 'delta'])
      assert.equal((await paged(dataset, { asOf: other.at }, 10)).length, 4)
      for (const asOf of [first.at, '2020-01-01']) {
        const error = await rejectsWith(readPage(reader, dataset, { asOf }, { limit: 1 }), 'AS_OF_NOT_KEPT')
        assert.equal(error.details?.earliest, other.at)
        assert.ok(error.message.includes(other.at), error.message)
        await rejectsWith(streamed(dataset, { asOf }), 'AS_OF_NOT_KEPT')
      }
      // the day's end is later than today's versions, wherever this runs
      const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/Sao_Paulo' }).format(new Date())
      assert.equal((await paged(dataset, { asOf: today }, 10)).length, 3)
    })

    it('refuses what is no day', async () => {
      for (const asOf of ['', 'yesterday', '2026-02-30', '2026-01-01T00:00', '2026-01-01T25:00:00Z', "2026-01-01'--"]) {
        await rejectsWith(readPage(reader, 'prova.ersetzt', { asOf }, { limit: 1 }), 'QUERY_VALUE')
      }
    })
  })
}

const numeric = new Set(['valor', 'numero'])

function assertSorted(rows: Rows, order: readonly string[]): void {
  for (const [index, row] of rows.entries()) {
    const previous = rows[index - 1]
    if (previous === undefined) continue
    for (const each of order) {
      const column = each.replace(/^-/, '')
      const compared = compare(previous[column] ?? null, row[column] ?? null, column, each.startsWith('-'))
      if (compared < 0) break
      assert.equal(compared, 0, `${each} of rows ${index - 1} and ${index}`)
    }
  }
}

function compare(a: Json, b: Json, column: string, down: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  const by = numeric.has(column)
    ? Number(a) - Number(b)
    : Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)))
  return down ? 0 - by : by
}
