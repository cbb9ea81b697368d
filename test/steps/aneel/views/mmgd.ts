import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apart, type Cell, type Database, insert } from './database.ts'

let made = 0
const unit = (
  uf: string | null,
  municipality: string,
  classe: string,
  day: string | null,
  kw: number,
): Record<string, Cell> => ({
  cod_empreendimento: `GD.${++made}`,
  num_cnpj_distribuidora: '04065033000170',
  sig_uf: uf,
  cod_municipio_ibge: municipality,
  nom_municipio: `Cidade ${municipality.slice(0, 6)}`,
  dsc_classe_consumo: classe,
  dth_atualiza_cadastral_empreend: day,
  mda_potencia_instalada_kw: kw,
})

/** Tests of aneel.mmgd_municipio_mes. */
export function mmgdTests(open: () => Database): void {
  const read = async (rows: Record<string, Cell>[], where = 'true') => {
    let result: Record<string, unknown>[] = []
    await apart(open(), async () => {
      await insert(open(), 'aneel.mmgd', rows)
      result = await open().rows(
        `select cod_municipio_ibge || ' ' || dsc_classe_consumo || ' ' || coalesce(mes::text, 'sem data') as grupo,
           array[quantidade, potencia_kw, quantidade_acumulada, potencia_acumulada_kw, potencia_acumulada_municipio_kw] as valores
         from aneel.mmgd_municipio_mes where ${where} order by cod_municipio_ibge, mes nulls last, dsc_classe_consumo`,
      )
    })
    return Object.fromEntries(result.map((row) => [row.grupo, row.valores]))
  }

  test('units and power by month, accumulated by class and over the municipality', async () => {
    assert.deepEqual(
      await read([
        unit('AC', '1200401', 'Residencial', '2024-01-10', 2),
        unit('AC', '1200401', 'Residencial', '2024-01-31', 3.5),
        unit('AC', '1200401', 'Comercial', '2024-01-15', 32.5),
        unit('AC', '1200401', 'Residencial', '2024-03-01', 5),
        unit('TO', '1721000', 'Residencial', '2024-02-29', 4),
      ]),
      {
        '1200401 Comercial 2024-01-01': [1, 32.5, 1, 32.5, 38],
        '1200401 Residencial 2024-01-01': [2, 5.5, 2, 5.5, 38],
        '1200401 Residencial 2024-03-01': [1, 5, 3, 10.5, 43],
        '1721000 Residencial 2024-02-01': [1, 4, 1, 4, 4],
      },
    )
  })

  test('units without a date are counted apart and accumulate nowhere', async () => {
    assert.deepEqual(
      await read([
        unit('AC', '1200401', 'Residencial', '2024-01-10', 2),
        unit('AC', '1200401', 'Residencial', null, 100),
        unit('AC', '1200401', 'Comercial', null, 200),
      ]),
      {
        '1200401 Residencial 2024-01-01': [1, 2, 1, 2, 2],
        '1200401 Comercial sem data': [1, 200, null, null, null],
        '1200401 Residencial sem data': [1, 100, null, null, null],
      },
    )
  })

  test('a 6-digit code is completed where one municipality of the state begins with it, and only there', async () => {
    assert.deepEqual(
      await read([
        unit('AC', '1200401', 'Residencial', '2024-01-10', 2),
        unit('AC', '120040', 'Residencial', '2024-01-11', 3),
        unit('SP', '3550308', 'Residencial', '2024-01-10', 4),
        unit('SP', '3550309', 'Residencial', '2024-01-10', 4),
        unit('SP', '355030', 'Residencial', '2024-01-10', 5),
        unit('TO', '999999', 'Residencial', '2024-01-10', 6),
      ]),
      {
        '1200401 Residencial 2024-01-01': [2, 5, 2, 5, 5],
        '355030 Residencial 2024-01-01': [1, 5, 1, 5, 5],
        '3550308 Residencial 2024-01-01': [1, 4, 1, 4, 4],
        '3550309 Residencial 2024-01-01': [1, 4, 1, 4, 4],
        '999999 Residencial 2024-01-01': [1, 6, 1, 6, 6],
      },
    )
  })

  test('a filter on state or municipality does not change what is accumulated', async () => {
    const rows = [
      unit('AC', '1200401', 'Residencial', '2024-01-10', 2),
      unit('AC', '120040', 'Residencial', '2024-02-11', 3),
      unit('AC', '1200203', 'Residencial', '2024-02-11', 7),
      unit(null, '1200401', 'Residencial', '2024-02-11', 50),
    ]
    const expected = {
      '1200401 Residencial 2024-01-01': [1, 2, 1, 2, 2],
      '1200401 Residencial 2024-02-01': [1, 3, 2, 5, 5],
    }
    assert.deepEqual(await read(rows, "sig_uf = 'AC' and cod_municipio_ibge = '1200401'"), expected)
    assert.deepEqual(await read(rows, 'sig_uf is null'), { '1200401 Residencial 2024-02-01': [1, 50, 1, 50, 50] })
  })
}
