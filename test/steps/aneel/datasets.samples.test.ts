import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { claims, columnsFor, contractOf, objection, readSample } from './datasets/published.ts'
import { samplePath, without } from './samples.ts'

describe('a real package_show', () => {
  const file = 'ckan-package_show-dec-fec-2026-10-06.json'
  test('the real package of DEC/FEC: values by decade, limits, and nothing of the other fourteen', {
    skip: without(file),
  }, () => {
    const body: unknown = JSON.parse(readFileSync(samplePath(file), 'utf8'))
    assert.ok(typeof body === 'object' && body !== null && 'result' in body)
    const { result } = body
    assert.ok(typeof result === 'object' && result !== null && 'resources' in result && 'name' in result)
    assert.ok(Array.isArray(result.resources) && typeof result.name === 'string')
    const slug = result.name
    const found = result.resources.map((resource: unknown) => {
      assert.ok(
        typeof resource === 'object' && resource !== null && 'url' in resource && typeof resource.url === 'string',
      )
      assert.ok('id' in resource)
      const name = resource.url.split('/').at(-1) ?? ''
      return [claims(slug, name), name, resource.id] as const
    })
    assert.equal(found.length, 17)
    assert.deepEqual(
      found
        .filter(([claim]) => claim.length > 0)
        .map(([claim, name]) => [claim[0]?.dataset, claim[0]?.part, name, claim.length])
        .sort(),
      [
        ['aneel.dec_fec', '2000-2009', 'indicadores-continuidade-coletivos-2000-2009.parquet', 1],
        ['aneel.dec_fec', '2000-2009', 'indicadores-continuidade-coletivos-2000-2009.zip', 1],
        ['aneel.dec_fec', '2010-2019', 'indicadores-continuidade-coletivos-2010-2019.parquet', 1],
        ['aneel.dec_fec', '2010-2019', 'indicadores-continuidade-coletivos-2010-2019.zip', 1],
        ['aneel.dec_fec', '2020-2029', 'indicadores-continuidade-coletivos-2020-2029.parquet', 1],
        ['aneel.dec_fec', '2020-2029', 'indicadores-continuidade-coletivos-2020-2029.zip', 1],
        ['aneel.dec_fec_limites', undefined, 'indicadores-continuidade-coletivos-limite.csv', 1],
        ['aneel.dominio_indicadores', undefined, 'dominio-indicadores.csv', 1],
      ],
    )
    const limits = found.find(([claim]) => claim[0]?.dataset === 'aneel.dec_fec_limites')
    assert.equal(limits?.[2], contractOf('aneel.dec_fec_limites').resource.id)
  })
})

describe('samples of the portal', () => {
  const files: [file: string, dataset: string, rows: number, options?: { cut?: boolean }][] = [
    ['agentes-setor-eletrico-recorte-2026-09-01.csv', 'aneel.agentes', 10],
    ['bandeira-tarifaria-acionamento.csv', 'aneel.bandeira_acionamento', 136],
    ['bandeira-tarifaria-acionamento-2026-09-28.csv', 'aneel.bandeira_acionamento', 141],
    ['bandeira-tarifaria-adicional-2026-07-15.csv', 'aneel.bandeira_adicional', 27],
    ['dominio-indicadores-recorte-2026-10-05.csv', 'aneel.dominio_indicadores', 32],
    ['gd-tecnico-fotovoltaico-datastore-2025-06-30.csv', 'aneel.gd_fotovoltaica', 25],
    ['indicadores-continuidade-coletivos-limite-recorte-2026-09-05.csv', 'aneel.dec_fec_limites', 2],
    ['indqual-municipio-recorte-2026-09-09.latin1.csv', 'aneel.indqual_municipio', 17],
    ['mmgd-33col-2026-01-16.latin1.csv', 'aneel.mmgd', 10],
    ['mmgd-recorte-3-colunas-do-parquet.csv', 'aneel.mmgd', 10, { cut: true }],
    ['samp-amostra.cp1252.csv', 'aneel.samp', 24],
    ['siga-empreendimentos-geracao-diario-recorte-2026-09-30.csv', 'aneel.siga', 9],
    ['siga-recorte-v1-2026-08-07-diario.csv', 'aneel.siga', 15],
    ['siga-recorte-v2-2026-10-01-mensal.csv', 'aneel.siga', 23],
    ['tarifas-homologadas-B-recorte-2026-09-30.csv', 'aneel.tarifas', 35],
  ]
  for (const [file, dataset, count, options] of files) {
    test(`${file}: every row is acceptable, keeps its digits and passes the gates`, { skip: without(file) }, () => {
      const contract = contractOf(dataset)
      const { header, rows } = readSample(file)
      assert.equal(rows.length, count)
      const columns = columnsFor(contract, header).map((found, index) => {
        assert.equal(found.length, 1, `${header[index]} is one column`)
        return found[0]
      })
      if (options?.cut !== true) {
        for (const column of contract.columns) {
          if (column.inHeader === 'required') assert.ok(columns.includes(column), `${column.source} is there`)
        }
      }
      const keys = new Set<string>()
      let repeated = 0
      for (const row of rows) {
        assert.equal(row.length, header.length)
        row.forEach((raw, index) => {
          const column = columns[index]
          assert.ok(column)
          assert.equal(objection(column, raw), undefined)
          assert.ok(!raw.includes('\ufffd'))
        })
        const key = JSON.stringify(contract.key.map((name) => row[columns.findIndex((c) => c?.name === name)]?.trim()))
        if (keys.has(key)) repeated++
        keys.add(key)
      }
      if (options?.cut === true) return
      if (contract.repeats === 'quarantine') assert.equal(repeated, 0, 'no row would be put aside')
      const valuesOf = (name: string) =>
        rows.map((row) => row[columns.findIndex((c) => c?.name === name)]?.trim() ?? '')
      for (const gate of contract.gates) {
        if (gate.gate === 'exists')
          assert.ok(valuesOf(gate.column).includes(gate.equals), `${gate.column} = ${gate.equals}`)
        if (gate.gate !== 'range') continue
        const column = contract.columns.find((candidate) => candidate.name === gate.column)
        const [low, high] = column?.range ?? [0, 0]
        const numbers = valuesOf(gate.column)
          .filter((text) => text !== '' && !column?.nulls.includes(text))
          .map((text) => Number(text.replace(',', '.')))
        const outside = numbers.filter((number) => number < low || number > high).length
        assert.ok(
          outside <= gate.maxShare * numbers.length,
          `${outside} of ${numbers.length} ${gate.column} out of range`,
        )
      }
    })
  }

  const repeats: [file: string, dataset: string, repeated: number][] = [
    ['tarifas-homologadas-B-recorte-2026-09-30.csv', 'aneel.tarifas', 2],
    ['siga-recorte-v1-2026-08-07-diario.csv', 'aneel.siga', 1],
    ['gd-tecnico-fotovoltaico-datastore-2025-06-30.csv', 'aneel.gd_fotovoltaica', 4],
  ]
  for (const [file, dataset, expected] of repeats) {
    test(`${dataset}: the sample repeats its key, which the contract declares`, { skip: without(file) }, () => {
      const contract = contractOf(dataset)
      const { header, rows } = readSample(file)
      const places = contract.key.map((name) =>
        columnsFor(contract, header).findIndex((columns) => columns[0]?.name === name),
      )
      const keys = rows.map((row) => JSON.stringify(places.map((index) => row[index])))
      assert.equal(keys.length - new Set(keys).size, expected)
      assert.equal(contract.repeats, 'number')
    })
  }
})
