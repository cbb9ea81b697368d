import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Fact,
  type FactLanguage,
  factsOf,
  type Reading,
  unfounded,
} from '../../../../lib/steps/enrich/facts/facts.ts'
import { seeded } from '../../../helpers/seeded.ts'
import { english, portuguese } from './tables.ts'

function shown(fact: Fact): string {
  const text = [fact, ...(fact.others ?? [])].map(reading).join(' ~')
  return fact.weak ? `(${text})` : text
}

function reading({ kind, value, unit }: Reading): string {
  return [kind === 'number' ? '' : kind, value, unit ?? ''].filter((part) => part !== '').join(' ')
}

function formatted(value: string, language: 'pt' | 'en'): string {
  const [whole = '', fraction] = value.replace('-', '').split('.')
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, language === 'pt' ? '.' : ',')
  return `${value.startsWith('-') ? '-' : ''}${grouped}${fraction === undefined ? '' : (language === 'pt' ? ',' : '.') + fraction}`
}

describe('facts of a text', () => {
  for (const [language, table] of [
    ['pt', portuguese],
    ['en', english],
  ] as const) {
    test(`table of ${table.length} texts in ${language}`, () => {
      for (const [text, ...facts] of table) assert.deepEqual(factsOf(text, language).map(shown), facts, text)
    })

    test(`the same in the midst of a sentence, in ${language}`, () => {
      for (const [text, ...facts] of table) {
        if (text.includes('\n')) continue
        const sentence = language === 'pt' ? `Veja: ${text}, conforme dito.` : `See: ${text}, as told.`
        assert.deepEqual(factsOf(sentence, language).map(shown), facts, sentence)
      }
    })
  }

  test('places: each fact is where it says, in order, without overlap', () => {
    const text = [...portuguese, ...english].map(([line]) => line).join(';\n')
    let end = 0
    for (const fact of factsOf(text, 'any')) {
      assert.ok(fact.start >= end && fact.end > fact.start, JSON.stringify(fact))
      assert.equal(text.slice(fact.start, fact.end), fact.text)
      end = fact.end
    }
  })

  test('an unknown notation has both readings, and a text that plainly writes the other way too', () => {
    assert.deepEqual(factsOf('1.234', 'any').map(shown), ['1234 ~1.234'])
    assert.deepEqual(factsOf('Pmax 585.25 W, Isc 1.234 A', 'pt').map(shown), ['585.25 W', '1234 A ~1.234 A'])
    assert.deepEqual(factsOf('Pmax 585,25 W, Isc 1.234 A', 'pt').map(shown), ['585.25 W', '1234 A'])
  })

  test('5,000 random numbers in Portuguese and English back each other, and no other number does', () => {
    const random = seeded(1)
    for (let n = 0; n < 5000; n++) {
      const whole = Math.floor(random() * 10 ** Math.floor(random() * 9))
      const places = Math.floor(random() * 6)
      const digits =
        places === 0
          ? ''
          : `.${Math.floor(random() * 10 ** places)
              .toString()
              .padStart(places, '0')}`
      const value = `${random() < 0.3 && whole > 0 ? '-' : ''}${whole}${digits}`
      const [pt, en] = [`valor ${formatted(value, 'pt')} kWh`, `value ${formatted(value, 'en')} kWh`]
      assert.deepEqual(unfounded(en, 'en', pt, 'pt'), [], `${pt} | ${en}`)
      assert.deepEqual(unfounded(pt, 'pt', en, 'en'), [], `${pt} | ${en}`)
      const other = `value ${formatted(`${whole + 1}${digits}`, 'en')} kWh`
      assert.equal(unfounded(other, 'en', pt, 'pt').length, 1, `${pt} | ${other}`)
    }
  })

  test('never fails, whatever the characters are', () => {
    const random = seeded(2)
    const alphabet = [
      '1',
      '0',
      '.',
      ',',
      '/',
      '-',
      '−',
      ' ',
      '\n',
      'R$',
      '%',
      '°',
      'º',
      '§',
      'a',
      'e',
      'k',
      'W',
      'h',
      'mil',
      'de',
      'março',
      'art.',
      'nº',
      'Lei',
      '(',
      ')',
      '½',
      '³',
      '^',
      '\u{1d7d8}',
    ]
    for (let n = 0; n < 3000; n++) {
      const text = Array.from({ length: 30 }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
      for (const language of ['pt', 'en', 'any'] satisfies FactLanguage[]) {
        for (const fact of factsOf(text, language))
          assert.equal(text.slice(fact.start, fact.end), fact.text, JSON.stringify(text))
      }
    }
  })
})
