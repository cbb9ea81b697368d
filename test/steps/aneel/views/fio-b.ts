import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apart, at, type Cell, type Database, insert } from './database.ts'

const ATO = {
  novembro: 'RESOLUÇÃO HOMOLOGATÓRIA Nº 2.979, DE 23 DE NOVEMBRO DE 2021',
  dezembro: 'RESOLUÇÃO HOMOLOGATÓRIA Nº 3.001, DE 13 DE DEZEMBRO DE 2021',
}

function component(parte: string, start: string, end: string, value: number, rest: Record<string, Cell> = {}) {
  return {
    dsc_resolucao_homologatoria: ATO.novembro,
    sig_nome_agente: 'CEA',
    num_cpf_cnpj: '05965546000109',
    dat_inicio_vigencia: start,
    dat_fim_vigencia: end,
    dsc_base_tarifaria: 'Tarifa de Aplicação',
    dsc_sub_grupo_tarifario: 'B1',
    dsc_modalidade_tarifaria: 'Convencional',
    dsc_classe_consumidor: 'Residencial',
    dsc_sub_classe_consumidor: 'Residencial',
    dsc_detalhe_consumidor: 'Não se aplica',
    dsc_posto_tarifario: 'Não se aplica',
    dsc_unidade: 'R$/MWh',
    sig_nome_agente_acessante: 'Não se aplica',
    dsc_componente_tarifario: 'TUSD_FioB',
    vlr_componente_tarifario: value,
    parte,
    ...rest,
  }
}

/** Tests of aneel.tusd_fio_b and aneel.tusd_fio_b_atual. */
export function fioBTests(open: () => Database): void {
  const on = async (day: string, rows: Record<string, Cell>[], columns = 'fio_b_rs_mwh, parte, empate') => {
    let result: Record<string, unknown>[] = []
    await apart(open(), async () => {
      await insert(open(), 'aneel.componentes_tarifarias', rows)
      result = await open().rows(`select ${columns} from aneel.tusd_fio_b('${day}') order by fio_b_rs_mwh, fio_b_rs_kw`)
    })
    return result
  }

  test('one validity in the files of two years is taken once, from the later file', async () => {
    const rows = [
      component('2025', '2025-05-28', '2026-05-27', 150.5),
      component('2026', '2025-05-28', '2026-05-27', 155.25),
    ]
    assert.deepEqual(await on('2026-03-01', rows), [{ fio_b_rs_mwh: 155.25, parte: '2026', empate: false }])
    assert.deepEqual(await on('2026-03-01', rows.toReversed()), [
      { fio_b_rs_mwh: 155.25, parte: '2026', empate: false },
    ])
  })

  test('the later act wins even in the earlier file, as it does for the tariff', async () => {
    const rows = [
      component('2021', '2021-11-30', '2021-12-16', 43.21, { dsc_resolucao_homologatoria: ATO.novembro }),
      component('2020', '2021-11-30', '2021-12-16', 36.24, { dsc_resolucao_homologatoria: ATO.dezembro }),
    ]
    assert.deepEqual(await on('2021-12-01', rows), [{ fio_b_rs_mwh: 36.24, parte: '2020', empate: false }])
  })

  test('the later start wins, then the shorter validity', async () => {
    const rows = [
      component('2025', '2025-01-01', '2026-12-31', 1),
      component('2026', '2026-02-01', '2026-12-31', 2),
      component('2026', '2026-02-01', '2026-06-30', 3),
    ]
    const value = async (day: string) => (await on(day, rows)).map((row) => row.fio_b_rs_mwh)
    assert.deepEqual(await value('2026-01-31'), [1])
    assert.deepEqual(await value('2026-05-01'), [3])
    assert.deepEqual(await value('2026-07-01'), [2])
  })

  test('a repeat within one file: equal values are no tie, other values are', async () => {
    const equal = [component('2022', '2022-01-01', '2022-12-31', 10), component('2022', '2022-01-01', '2022-12-31', 10)]
    assert.deepEqual(await on('2022-05-01', equal), [{ fio_b_rs_mwh: 10, parte: '2022', empate: false }])
    const other = [...equal, component('2022', '2022-01-01', '2022-12-31', 12.5)]
    assert.deepEqual(await on('2022-05-01', other), [{ fio_b_rs_mwh: 12.5, parte: '2022', empate: true }])
  })

  test('a key lapses for itself', async () => {
    const keys: Record<string, Cell>[] = [
      { num_cpf_cnpj: '06981180000116' },
      { dsc_sub_grupo_tarifario: 'B2' },
      { dsc_modalidade_tarifaria: 'Branca' },
      { dsc_classe_consumidor: 'Rural' },
      { dsc_sub_classe_consumidor: 'Baixa Renda' },
      { dsc_detalhe_consumidor: 'SCEE' },
      { dsc_posto_tarifario: 'Ponta' },
      { sig_nome_agente_acessante: 'AME' },
    ]
    for (const key of keys) {
      const rows = [
        component('2022', '2022-01-01', '2022-12-31', 1),
        component('2022', '2022-01-01', '2022-01-31', 2, key),
      ]
      assert.deepEqual(
        await on('2022-02-02', rows, 'fio_b_rs_mwh, situacao, dias_vencida'),
        [
          { fio_b_rs_mwh: 1, situacao: 'vigente', dias_vencida: null },
          { fio_b_rs_mwh: 2, situacao: 'vencida', dias_vencida: 2 },
        ],
        JSON.stringify(key),
      )
    }
  })

  test('only the component Fio B of the application tariff', async () => {
    const rows = [
      component('2022', '2022-01-01', '2022-12-31', 10),
      component('2022', '2022-02-01', '2022-12-31', 20, { dsc_componente_tarifario: 'TUSD_FR' }),
      component('2022', '2022-02-01', '2022-12-31', 30, { dsc_base_tarifaria: 'Base Econômica' }),
      component('2022', '2022-02-01', '2022-12-31', 40, { dsc_base_tarifaria: 'CVA' }),
    ]
    assert.deepEqual(await on('2022-05-01', rows), [{ fio_b_rs_mwh: 10, parte: '2022', empate: false }])
  })

  test('R$/MWh has R$/kWh beside it, R$/kW stays apart; the names are those of the tariff', async () => {
    const rows = [
      component('2022', '2022-01-01', '2022-12-31', 441.478264),
      component('2022', '2022-01-01', '2022-12-31', 18.123456789, {
        dsc_unidade: 'R$/kW',
        dsc_sub_grupo_tarifario: 'A4',
      }),
    ]
    const columns = 'dsc_sub_grupo, dsc_unidade_terciaria, fio_b_rs_mwh, fio_b_rs_kwh, fio_b_rs_kw, data_ato'
    assert.deepEqual(await on('2022-05-01', rows, columns), [
      {
        dsc_sub_grupo: 'B1',
        dsc_unidade_terciaria: 'MWh',
        fio_b_rs_mwh: 441.478264,
        fio_b_rs_kwh: 0.441478264,
        fio_b_rs_kw: null,
        data_ato: '2021-11-23',
      },
      {
        dsc_sub_grupo: 'A4',
        dsc_unidade_terciaria: 'kW',
        fio_b_rs_mwh: null,
        fio_b_rs_kwh: null,
        fio_b_rs_kw: 18.123456789,
        data_ato: '2021-11-23',
      },
    ])
  })

  test('lapsed is marked, and today is the day of Brasília', async () => {
    await apart(open(), async () => {
      await insert(open(), 'aneel.componentes_tarifarias', [component('2026', '2025-09-30', '2026-09-29', 99)])
      const read = () => open().rows('select situacao, dias_vencida, fio_b_rs_mwh from aneel.tusd_fio_b_atual')
      await at(open(), '2026-09-30T01:00:00Z')
      assert.deepEqual(await read(), [{ situacao: 'vigente', dias_vencida: null, fio_b_rs_mwh: 99 }])
      await at(open(), '2026-10-09T12:00:00Z')
      assert.deepEqual(await read(), [{ situacao: 'vencida', dias_vencida: 10, fio_b_rs_mwh: 99 }])
    })
  })
}
