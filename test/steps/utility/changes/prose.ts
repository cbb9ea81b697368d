import { type CheerioAPI, load } from 'cheerio'
import type { Expectation } from './kinds.ts'
import type { Chance } from './model.ts'

/** A change of a page whose rows are sentences. */
export type ProseChange = ($: CheerioAPI, chance: Chance) => Expectation

const heading = ($: CheerioAPI) => $('h2:contains("ICMS")').first()
const list = ($: CheerioAPI) => heading($).nextAll('ul').first()

/** Changes of sentences. */
export const proseChanges: Record<string, ProseChange> = {
  'sentences in another order': ($, chance) => {
    const items = list($).children().toArray()
    list($).append(chance.shuffle(items))
    return 'same'
  },
  'sentences as paragraphs': ($) => {
    const items = list($).children().toArray()
    list($).replaceWith(items.map((item) => `<p>${$(item).html()}</p>`).join(''))
    return 'same'
  },
  'all in one paragraph': ($) => {
    const items = list($).children().toArray()
    list($).replaceWith(`<p>${items.map((item) => $(item).text().trim()).join(' ')}</p>`)
    return 'same'
  },
  'a sentence in other words': ($) => {
    list($).append('<li>Consumidores residenciais entre 50 e 100 kWh pagam 15%;</li>')
    return 'nothing'
  },
  'a sentence of a class that nobody knows': ($) => {
    list($).append('<li>Serviço público: alíquota de 17%;</li>')
    return 'nothing'
  },
  'a sentence is gone': ($, chance) => {
    list($).children().eq(chance.below(8)).remove()
    return { fewer: 1 }
  },
  'half of the sentences in words': ($) => {
    list($).children().eq(0).text('Residencial com consumo até 50 kWh: alíquota de doze por cento;')
    return 'nothing'
  },
  'another name for the part': ($) => {
    heading($).text('Imposto estadual')
    return 'same'
  },
  'a part of old rates': ($) => {
    heading($).before(`<h2>ICMS até 2023</h2><p>Residencial com consumo até 50 kWh: alíquota de 25%;</p>`)
    return 'nothing'
  },
  'old rates in the same part': ($) => {
    list($).after('<h3>Até 2023</h3><p>Residencial com consumo até 50 kWh: alíquota de 25%;</p>')
    return 'nothing'
  },
  'rates with a dot': ($) => {
    list($).html((list($).html() ?? '').replace('20,5%', '20.5%'))
    return 'same'
  },
  'a rate without a comma': ($) => {
    list($).html((list($).html() ?? '').replace('20,5%', '205%'))
    return 'nothing'
  },
  'notes at rates': ($) => {
    list($).html((list($).html() ?? '').replaceAll('%', '<sup>1</sup>%'))
    return 'same'
  },
  'sentences in a table': ($) => {
    const items = list($).children().toArray()
    list($).replaceWith(`<table>${items.map((item) => `<tr><td>${$(item).html()}</td></tr>`).join('')}</table>`)
    return 'same'
  },
  'the part hidden': ($) => {
    list($).wrap('<div style="display:none"></div>')
    return 'nothing'
  },
  'rates as links to a picture': ($) => {
    list($).replaceWith('<img alt="Alíquotas" src="a.png">')
    return 'nothing'
  },
}

/** Applies a change to a page. */
export function changeProse(html: string, change: ProseChange, chance: Chance): { html: string; expect: Expectation } {
  const $ = load(html)
  const expect = change($, chance)
  return { html: $.html(), expect }
}
