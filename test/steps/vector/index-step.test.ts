import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { readLive } from '../../../lib/steps/vector/ledger/state.ts'
import { putArtifact } from '../../../lib/stores/objects/artifacts.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { anyGround, type Ground } from './grounds.ts'

const text = (...paragraphs: string[]) => paragraphs.join('\n\n')
const long = (about: string) =>
  `${about} ${Array.from({ length: 150 }, (_, at) => `palavra${about.length}x${at}`).join(' ')}`

describe('the step vector-index', () => {
  let at: Ground
  before(async () => {
    at = await anyGround()
  })
  after(() => at?.close())

  test('a text is indexed, left alone while it is the same, and only what changed is embedded', async () => {
    const config = { collection: 'mudancas', facets: ['tipo=norma'] }
    const parts = ['um', 'dois', 'três', 'quatro'].map((name) => text(`# ${name}`, long(name)))
    const first = await at.index({ document: 'a', text: text(...parts), title: 'Norma A' }, config)
    assert.deepEqual(
      [first.outcome, first.version, first.documents, first.indexed, first.chunks, first.embedded, first.semantic],
      ['indexed', 1, 1, 1, 4, 4, false],
    )
    const before = at.writes.length
    const same = await at.index({ document: 'a', text: text(...parts), title: 'Norma A' }, config)
    assert.deepEqual([same.outcome, same.version, same.unchanged, same.embedded], ['unchanged', 1, 1, 0])
    assert.equal(at.writes.length, before, 'nothing is written')
    parts[1] = text('# dois', long('DOIS'))
    const third = await at.index({ document: 'a', text: text(...parts), title: 'Norma A' }, config)
    assert.deepEqual(
      [third.outcome, third.version, third.embedded, third.retired, third.chunks],
      ['indexed', 2, 1, 1, 4],
    )
    const moved = await at.index(
      { document: 'a', text: text(...parts), title: 'Norma A' },
      { ...config, facets: ['tipo=lei'] },
    )
    assert.deepEqual([moved.outcome, moved.embedded, moved.reused], ['indexed', 0, 4], 'other facets, same vectors')
    const titled = await at.index(
      { document: 'a', text: text(...parts), title: 'Outra' },
      { ...config, facets: ['tipo=lei'] },
    )
    assert.deepEqual([titled.outcome, titled.embedded, titled.reused, titled.retired], ['indexed', 0, 0, 0])
  })

  test('a complete list removes what is not in it; others stay; ids to be removed go', async () => {
    const config = { collection: 'listas' }
    const list = ['a', 'b', 'c'].map((document) => ({ document, text: `Texto de ${document}.` }))
    assert.equal((await at.index({ documents: list }, config)).indexed, 3)
    assert.equal((await at.index({ documents: list.slice(1) }, config)).outcome, 'unchanged')
    const whole = await at.index({ documents: list.slice(1), complete: true }, config)
    assert.deepEqual([whole.outcome, whole.removed, whole.unchanged, whole.retired], ['removed', 1, 2, 1])
    const gone = await at.index({ remove: ['b', 'unknown'] }, config)
    assert.deepEqual([gone.outcome, gone.removed], ['removed', 1])
    assert.deepEqual(
      (await at.search('texto', config)).hits.map(({ citation }) => citation.document),
      ['c'],
    )
    const back = await at.index({ documents: [list[0] ?? assert.fail()] }, config)
    assert.equal(back.indexed, 1)
    assert.equal((await at.search('texto', config)).hits.length, 2)
  })

  test('a list of JSON lines; a document that cannot be read is named, the others go on', async () => {
    const lines = [
      { document: 'x', text: 'Primeiro.' },
      { document: 'y', artifact: 'f'.repeat(64) },
      { document: 'x', text: 'Outra vez.' },
      { document: 'z', rows: [{ distribuidora: 'CEMIG', tarifa: '0,75' }] },
    ]
    const bytes = Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'))
    const { sha256 } = await putArtifact(at.stores.objects, bytes)
    const manifest = await at.index({ documents: sha256 }, { collection: 'jsonl' })
    assert.deepEqual([manifest.documents, manifest.indexed], [3, 2])
    assert.match(manifest.problems.join('\n'), /x is in the list twice/)
    assert.match(manifest.problems.join('\n'), /OBJECT_NOT_FOUND: y/)
    const [hit] = (await at.search('tarifa da Cemig', { collection: 'jsonl' })).hits
    assert.equal(hit?.text, 'distribuidora: CEMIG; tarifa: 0,75')
  })

  test('an empty document: said, and what was there before stays', async () => {
    const config = { collection: 'vazios' }
    const none = await at.index({ document: 'a', text: ' \n' }, config)
    assert.deepEqual([none.outcome, none.version, none.empty], ['empty', 0, 1])
    assert.match(none.problems[0] ?? '', /^EMPTY_DOCUMENT: a/)
    await rejectsWith(at.search('x', config), 'COLLECTION_UNKNOWN')
    await at.index({ document: 'a', text: 'Agora tem texto.' }, config)
    assert.equal((await at.index({ document: 'a', text: '' }, config)).outcome, 'empty')
    assert.equal((await at.search('texto', config)).hits.length, 1)
  })

  test('an extraction keeps page and box; an enrichment brings its fields as facets', async () => {
    const config = { collection: 'manifestos' }
    const box = { left: 50, top: 100, right: 500, bottom: 110 }
    const page = {
      type: 'page',
      text: { number: 3, paragraphs: [{ text: 'O prazo é de 15 dias.', role: 'text', box, size: 10 }] },
      tables: [],
      formulas: { formulas: [], unread: [] },
    }
    const lines = [{ type: 'document', source: 's' }, page, { type: 'end', repeats: [], tables: [], vision: [] }]
    const put = async (content: string) => {
      const { key, sha256, bytes } = await putArtifact(at.stores.objects, Buffer.from(content))
      return { key, sha256, bytes }
    }
    const artifact = await put(lines.map((line) => JSON.stringify(line)).join('\n'))
    const file = await put('%PDF')
    const url = 'https://www.aneel.gov.br/ren.pdf'
    await at.index({ artifact, file, source: url, name: 'REN', retrievedAt: '2026-01-02T03:04:05.000Z' }, config)
    const [hit] = (await at.search('qual o prazo?', config)).hits
    assert.deepEqual(hit?.citation, {
      ...{ document: url, title: 'REN', page: 3, box, url, sha256: file.sha256 },
      retrievedAt: '2026-01-02T03:04:05.000Z',
    })
    const enriched = { task: 'extract', enriched: true, content: artifact, file, source: url, name: 'REN' }
    const fields = [
      { path: 'prazo', value: 15 },
      { path: 'linhas[0].x', value: 1 },
    ]
    const again = await at.index({ ...enriched, result: { prazo: 15 }, fields }, config)
    assert.deepEqual([again.outcome, again.reused], ['indexed', 1])
    const filtered = await at.search({ question: 'prazo', filter: { prazo: 15 } }, config)
    assert.deepEqual(filtered.hits[0]?.facets, { prazo: 15 })
    assert.equal((await at.search({ question: 'prazo', filter: { prazo: 16 } }, config)).hits.length, 0)
  })

  test('what models say of a document stands beside its own words: by task, for as long as its content is the same', async () => {
    const config = { collection: 'ditos' }
    const put = async (content: string) => {
      const { key, sha256, bytes } = await putArtifact(at.stores.objects, Buffer.from(content))
      return { key, sha256, bytes }
    }
    const content = await put('O prazo de religação é de 24 horas.')
    const manifest = {
      content,
      source: 'https://www.aneel.gov.br/r.pdf',
      name: 'R',
      outcome: 'enriched',
      enriched: true,
    }
    const said = (task: string, result: unknown, path: string, value: unknown) => ({
      ...manifest,
      task,
      result,
      fields: path === '' ? [] : [{ path, value }],
    })
    const found = async () =>
      (await at.search({ question: 'prazo religação resumo traduzido', limit: 20 }, config)).hits.map(
        ({ text, citation: { task = '-', document }, facets }) => {
          assert.equal(document, manifest.source)
          return `${task}: ${text} ${JSON.stringify(facets, Object.keys(facets).sort())}`
        },
      )
    const summary = said('summarise', 'Resumo: religação num dia.', '', '')
    await at.index(summary, config)
    assert.deepEqual((await found()).sort(), [
      '-: O prazo de religação é de 24 horas. {}',
      'summarise: Resumo: religação num dia. {}',
    ])
    // fields that come by a way of their own take nothing away, in a list or alone
    const fields = said('extract', { prazo: 24 }, 'prazo', 24)
    const classes = said('classify', { classes: ['norma'] }, 'classes[0]', 'norma')
    assert.equal((await at.index({ documents: [fields, classes] }, config)).documents, 1)
    const all = [
      '-: O prazo de religação é de 24 horas. {"classes":["norma"],"prazo":24}',
      'summarise: Resumo: religação num dia. {"classes":["norma"],"prazo":24}',
    ]
    assert.deepEqual((await found()).sort(), all)
    const { context } = await at.search('resumo', config)
    assert.match(context, /^\[1\] R \(model: summarise\)\nResumo/)
    // the same again, the document alone, and a model that was away
    const away = { ...summary, outcome: 'deferred', enriched: false, result: 'O prazo de religação é de 24 horas.' }
    const plain = { artifact: content, source: manifest.source, name: 'R' }
    for (const same of [summary, fields, { documents: [classes, summary] }, plain, away]) {
      assert.equal((await at.index(same, config)).outcome, 'unchanged', JSON.stringify(same))
    }
    assert.deepEqual((await found()).sort(), all)
    // an answer that was refused takes the place of the earlier one
    await at.index({ ...summary, outcome: 'rejected', enriched: false }, config)
    assert.deepEqual(await found(), all.slice(0, 1))
    // a large answer lies in an artifact
    const whole = { result: 'Resumo traduzido.', fields: [{ path: 'ano', value: 2024 }], dropped: [] }
    const large = { ...manifest, task: 'translate', artifact: await put(JSON.stringify(whole)), fields: [] }
    await at.index(large, config)
    assert.ok((await found()).includes('translate: Resumo traduzido. {"ano":2024,"classes":["norma"],"prazo":24}'))
    // another content: what was said of the old one goes with it
    const changed = await put('O prazo de religação é de 12 horas.')
    await at.index({ ...fields, content: changed }, config)
    assert.deepEqual(await found(), ['-: O prazo de religação é de 12 horas. {"prazo":24}'])
  })

  test('a picture has no words of its own: only what a model says of it is found', async () => {
    const config = { collection: 'figuras' }
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(64, 'x')])
    const { key, sha256, bytes } = await putArtifact(at.stores.objects, png)
    const content = { key, sha256, bytes }
    const manifest = { content, name: 'Figura 1', task: 'describe', enriched: true, result: 'Curva de potência.' }
    await at.index(manifest, config)
    const { hits } = await at.search({ question: 'curva xxx', limit: 20 }, config)
    assert.deepEqual(
      hits.map(({ text, citation }) => [text, citation.task, citation.sha256]),
      [['Curva de potência.', 'describe', sha256]],
    )
  })

  test('10,000 unchanged documents: no embedding, no write, in 5 s', async () => {
    const config = { collection: 'muitos' }
    const lines = Array.from({ length: 10_000 }, (_, n) =>
      JSON.stringify({ document: `d${n}`, text: `Tarifa número ${n}.` }),
    )
    const { sha256 } = await putArtifact(at.stores.objects, Buffer.from(lines.join('\n')))
    assert.equal((await at.index({ documents: sha256, complete: true }, config)).embedded, 10_000)
    const before = at.writes.length
    const { rows } = await at.stores.postgres.query<{ writes: string }>(writes)
    const again = await at.index({ documents: sha256, complete: true }, config)
    assert.deepEqual([again.outcome, again.unchanged, again.embedded], ['unchanged', 10_000, 0])
    assert.ok(again.seconds < 5, `${again.seconds} s`)
    assert.equal(at.writes.length, before)
    assert.deepEqual((await at.stores.postgres.query<{ writes: string }>(writes)).rows, rows)
  })

  test('what is wrong with a message says so', async () => {
    await rejectsWith(at.index({}), 'INDEX_INPUT')
    await rejectsWith(at.index({ text: 'sem id' }), 'INDEX_INPUT')
    await rejectsWith(at.index({ document: 'a', text: 'x', rows: [] }), 'INDEX_INPUT')
    await rejectsWith(at.index({ document: 'a', text: 'x', complete: true }), 'INDEX_INPUT')
    await rejectsWith(at.index({ document: 'a', artifact: 'nada' }), 'INDEX_INPUT')
    await rejectsWith(at.index({ document: 'a', artifact: 'e'.repeat(64) }), 'OBJECT_NOT_FOUND')
    await rejectsWith(at.index({ document: 'a', text: 'x' }, { facets: ['sem valor'] }), 'INDEX_CONFIG')
    await rejectsWith(at.index({ document: 'a', text: 'x' }, { embedder: 'ollama' }), 'INDEX_CONFIG')
    assert.equal(await readLive(at.stores.postgres, 'documentos'), undefined, 'and nothing was published')
  })

  test('when the journal refuses, readers keep the old version, and the next try ends right', async () => {
    const config = { collection: 'recusas' }
    await at.index({ document: 'a', text: 'Versão antiga.' }, config)
    const refuse = { finish: () => Promise.reject(new Error('fenced')) }
    await assert.rejects(at.index({ document: 'a', text: 'Versão nova.' }, config, refuse), /fenced/)
    const old = await at.search('versão', config)
    assert.deepEqual([old.version, old.hits.map(({ text }) => text)], [1, ['Versão antiga.']])
    const next = await at.index({ document: 'a', text: 'Versão nova.' }, config)
    assert.deepEqual([next.version, next.embedded, next.reused], [3, 0, 1], 'the vector of the try before is taken')
    assert.deepEqual(
      (await at.search('versão', config)).hits.map(({ text }) => text),
      ['Versão nova.'],
    )
  })
})

/** The youngest transaction that any line of the ledger is of, and how many there are. */
const writes = ['collection', 'generation', 'version', 'document']
  .map(
    (table) =>
      `select '${table}' as t, count(*)::text || ' ' || max(xmin::text::bigint)::text as writes from pipeline.vector_${table}`,
  )
  .join(' union all ')
