import assert from 'node:assert/strict'
import { test } from 'node:test'
import { without } from '../samples.ts'
import { apart, at, type Cell, type Database, insert, insertSample } from './database.ts'
import { CNPJ, tarifa, tarifasOn } from './tarifa.ts'

/** Tests of the prices of aneel.tarifa_vigente, of aneel.tarifa_atual and of aneel.tarifa_b1_residencial. */
export function tarifaPriceTests(open: () => Database): void {
  const on = (day: string, rows: Record<string, Cell>[], columns: string) => tarifasOn(open, day, rows, columns)

  test('B1 residential is the ordinary tariff only: one row a distributor', async () => {
    await apart(open(), async () => {
      const other: Record<string, Cell>[] = [
        { dsc_sub_classe: 'Baixa Renda' },
        { dsc_sub_classe: 'Residencial Tarifa Social – faixa 01' },
        { dsc_sub_classe: 'Residencial Desconto Social – faixa 02' },
        { dsc_sub_grupo: 'B2' },
        { dsc_modalidade_tarifaria: 'Branca' },
        { dsc_classe: 'Rural' },
        { dsc_detalhe: 'SCEE' },
        { nom_posto_tarifario: 'Ponta' },
        { dsc_unidade_terciaria: 'kW' },
        { sig_agente_acessante: 'AME' },
        { dsc_base_tarifaria: 'Base Econômica' },
      ]
      await insert(open(), 'aneel.tarifas', [
        tarifa('2026-01-01', '2026-12-31', 541.3, 317.28),
        ...other.map((rest) => tarifa('2026-02-01', '2026-12-31', 1, 1, rest)),
      ])
      await at(open(), '2026-05-01T12:00:00Z')
      assert.deepEqual(await open().rows('select tarifa_rs_mwh, situacao from aneel.tarifa_b1_residencial'), [
        { tarifa_rs_mwh: 858.58, situacao: 'vigente' },
      ])
    })
  })

  const prices =
    'homologada, vlr_tusd, vlr_te, tusd_rs_mwh, te_rs_mwh, tarifa_rs_mwh, tusd_rs_kwh, te_rs_kwh, tarifa_rs_kwh, tusd_rs_kw'
  const none = { tusd_rs_mwh: null, te_rs_mwh: null, tarifa_rs_mwh: null, tusd_rs_kwh: null, te_rs_kwh: null }

  test('MWh rows have R$/MWh and R$/kWh', async () => {
    assert.deepEqual(await on('2026-05-01', [tarifa('2026-01-01', '2026-12-31', 541.3, 317.28)], prices), [
      {
        homologada: true,
        vlr_tusd: 541.3,
        vlr_te: 317.28,
        tusd_rs_mwh: 541.3,
        te_rs_mwh: 317.28,
        tarifa_rs_mwh: 858.58,
        tusd_rs_kwh: 0.5413,
        te_rs_kwh: 0.31728,
        tarifa_rs_kwh: 0.85858,
        tusd_rs_kw: null,
      },
    ])
  })

  test('kW rows keep R$/kW and have no sum', async () => {
    const rows = [tarifa('2026-01-01', '2026-12-31', 27.53, 0, { dsc_unidade_terciaria: 'kW', dsc_sub_grupo: 'A4' })]
    assert.deepEqual(await on('2026-05-01', rows, prices), [
      { homologada: true, vlr_tusd: 27.53, vlr_te: 0, ...none, tarifa_rs_kwh: null, tusd_rs_kw: 27.53 },
    ])
  })

  test('both parts zero: not homologated, with no price; one part zero is a price', async () => {
    const both = [tarifa('2026-01-01', '2026-12-31', 0, 0)]
    assert.deepEqual(await on('2026-05-01', both, prices), [
      { homologada: false, vlr_tusd: 0, vlr_te: 0, ...none, tarifa_rs_kwh: null, tusd_rs_kw: null },
    ])
    for (const [tusd, te] of [
      [120, 0],
      [0, 120],
    ] as const) {
      assert.deepEqual(
        await on('2026-05-01', [tarifa('2026-01-01', '2026-12-31', tusd, te)], 'homologada, tarifa_rs_mwh'),
        [{ homologada: true, tarifa_rs_mwh: 120 }],
      )
    }
  })

  test('today is the day of Brasília: at 01:00 UTC it is still yesterday', async () => {
    await apart(open(), async () => {
      await insert(open(), 'aneel.tarifas', [tarifa('2025-09-30', '2026-09-29', 567.8, 227.7)])
      const read = () => open().rows('select situacao, dias_vencida from aneel.tarifa_b1_residencial')
      for (const zone of ['UTC', 'Pacific/Kiritimati', 'America/Sao_Paulo']) {
        await open().run(`set local timezone = '${zone}'`)
        await at(open(), '2026-09-30T01:00:00Z')
        assert.deepEqual(await read(), [{ situacao: 'vigente', dias_vencida: null }], zone)
        await at(open(), '2026-09-30T02:59:59Z')
        assert.deepEqual(await read(), [{ situacao: 'vigente', dias_vencida: null }], zone)
        await at(open(), '2026-09-30T03:00:00Z')
        assert.deepEqual(await read(), [{ situacao: 'vencida', dias_vencida: 1 }], zone)
      }
    })
  })

  test('with the real clock, today is what the time zone of São Paulo says', async () => {
    const civil = () => new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/Sao_Paulo' }).format(new Date())
    const before = civil()
    const [row] = await open().rows('select aneel.hoje() as hoje')
    assert.ok(row?.hoje === before || row?.hoje === civil())
  })

  test('a filter on the distributor reaches the scan: nothing is computed for the others', async () => {
    await apart(open(), async () => {
      await open().run('create index on aneel.tarifas (num_cnpj_distribuidora)')
      await open().run('set local enable_seqscan = off')
      await open().run(
        `create function pg_temp.plano() returns setof text language plpgsql as $$ begin
           return query execute 'explain select * from aneel.tarifa_atual where num_cnpj_distribuidora = ''${CNPJ}''';
         end $$`,
      )
      const lines = (await open().rows('select p from pg_temp.plano() p')).map((line) => String(line.p)).join('\n')
      assert.match(lines, /Index Cond: .*num_cnpj_distribuidora = /, lines)
      assert.doesNotMatch(lines, /Function Scan/, lines)
    })
  })

  const file = 'tarifas-homologadas-B-recorte-2026-09-30.csv'
  test('the rule on rows of the portal', { skip: without(file) }, async () => {
    await apart(open(), async () => {
      await insertSample(open(), 'aneel.tarifas', file)
      const b1 = async (day: string, sigla: string) => {
        const [row, ...others] = await open().rows(
          `select tusd_rs_mwh, te_rs_mwh, situacao, data_ato::text from aneel.tarifa_vigente('${day}')
           where sig_agente = '${sigla}' and dsc_sub_grupo = 'B1' and dsc_sub_classe = 'Residencial'`,
        )
        assert.deepEqual(others, [])
        return row
      }
      // two acts for one validity: the later one of 13 December
      const cea = { tusd_rs_mwh: 362.45, te_rs_mwh: 142.8, situacao: 'vigente', data_ato: '2021-12-13' }
      assert.deepEqual(await b1('2021-12-01', 'CEA'), cea)
      assert.deepEqual(await b1('2026-09-30', 'CEA'), { ...cea, situacao: 'vencida' })
      // one act with two ends: the shorter one, and then the longer
      const ceraca = { te_rs_mwh: 227.7, situacao: 'vigente', data_ato: '2025-09-23' }
      assert.deepEqual(await b1('2025-12-31', 'Ceraçá'), { tusd_rs_mwh: 723.72, ...ceraca })
      assert.deepEqual(await b1('2026-01-01', 'Ceraçá'), { tusd_rs_mwh: 567.8, ...ceraca })
      const rge = await open().rows(
        `select sig_agente, tusd_rs_mwh from aneel.tarifa_vigente('2020-06-30') where num_cnpj_distribuidora = '02016440000162'`,
      )
      assert.deepEqual(rge, [{ sig_agente: 'RGE', tusd_rs_mwh: 290.26 }])

      await at(open(), '2026-09-30T12:00:00Z')
      const today = await open().rows(
        'select sig_agente, situacao, dias_vencida, tarifa_rs_kwh from aneel.tarifa_b1_residencial order by sig_agente collate "C"',
      )
      assert.deepEqual(today, [
        { sig_agente: 'CEA', situacao: 'vencida', dias_vencida: 1749, tarifa_rs_kwh: 0.50525 },
        { sig_agente: 'CEMIG-D', situacao: 'vencida', dias_vencida: 273, tarifa_rs_kwh: 0.85858 },
        { sig_agente: 'CERNHE', situacao: 'vencida', dias_vencida: 273, tarifa_rs_kwh: 0.76617 },
        { sig_agente: 'Ceraçá', situacao: 'vencida', dias_vencida: 1, tarifa_rs_kwh: 0.7955 },
        { sig_agente: 'RGE', situacao: 'vencida', dias_vencida: 1930, tarifa_rs_kwh: 0.58957 },
      ])
      const all = await open().rows(
        'select count(*)::int as n, count(*) filter (where not homologada)::int as nao from aneel.tarifa_atual',
      )
      assert.deepEqual(all, [{ n: 14, nao: 1 }])
    })
  })
}
