import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apart, type Cell, type Database, insert } from './database.ts'

export const CNPJ = '06981180000116'
const ATO = {
  dezembro: 'RESOLUÇÃO HOMOLOGATÓRIA Nº 3.556, DE 9 DE DEZEMBRO DE 2025',
  agosto: 'RESOLUÇÃO HOMOLOGATÓRIA N° 3.318, DE 24 DE AGOSTO DE 2026',
}

/** A row of aneel.tarifas: B1 residential of CEMIG-D unless `rest` says otherwise. */
export function tarifa(start: string, end: string | null, tusd: number, te: number, rest: Record<string, Cell> = {}) {
  return {
    dsc_reh: ATO.dezembro,
    sig_agente: 'CEMIG-D',
    num_cnpj_distribuidora: CNPJ,
    dat_inicio_vigencia: start,
    dat_fim_vigencia: end,
    dsc_base_tarifaria: 'Tarifa de Aplicação',
    dsc_sub_grupo: 'B1',
    dsc_modalidade_tarifaria: 'Convencional',
    dsc_classe: 'Residencial',
    dsc_sub_classe: 'Residencial',
    dsc_detalhe: 'Não se aplica',
    nom_posto_tarifario: 'Não se aplica',
    dsc_unidade_terciaria: 'MWh',
    sig_agente_acessante: 'Não se aplica',
    vlr_tusd: tusd,
    vlr_te: te,
    ...rest,
  }
}

/** What aneel.tarifa_vigente answers for a day over these rows alone. */
export async function tarifasOn(open: () => Database, day: string, rows: Record<string, Cell>[], columns: string) {
  let result: Record<string, unknown>[] = []
  await apart(open(), async () => {
    await insert(open(), 'aneel.tarifas', rows)
    result = await open().rows(`select ${columns} from aneel.tarifa_vigente('${day}') order by vlr_tusd, situacao`)
  })
  return result
}

/** Tests of the rule of aneel.tarifa_vigente. */
export function tarifaRuleTests(open: () => Database): void {
  const on = (day: string, rows: Record<string, Cell>[], columns = 'vlr_tusd, situacao, dias_vencida, empate') =>
    tarifasOn(open, day, rows, columns)
  const vigente = (tusd: number, empate = false) => ({
    vlr_tusd: tusd,
    situacao: 'vigente',
    dias_vencida: null,
    empate,
  })

  test('of two validities that cover the day the later start wins, whatever the order of the rows', async () => {
    const rows = [tarifa('2026-01-01', '2026-12-31', 100, 1), tarifa('2026-08-26', '2026-12-12', 200, 1)]
    assert.deepEqual(await on('2026-09-01', rows), [vigente(200)])
    assert.deepEqual(await on('2026-09-01', rows.toReversed()), [vigente(200)])
    assert.deepEqual(await on('2026-08-25', rows), [vigente(100)], 'the later one does not cover yet')
    assert.deepEqual(await on('2026-12-20', rows), [vigente(100)], 'the later one has ended, the earlier still covers')
  })

  test('both ends of a validity are inclusive', async () => {
    const rows = [tarifa('2026-03-10', '2026-03-20', 100, 1)]
    assert.deepEqual(await on('2026-03-10', rows), [vigente(100)])
    assert.deepEqual(await on('2026-03-20', rows), [vigente(100)])
    assert.deepEqual(await on('2026-03-09', rows), [], 'not yet in force is not returned')
  })

  test('tied on the start, the later act by date wins, although its number is lower and its validity longer', async () => {
    const rows = [
      tarifa('2026-01-01', '2026-06-30', 100, 1, { dsc_reh: ATO.dezembro }),
      tarifa('2026-01-01', '2026-12-31', 200, 1, { dsc_reh: ATO.agosto }),
    ]
    assert.deepEqual(await on('2026-02-01', rows), [vigente(200)])
  })

  test('an act without a date loses to one that has it, and alone it still counts', async () => {
    const blank = tarifa('2026-04-13', '2027-05-24', 784.1, 41.05, { dsc_reh: null })
    assert.deepEqual(await on('2026-05-01', [blank]), [vigente(784.1)])
    const dated = tarifa('2026-04-13', '2027-05-24', 1, 1, { dsc_reh: ATO.dezembro })
    assert.deepEqual(await on('2026-05-01', [blank, dated]), [vigente(1)])
  })

  test('tied on start and act, the shortest validity wins', async () => {
    const rows = [tarifa('2025-09-30', '2026-09-29', 567.8, 227.7), tarifa('2025-09-30', '2025-12-31', 723.72, 227.7)]
    assert.deepEqual(await on('2025-10-15', rows), [vigente(723.72)])
    assert.deepEqual(await on('2026-01-15', rows), [vigente(567.8)])
  })

  test('what the rule leaves tied is the higher value, marked as a tie; equal values are none', async () => {
    const low = tarifa('2012-01-01', '2012-12-31', 100, 9)
    const high = tarifa('2012-01-01', '2012-12-31', 300, 2)
    assert.deepEqual(await on('2012-05-05', [low, high, low]), [vigente(300, true)])
    assert.deepEqual(await on('2012-05-05', [high, high, low]), [vigente(300, true)])
    assert.deepEqual(await on('2012-05-05', [low, low]), [vigente(100)])
    const older = tarifa('2011-01-01', '2012-12-31', 999, 9)
    assert.deepEqual(await on('2012-05-05', [low, older]), [vigente(100)], 'a row that the rule refuses is no tie')
  })

  test('where nothing covers the day the last tariff comes back as lapsed, with its days', async () => {
    const rows = [
      tarifa('2025-01-01', '2025-12-31', 100, 1),
      tarifa('2025-06-01', '2025-09-30', 200, 1),
      tarifa('2027-01-01', '2027-12-31', 900, 1),
    ]
    assert.deepEqual(await on('2026-02-01', rows), [
      { vlr_tusd: 100, situacao: 'vencida', dias_vencida: 32, empate: false },
    ])
    const sameEnd = [tarifa('2025-01-01', '2025-12-31', 100, 1), tarifa('2025-06-01', '2025-12-31', 200, 1)]
    assert.deepEqual(await on('2026-01-01', sameEnd), [
      { vlr_tusd: 200, situacao: 'vencida', dias_vencida: 1, empate: false },
    ])
  })

  test('a validity without an end covers every day after its start', async () => {
    assert.deepEqual(await on('2030-01-01', [tarifa('2026-01-01', null, 100, 1)]), [vigente(100)])
  })

  test('Base Econômica is never returned', async () => {
    const rows = [tarifa('2026-01-01', '2026-12-31', 100, 1, { dsc_base_tarifaria: 'Base Econômica' })]
    assert.deepEqual(await on('2026-05-01', rows), [])
  })

  test('the CNPJ is the distributor: a change of abbreviation makes no second row', async () => {
    const rows = [
      tarifa('2026-01-01', '2026-12-31', 100, 1, { sig_agente: 'RGE SUL' }),
      tarifa('2026-06-19', '2027-06-18', 200, 1, { sig_agente: 'RGE' }),
    ]
    assert.deepEqual(await on('2026-07-01', rows, 'sig_agente, vlr_tusd'), [{ sig_agente: 'RGE', vlr_tusd: 200 }])
  })

  test('detail, period, subclass, unit and accessing agent are tariffs of their own, a blank agent too', async () => {
    const rows = [
      tarifa('2026-01-01', '2026-12-31', 1, 1),
      tarifa('2026-02-01', '2026-12-31', 2, 1, { dsc_detalhe: 'SCEE' }),
      tarifa('2026-02-01', '2026-12-31', 3, 1, { nom_posto_tarifario: 'Ponta' }),
      tarifa('2026-02-01', '2026-12-31', 4, 1, { dsc_sub_classe: 'Baixa Renda' }),
      tarifa('2026-02-01', '2026-12-31', 5, 0, { dsc_unidade_terciaria: 'kW' }),
      tarifa('2026-02-01', '2026-12-31', 6, 1, { sig_agente_acessante: 'AME' }),
      tarifa('2026-02-01', '2026-12-31', 7, 1, { sig_agente_acessante: null }),
      tarifa('2026-03-01', '2026-12-31', 8, 1, { sig_agente_acessante: null }),
    ]
    assert.deepEqual(
      (await on('2026-05-01', rows)).map((row) => row.vlr_tusd),
      [1, 2, 3, 4, 5, 6, 8],
    )
  })

  test('a key lapses for itself: what covers the day in another key does not make it current', async () => {
    const keys: Record<string, Cell>[] = [
      { dsc_sub_grupo: 'B2' },
      { dsc_modalidade_tarifaria: 'Branca' },
      { dsc_classe: 'Rural' },
      { dsc_sub_classe: 'Baixa Renda' },
      { dsc_detalhe: 'SCEE' },
      { nom_posto_tarifario: 'Ponta' },
      { dsc_unidade_terciaria: 'kW' },
      { sig_agente_acessante: 'AME' },
      { num_cnpj_distribuidora: '04065033000170' },
    ]
    for (const key of keys) {
      const rows = [tarifa('2026-01-01', '2026-12-31', 1, 1), tarifa('2026-01-01', '2026-01-31', 2, 1, key)]
      assert.deepEqual(
        await on('2026-02-02', rows),
        [vigente(1), { vlr_tusd: 2, situacao: 'vencida', dias_vencida: 2, empate: false }],
        JSON.stringify(key),
      )
    }
  })
}
