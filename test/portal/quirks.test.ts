import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isCnpj } from './generate/documents.ts'
import { countRows, type DatasetName, type FileOptions, header, rows, tariffCases } from './generate/index.ts'

/** The cells of a column. */
function column(dataset: DatasetName, options: FileOptions, name: string): string[] {
  const position = header(dataset).indexOf(name)
  assert.notEqual(position, -1, name)
  return [...rows(dataset, options)].map((row) => row[position] ?? '')
}

describe('quirks', () => {
  test('every CNPJ of a distributor has right check digits', () => {
    for (const [dataset, name] of [
      ['tarifas', 'NumCNPJDistribuidora'],
      ['mmgd', 'NumCNPJDistribuidora'],
      ['agentes', 'NumCnpj'],
      ['dec_fec', 'NumCNPJ'],
    ] as const) {
      for (const number of new Set(column(dataset, { rows: 5000 }, name)))
        assert.ok(isCnpj(number), `${dataset} ${number}`)
    }
  })

  test('the registry has all states and its blanks, sentinels and broken values', () => {
    const options = { rows: 5000 }
    const states = new Set(column('mmgd', options, 'SigUF'))
    assert.equal(states.size, 28)
    assert.ok(states.has(''))
    assert.deepEqual(new Set(column('mmgd', options, 'CodSubGrupoTarifario')), new Set(['']))
    assert.deepEqual(new Set(column('mmgd', options, 'AnmPeriodoReferencia')), new Set(['09/2026']))
    assert.ok(column('mmgd', options, 'DthAtualizaCadastralEmpreend').includes('1900-01-01'))
    const subgroups = new Set(column('mmgd', options, 'DscSubGrupoTarifario'))
    assert.ok(subgroups.has('A3a') && subgroups.has('A3A'))
    const latitudes = column('mmgd', options, 'NumCoordNEmpreendimento')
    assert.ok(latitudes.includes(''))
    assert.ok(latitudes.some((text) => /^-?\d{3,4}$/.test(text)))
    const codes = column('mmgd', options, 'CodMunicipioIbge')
    assert.deepEqual(new Set(codes.map((code) => code.length)), new Set([6, 7]))
    const names = column('mmgd', options, 'NomTitularEmpreendimento').filter((name) => name !== '***' && name !== '')
    assert.ok(names.length > 500 && names.every((name) => name.includes('FICTICIA')))
    const unique = new Set(column('mmgd', options, 'CodEmpreendimento')).size
    assert.equal(unique, 5000 - Math.round((5000 * 2467) / 3_913_121))
  })

  test('technical data join the registry and have free text of every bad kind', () => {
    const [codes, days] = [
      column('mmgd', { rows: 3000, repeats: 0 }, 'CodEmpreendimento'),
      column('mmgd', { rows: 3000, repeats: 0 }, 'DthAtualizaCadastralEmpreend'),
    ]
    const connected = new Map(codes.map((code, index) => [code, days[index]]))
    const options = { rows: 2000 }
    const joined = column('gd_fotovoltaica', options, 'CodGeracaoDistribuida')
    const technical = column('gd_fotovoltaica', options, 'DatConexao')
    assert.deepEqual(
      joined.slice(0, 6).map((code) => code === ''),
      [true, true, true, true, true, false],
    )
    for (const [index, code] of joined.entries())
      if (index > 4) assert.equal(technical[index], connected.get(code), code)
    const models = column('gd_fotovoltaica', options, 'NomModeloModulo')
    for (const mark of ['\n', ';', '\u0096', '"'])
      assert.ok(
        models.some((model) => model.includes(mark)),
        JSON.stringify(mark),
      )
  })

  test('plants have zero coordinates, NUL, sentinels, spaces and repeated codes', () => {
    const options = { rows: 2000 }
    assert.ok(column('siga', options, 'NumCoordNEmpreendimento').includes(',00000000'))
    assert.ok(column('siga', options, 'NomEmpreendimento').some((name) => name.includes('\0')))
    assert.ok(column('siga', options, 'DatEntradaOperacao').includes('1900-01-03'))
    assert.ok(column('siga', options, 'DscSubBacia').some((text) => text.startsWith(' ')))
    const owners = column('siga', options, 'DscPropriRegimePariticipacao')
    assert.ok(owners.some((text) => text.includes('&amp-')) && owners.includes('Não Informado'))
    assert.equal(new Set(column('siga', options, 'CodCEG')).size, 1997)
    assert.equal(countRows('siga', { ...options, part: 'mensal', publication: 3 }), 1940)
    assert.deepEqual(
      new Set(column('siga', { ...options, part: 'mensal' }, 'DatGeracaoConjuntoDados')),
      new Set(['2026-09-01']),
    )
  })

  test('subsidies have other dates, future months, negatives and binary noise', () => {
    const options = { rows: 6000 }
    const months = column('subsidios', options, 'DatSubsidio')
    assert.ok(months.every((text) => /^01\/\d\d\/\d{4}$/.test(text)))
    assert.ok(months.includes('01/07/2027'))
    const values = column('subsidios', options, 'VlrSubsidio')
    assert.ok(
      values.includes('0') &&
        values.some((text) => text.startsWith('-')) &&
        values.some((text) => /,\d{8,}/.test(text)),
    )
  })

  test('components have scientific notation and add up to TUSD and TE within a cent', () => {
    const names = header('componentes_tarifarias')
    const [name, amount] = [names.indexOf('DscComponenteTarifario'), names.indexOf('VlrComponenteTarifario')]
    const totals = new Map<string, { total: number; parts: number }>()
    const texts: string[] = []
    for (const row of rows('componentes_tarifarias', { rows: 40_000, repeats: 0 })) {
      const component = row[name] ?? ''
      texts.push(row[amount] ?? '')
      const key = [...row.slice(2, name), component.startsWith('TE') ? 'TE' : 'TUSD'].join('|')
      const sum = totals.get(key) ?? { total: Number.NaN, parts: 0 }
      const value = Number(row[amount]?.replace(',', '.'))
      if (component === 'TE' || component === 'TUSD') sum.total = value
      else sum.parts += value
      totals.set(key, sum)
    }
    assert.ok(texts.includes('8,9999999999999995E-9'))
    // The last group of the file may be cut off by its size.
    const sums = [...totals.values()].slice(0, -2)
    assert.ok(sums.length > 2000)
    for (const { total, parts } of sums) assert.ok(Math.abs(total - parts) < 0.01, `${total} ${parts}`)
  })

  test('components are those of the tariffs, but for validities carried over from the year before', () => {
    const names = header('componentes_tarifarias')
    const key = (row: readonly string[]) => row.slice(3, 13).join('|')
    const tusd = new Map<string, string>()
    for (const row of rows('tarifas', { rows: 30_000, repeats: 0 })) tusd.set(key(row), row.at(-2) ?? '')
    let compared = 0
    let carried = 0
    for (const row of rows('componentes_tarifarias', { rows: 4000, repeats: 0 })) {
      const found = tusd.get(key(row))
      if (row[names.indexOf('DscComponenteTarifario')] !== 'TUSD' || found === undefined) continue
      const same = Number(row.at(-1)?.replace(',', '.')) === Number(found.replace(',', '.'))
      assert.equal(same, row[4]?.startsWith('2026'), row.join(';'))
      if (same) compared++
      else carried++
    }
    assert.ok(compared > 50 && carried > 0, `${compared} ${carried}`)
  })

  test('market figures of CEMIG-D are ten times too large in two months', () => {
    const [sigla, month, value] = ['SigAgenteDistribuidora', 'DatCompetencia', 'VlrMercado'].map((name) =>
      header('samp').indexOf(name),
    )
    assert.ok(sigla !== undefined && month !== undefined && value !== undefined)
    const sums = new Map<string, number>()
    for (const row of rows('samp', { rows: 4000 })) {
      if (row[sigla] !== 'CEMIG-D') continue
      const at = (row[month] ?? '').slice(5, 7)
      sums.set(at, (sums.get(at) ?? 0) + Math.abs(Number((row[value] ?? '').replace(',', '.'))))
    }
    assert.ok((sums.get('07') ?? 0) > 5 * (sums.get('08') ?? 0))
    assert.ok((sums.get('10') ?? 0) > 5 * (sums.get('11') ?? 0))
  })
})

describe('the current tariff', () => {
  const MONTHS = [
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
  const signed = (act: string): string => {
    const [, date = '0', month = '', year = '0'] = /DE (\d+) DE (\S+) DE (\d{4})$/.exec(act) ?? []
    return `${year}-${String(MONTHS.indexOf(month) + 1).padStart(2, '0')}-${date.padStart(2, '0')}`
  }

  test('the cases at the start of the file are decided by the published rule as they say', () => {
    const all = [...rows('tarifas', { rows: 60, publication: 2 })]
    for (const { name, cnpj, day, expected } of tariffCases('2026-09-24')) {
      const live = all.filter(
        (row) =>
          row[3] === cnpj &&
          row[6] === 'Tarifa de Aplicação' &&
          row[7] === 'B1' &&
          (row[4] ?? '') <= day &&
          (row[5] ?? '') >= day,
      )
      const order = (row: readonly string[]) =>
        [row[4], signed(row[1] ?? ''), 99_999_999 - Number(row[5]?.replaceAll('-', ''))].join(' ')
      const [best] = live.sort((a, b) => (order(a) < order(b) ? 1 : -1))
      assert.deepEqual(best === undefined ? null : { tusd: best[15], te: best[16], act: best[1] }, expected, name)
    }
  })

  test('on publication day some distributors have no tariff, most have one, a few have two', () => {
    const day = '2026-09-24'
    const live = new Map<string, number>()
    for (const row of rows('tarifas', { rows: 60_000, repeats: 0 })) {
      if (
        row[6] !== 'Tarifa de Aplicação' ||
        row[7] !== 'B1' ||
        row[10] !== 'Residencial' ||
        row[8] !== 'Convencional' ||
        row[11] !== 'Não se aplica'
      )
        continue
      const cnpj = row[3] ?? ''
      live.set(cnpj, (live.get(cnpj) ?? 0) + Number((row[4] ?? '') <= day && (row[5] ?? '') >= day))
    }
    const counts = [...live.values()]
    const share = (wanted: number) => counts.filter((count) => count === wanted).length / counts.length
    assert.ok(counts.length > 100)
    assert.ok(share(0) > 0.2 && share(0) < 0.4, String(share(0)))
    assert.ok(share(2) > 0.01 && share(2) < 0.1, String(share(2)))
  })
})
