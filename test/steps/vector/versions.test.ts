import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { asWriter } from '../../../lib/steps/vector/ledger/lease.ts'
import { readLive } from '../../../lib/steps/vector/ledger/state.ts'
import { upkeep } from '../../../lib/steps/vector/ledger/upkeep.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { type OllamaDouble, startOllamaDouble } from '../../ollama/double.ts'
import { type Ground, grounds } from './grounds.ts'
import { stepsOver } from './surroundings.ts'

const ollamaOf = (url: string) => ({
  ...{ url, token: '', concurrency: 4, keepAlive: '5m', pull: false },
  ...{ connectTimeoutMs: 2_000, idleTimeoutMs: 5_000, totalTimeoutMs: 20_000 },
})

const { signal } = new AbortController()

for (const { name, open } of grounds) {
  const at = await open()
  if (typeof at === 'string') test(`versions on ${name}`, { skip: at }, () => {})
  else versions(name, at)
}

function versions(name: string, at: Ground): void {
  describe(`versions of a collection on ${name}`, { timeout: 120_000 }, () => {
    let ollama: OllamaDouble
    before(async () => {
      ollama = await startOllamaDouble({
        models: [
          { name: 'bge-m3', dimensions: 32, capabilities: ['embedding'] },
          { name: 'nomic-embed-text', dimensions: 48, capabilities: ['embedding'] },
        ],
      })
    })
    after(async () => {
      assert.deepEqual(ollama.violations, [])
      await ollama.stop()
      await at.close()
    })

    test('searches while documents are replaced see one version whole, never a mixture', async () => {
      const config = { collection: 'leitores' }
      const version = (n: number) =>
        Array.from({ length: 6 }, (_, d) => ({ document: `d${d}`, text: `Edição ${n} do documento ${d}.` }))
      await at.index({ documents: version(0) }, config)
      let writing = true
      let searches = 0
      const reader = async () => {
        while (writing) {
          const { hits } = await at.search({ question: 'edição documento', limit: 20 }, config)
          const editions = new Set(hits.map(({ text }) => /Edição (\d+)/.exec(text)?.[1]))
          assert.deepEqual([hits.length, editions.size], [6, 1], JSON.stringify(hits.map(({ text }) => text)))
          searches += 1
        }
      }
      const readers = [reader(), reader(), reader()]
      for (let n = 1; n <= 6; n += 1) await at.index({ documents: version(n) }, config)
      writing = false
      await Promise.all(readers)
      assert.ok(searches > 6, `${searches}`)
    })

    test('two writers of a collection come one after the other, and lose nothing of each other', async () => {
      const config = { collection: 'escritores' }
      const other = stepsOver({ ...at.stores })
      const all = Array.from({ length: 10 }, (_, n) => n)
      await Promise.all(
        all.map((n) => (n % 2 === 0 ? at : other).index({ document: `w${n}`, text: `Texto ${n}.` }, config)),
      )
      assert.equal((await at.search({ question: 'texto', limit: 20 }, config)).hits.length, 10)
    })

    test('another embedder: the collection is built beside the old one, read until the switch, and the old one goes', async () => {
      const config = { collection: 'modelos' }
      const list = Array.from({ length: 20 }, (_, n) => ({ document: `m${n}`, text: `Inversor modelo ${n}.` }))
      await at.index({ documents: list }, config)
      const bge = { ...config, embedder: 'ollama', model: 'bge-m3', ollama: ollamaOf(ollama.url) } as const
      let seenBefore: unknown
      const { vectors } = at.stores
      const watched = at.over({
        ...vectors,
        // all is written, nothing is published
        put: async (...args) => {
          const count = await vectors.put(...args)
          const { hits, semantic } = await at.search({ question: 'inversor', limit: 50 }, config)
          seenBefore = [hits.length, semantic]
          return count
        },
      })
      const switched = await watched.index({ documents: list.slice(0, 1) }, bge)
      assert.deepEqual(seenBefore, [20, false])
      assert.deepEqual(
        [switched.outcome, switched.rebuilt, switched.embedded, switched.unchanged, switched.dimensions],
        ['indexed', true, 20, 1, 32],
      )
      assert.match(switched.embedder, /^ollama:bge-m3@sha256:/)
      const search = { ...config, ollama: ollamaOf(ollama.url) }
      const found = await at.search({ question: 'inversor', limit: 50 }, search)
      assert.deepEqual([found.hits.length, found.semantic, found.degraded], [20, true, false])
      assert.ok(found.hits[0]?.ranks.dense !== undefined)
      const same = await at.index({ documents: list }, bge)
      assert.equal(same.outcome, 'unchanged')
      await asWriter(at.stores.postgres, 'modelos', signal, (lease) =>
        upkeep(at.stores.postgres, at.stores.vectors, lease, 0),
      )
      await rejectsWith(at.stores.vectors.count('modelos_g1', { at: 1, abandoned: [], signal }), 'VECTOR_NOT_FOUND')
      assert.equal((await at.search({ question: 'inversor', limit: 50 }, search)).hits.length, 20)
    })

    test('a build that broke off goes on where it was, and the old collection answers meanwhile', async () => {
      const config = { collection: 'retomada' }
      const list = Array.from({ length: 600 }, (_, n) => ({ document: `r${n}`, text: `Módulo ${n} de silício.` }))
      await at.index({ documents: list }, config)
      const nomic = { ...config, embedder: 'ollama', model: 'nomic-embed-text', ollama: ollamaOf(ollama.url) } as const
      // the first page of 256 is written and noted, the second one is not
      let puts = 0
      const broken = {
        ...at.stores.vectors,
        put: (...args: Parameters<typeof at.stores.vectors.put>) => {
          puts += 1
          return puts === 2 ? Promise.reject(new Error('killed')) : at.stores.vectors.put(...args)
        },
      }
      await assert.rejects(at.over(broken).index({ documents: list }, nomic), /killed/)
      assert.equal((await at.search({ question: 'módulo', limit: 5 }, config)).semantic, false)
      const resumed = await at.index({ documents: list }, nomic)
      assert.deepEqual([resumed.outcome, resumed.rebuilt, resumed.embedded], ['indexed', true, 600 - 256])
      const live = await readLive(at.stores.postgres, 'retomada')
      assert.equal(
        await at.stores.vectors.count(live?.physical ?? '', {
          at: live?.version ?? 0,
          abandoned: live?.abandoned ?? [],
          signal: signal,
        }),
        600,
      )
    })

    test('Ollama away: words alone and said so, or an error; a model that was replaced is never compared', async () => {
      const server = await startOllamaDouble({
        models: [{ name: 'bge-m3', dimensions: 32, capabilities: ['embedding'] }],
      })
      const config = { collection: 'ausente' }
      const ours = ollamaOf(server.url)
      await at.index(
        { document: 'a', text: 'Tarifa social.' },
        { ...config, embedder: 'ollama', model: 'bge-m3', ollama: ours },
      )
      await server.stop()
      const found = await at.search('tarifa', { ...config, ollama: { ...ours, concurrency: 3 } })
      assert.deepEqual([found.hits.length, found.degraded, found.mode], [1, true, 'lexical'])
      assert.match(found.reason ?? '', /^MODEL_|^HOST_OPEN/)
      await assert.rejects(at.search('tarifa', { ...config, ollama: ours, whenAway: 'fail' }), {
        code: /^MODEL_|^HOST_OPEN/,
      })
      const without = await at.search('tarifa', config)
      assert.match(without.reason ?? '', /^INDEX_CONFIG/)
      const others = await startOllamaDouble({
        models: [{ name: 'bge-m3', dimensions: 32, capabilities: ['embedding'], digest: 'd'.repeat(64) }],
      })
      const changed = await at.search('tarifa', { ...config, ollama: ollamaOf(others.url) })
      assert.match(changed.reason ?? '', /^MODEL_CHANGED/)
      await others.stop()
    })

    test('a version that was given up counts for nobody, neither for what it put nor for what it removed', async () => {
      const config = { collection: 'desistidas' }
      const list = ['a', 'b', 'c'].map((document) => ({ document, text: `Texto antigo de ${document}.` }))
      const found = async () =>
        (await at.search({ question: 'texto', limit: 20 }, config)).hits.map(({ text }) => text).sort()
      await at.index({ documents: list }, config)
      const next = { documents: [{ document: 'a', text: 'Texto novo de a.' }, ...list.slice(1, 2)], complete: true }
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const refuse = { finish: () => Promise.reject(new Error('fenced')) }
        await assert.rejects(at.index(next, config, refuse), /fenced/)
        assert.deepEqual(await found(), list.map(({ text }) => text).sort())
      }
      const done = await at.index(next, config)
      assert.deepEqual([done.outcome, done.version, done.removed, done.embedded], ['indexed', 4, 1, 0])
      assert.deepEqual(await found(), ['Texto antigo de b.', 'Texto novo de a.'])
      const gone = await at.index({ remove: ['b'] }, config)
      assert.deepEqual([gone.outcome, gone.removed, await found()], ['removed', 1, ['Texto novo de a.']])
    })

    test('what was replaced is cleared away after its grace, what readers see stays', async () => {
      const config = { collection: 'limpeza' }
      for (let n = 0; n < 4; n += 1) await at.index({ document: 'a', text: `Estado ${n}.` }, config)
      const { rows } = await at.stores.postgres.query<{ id: string }>(
        `select unnest(points)::text as id from pipeline.vector_document where collection = 'limpeza'`,
      )
      const ids = rows.map(({ id }) => id)
      const points = async () => (await at.stores.vectors.vectorsOf('limpeza_g1', ids, signal)).size
      assert.deepEqual([ids.length, await points()], [4, 4])
      await asWriter(at.stores.postgres, 'limpeza', signal, (lease) =>
        upkeep(at.stores.postgres, at.stores.vectors, lease, 0),
      )
      assert.equal(await points(), 1)
      assert.equal((await at.search('estado', config)).hits[0]?.text, 'Estado 3.')
    })

    test('a lost point is put back where that is asked for', async () => {
      const config = { collection: 'perdas' }
      await at.index({ document: 'a', text: 'Ponto perdido.' }, config)
      const { dimensions = 0 } = (await readLive(at.stores.postgres, 'perdas')) ?? {}
      await at.stores.vectors.drop('perdas_g1', signal)
      await at.stores.vectors.ensure('perdas_g1', { dimensions }, signal)
      assert.equal((await at.index({ document: 'a', text: 'Ponto perdido.' }, config)).outcome, 'unchanged')
      assert.equal(
        (await at.index({ document: 'a', text: 'Ponto perdido.' }, { ...config, again: 'always' })).embedded,
        1,
      )
      assert.equal((await at.search('ponto', config)).hits.length, 1)
    })

    test('a writer that lost its lease writes nothing more', async () => {
      const { vectors } = at.stores
      const lost = at.over({
        ...vectors,
        put: async (...args) => {
          await at.stores.postgres.query(
            `update pipeline.vector_collection set writer = 'other', fence = fence + 1 where name = 'perdida'`,
          )
          return await vectors.put(...args)
        },
      })
      await rejectsWith(lost.index({ document: 'a', text: 'x' }, { collection: 'perdida' }), 'INDEX_TAKEN')
      assert.equal(await readLive(at.stores.postgres, 'perdida'), undefined)
    })
  })
}
