import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { type CorpusOptions, corpus, corpusText } from '../../../bench/index/corpus.ts'

const change = { changed: 0.05, gone: 0.01, fresh: 0.02 }

const texts = (options: CorpusOptions) => new Map([...corpus(options)].map((each) => [each.id, corpusText(each)]))

describe('corpus of the index benchmark', () => {
  it('is the same bytes for the same seed, and others for another', () => {
    const digest = (options: CorpusOptions) => {
      const hash = createHash('sha256')
      for (const document of corpus(options)) hash.update(JSON.stringify(document))
      return hash.digest('hex')
    }
    const first = digest({ seed: 1, documents: 500 })
    assert.equal(first, digest({ seed: 1, documents: 500 }))
    assert.notEqual(first, digest({ seed: 2, documents: 500 }))
    const later = { seed: 1, documents: 500, version: 2, change }
    assert.equal(digest(later), digest(later))
    // Results of other days are only comparable while the corpus stays what it was: whoever changes it says so here.
    assert.equal(first.slice(0, 16), '5cc5bbac4f675ce4')
  })

  it('makes a document without those before it', () => {
    const few = texts({ seed: 1, documents: 40 })
    const many = texts({ seed: 1, documents: 400 })
    for (const [id, text] of few) assert.equal(many.get(id), text)
  })

  it('has one to five sections of about a chunk, and no text twice', () => {
    const all = [...corpus({ seed: 3, documents: 1_000 })]
    const counts = new Set(all.map((document) => document.sections.length))
    assert.deepEqual([...counts].sort(), [1, 2, 3, 4, 5])
    const sections = all.flatMap((document) => document.sections.map((section) => section.paragraphs.join('\n\n')))
    assert.equal(new Set(sections).size, sections.length)
    const lengths = sections.map((section) => section.length)
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length
    assert.ok(mean > 700 && mean < 1_200, String(mean))
    assert.ok(all.every((document) => !corpusText(document).includes('{')))
  })

  it('changes, drops and adds exactly the asked shares, one paragraph of a document', () => {
    const before = [...corpus({ seed: 1, documents: 1_000 })]
    const after = new Map([...corpus({ seed: 1, documents: 1_000, version: 1, change })].map((each) => [each.id, each]))
    const old = new Set(before.map(({ id }) => id))
    assert.equal([...after.keys()].filter((id) => !old.has(id)).length, 20)
    assert.equal(before.filter(({ id }) => !after.has(id)).length, 10)
    let changed = 0
    for (const document of before) {
      const now = after.get(document.id)
      if (!now) continue
      const was = document.sections.flatMap((section) => [section.heading, ...section.paragraphs])
      const is = now.sections.flatMap((section) => [section.heading, ...section.paragraphs])
      const others = is.filter((paragraph, index) => paragraph !== was[index]).length
      assert.ok(is.length === was.length && now.title === document.title && others <= 1)
      changed += others
    }
    assert.equal(changed, 50)
  })

  it('goes on from version to version', () => {
    const first = texts({ seed: 1, documents: 1_000, version: 1, change })
    const second = texts({ seed: 1, documents: 1_000, version: 2, change })
    assert.equal([...second.keys()].filter((id) => !first.has(id)).length, 20)
    const vanished = [...first.keys()].filter((id) => !second.has(id))
    const changed = [...second].filter(([id, text]) => first.has(id) && first.get(id) !== text)
    assert.ok(vanished.length > 0 && vanished.length <= 10, String(vanished.length))
    assert.ok(changed.length > 40 && changed.length <= 50, String(changed.length))
  })
})
