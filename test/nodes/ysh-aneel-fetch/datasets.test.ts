import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { catalogue } from '../../../lib/steps/aneel/catalogue.ts'
import { type ListedPackage, mergeDatasets, PackageMemory } from '../../../nodes/ysh-aneel-fetch/datasets.ts'
import { entryOf, searchDatasets } from '../../../nodes/ysh-aneel-fetch/search.ts'

const packages: ListedPackage[] = [
  { name: 'tarifas-distribuidoras-energia-eletrica', title: 'Tarifas' },
  { name: 'zz-outro', title: '  ' },
  { name: 'aguas', title: 'Águas e Vazões' },
]

describe("the form's list of datasets", () => {
  const entries = mergeDatasets(catalogue().values(), packages)

  test('has every contract once, then the packages without one', () => {
    const contracts = entries.filter((entry) => entry.contract)
    assert.deepEqual(contracts.map((entry) => entry.value).sort(), [...catalogue().keys()].sort())
    assert.deepEqual(
      entries.slice(contracts.length).map((entry) => entry.value),
      ['aguas', 'zz-outro'],
    )
    assert.equal(entries.at(-1)?.title, 'zz-outro')
  })

  test('is searched without accents and case, in both languages, by any words in any order', () => {
    const found = (query: string) => searchDatasets(entries, query).map((entry) => entry.value)
    assert.deepEqual(found('VAZOES aguas'), ['aguas'])
    assert.ok(found('homologated tariffs').includes('aneel.tarifas'))
    assert.ok(found('aneel.tarifas').includes('aneel.tarifas'))
    assert.equal(found('').length, entries.length)
    assert.deepEqual(found('no such words'), [])
  })

  test('knows what a setting means', () => {
    assert.equal(entryOf(entries, 'aneel.tarifas')?.value, 'aneel.tarifas')
    assert.equal(entryOf(entries, 'tarifas')?.value, 'aneel.tarifas')
    assert.equal(entryOf(entries, 'zz-outro')?.value, 'zz-outro')
    assert.equal(entryOf(entries, ''), undefined)
    assert.equal(entryOf(entries, 'tarif'), undefined)
  })
})

describe('the memory of the portals', { timeout: 10_000 }, () => {
  function memory(ask: (url: string, signal: AbortSignal) => Promise<ListedPackage[]>, deadlineMs = 1_000) {
    const clock = { ms: 0 }
    const asked: string[] = []
    const made = new PackageMemory({
      now: () => clock.ms,
      deadlineMs,
      ask: (url, signal) => {
        asked.push(url)
        return ask(url, signal)
      },
    })
    return { clock, asked, memory: made }
  }

  test('asks once in ten minutes, also for two at the same time', async () => {
    const { clock, asked, memory: kept } = memory(async () => packages)
    await Promise.all([kept.packages('a'), kept.packages('a')])
    clock.ms = 599_000
    await kept.packages('a')
    assert.deepEqual(asked, ['a'])
    clock.ms = 601_000
    await kept.packages('a')
    await kept.packages('b')
    assert.deepEqual(asked, ['a', 'a', 'b'])
  })

  test('remembers a failure for half a minute only', async () => {
    const {
      clock,
      asked,
      memory: kept,
    } = memory(async () => {
      throw new PipelineError('HTTP_503', 'busy', { retryable: true })
    })
    await assert.rejects(kept.packages('a'), { code: 'HTTP_503' })
    await assert.rejects(kept.packages('a'), { code: 'HTTP_503' })
    clock.ms = 31_000
    await assert.rejects(kept.packages('a'), { code: 'HTTP_503' })
    assert.equal(asked.length, 2)
  })

  test('gives up at its deadline', async () => {
    const { memory: kept } = memory(
      (_url, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
      20,
    )
    // The deadline's timer does not keep a process alive by itself.
    const alive = setInterval(() => {}, 1_000)
    await assert.rejects(kept.packages('a'), { code: 'PORTAL_SILENT' })
    clearInterval(alive)
  })

  test('holds a handful of portals at most', async () => {
    const { asked, memory: kept } = memory(async () => [])
    for (let n = 0; n < 9; n += 1) await kept.packages(`p${n}`)
    await kept.packages('p8')
    assert.equal(asked.length, 9)
    await kept.packages('p0')
    assert.equal(asked.length, 10)
  })
})
