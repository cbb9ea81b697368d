import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from './database.ts'

/** Tests of aneel.data_do_ato. */
export function actTests(open: () => Database): void {
  const texts: [text: string | null, date: string | null][] = [
    ['RESOLUÇÃO HOMOLOGATÓRIA Nº 3.556, DE 16 DE DEZEMBRO DE 2025', '2025-12-16'],
    ['RESOLUÇÃO HOMOLOGATÓRIA N° 1.870, DE 7 DE ABRIL DE 2015', '2015-04-07'],
    ['RESOLUÇÃO HOMOLOGATÓRIA Nº 0.951, DE 16 DE MARÇO DE 2010', '2010-03-16'],
    ['Resolução Homologatória nº 2.213, de 21 de março de 2017', '2017-03-21'],
    ['RESOLUCAO HOMOLOGATORIA No 2.213, DE 21 DE MARCO DE 2017', '2017-03-21'],
    ['DESPACHO Nº 2.783, DE 27 DE NOVEMBRO DE 2018', '2018-11-27'],
    ['DSP RETIFICAÇÃO DE 24 DE NOVEMBRO DE 2016', '2016-11-24'],
    ['RESOLUÇÃO HOMOLOGATÓRIA Nº 3.318, DE 1º DE AGOSTO DE 2026', '2026-08-01'],
    ['  RESOLUÇÃO HOMOLOGATÓRIA Nº 1.000,  DE  5  DE MAIO DE 2011  ', '2011-05-05'],
    ['RESOLUÇÃO HOMOLOGATÓRIA Nº 1.000, DE 29\u00a0DE FEVEREIRO DE 2024', '2024-02-29'],
    ['RESOLUÇÃO HOMOLOGATÓRIA Nº 1.000, DE 29 DE FEVEREIRO DE 2023', null],
    ['RESOLUÇÃO HOMOLOGATÓRIA Nº 1.000, DE 31 DE JUNHO DE 2023', null],
    ['RESOLUÇÃO HOMOLOGATÓRIA Nº 1.000, DE 0 DE JUNHO DE 2023', null],
    ['RESOLUÇÃO HOMOLOGATÓRIA Nº 1.000, DE 3 DE BRUMÁRIO DE 2023', null],
    ['RESOLUÇÃO HOMOLOGATÓRIA Nº 1.212 DE MAIO DE 2020', null],
    ['REH nº 3.306/2024', null],
    ['DESPACHO', null],
    ['', null],
    [null, null],
  ]
  for (const [text, date] of texts) {
    test(`the date of the act ${JSON.stringify(text)} is ${date}`, async () => {
      assert.deepEqual(await open().rows('select aneel.data_do_ato($1::text) as data', [text]), [{ data: date }])
    })
  }

  test('every month is known', async () => {
    const months = [
      'JANEIRO',
      'FEVEREIRO',
      'MARÇO',
      'ABRIL',
      'MAIO',
      'JUNHO',
      'JULHO',
      'AGOSTO',
      'SETEMBRO',
      'OUTUBRO',
      'NOVEMBRO',
      'DEZEMBRO',
    ]
    for (const [index, month] of months.entries()) {
      const [row] = await open().rows('select extract(month from aneel.data_do_ato($1))::int as mes', [
        `DE 2 DE ${month} DE 2020`,
      ])
      assert.equal(row?.mes, index + 1, month)
    }
  })
}
