import assert from 'node:assert/strict'
import { test } from 'node:test'
import { without } from '../samples.ts'
import { apart, at, type Database, insert, insertSample } from './database.ts'

const month = (competencia: string, bandeira: string, valor: number | null) => ({
  dat_competencia: competencia,
  nom_bandeira_acionada: bandeira,
  vlr_adicional_bandeira: valor,
})
const adder = (resolucao: string, vigencia: string, bandeira: string, valor: number) => ({
  dsc_resolucao: resolucao,
  dat_vigencia: vigencia,
  nom_bandeira_acionada: bandeira,
  vlr_adicional_bandeira_rs_mwh: valor,
})

/** Tests of aneel.bandeira_vigente and aneel.bandeira_atual. */
export function bandeiraTests(open: () => Database): void {
  const fill = async () => {
    await insert(open(), 'aneel.bandeira_acionamento', [
      month('2022-03-01', 'Escassez Hídrica', 142),
      month('2022-04-01', 'Escassez Hídrica', 71),
      month('2022-05-01', 'Verde', 0),
      month('2025-12-01', 'Amarela', 18.85),
    ])
    await insert(open(), 'aneel.bandeira_adicional', [
      adder('RES CREG nº 3/2021', '2021-09-01', 'Escassez Hídrica', 142),
      adder('REH nº 2.888/2021', '2021-07-01', 'Amarela', 18.74),
      adder('REH nº 3.051/2022', '2022-07-01', 'Amarela', 29.89),
      adder('REH nº 3.306/2024', '2024-04-01', 'Amarela', 18.85),
      adder('REH nº 9.999/2025', '2025-12-02', 'Amarela', 99),
    ])
  }
  const on = async (day: string) => {
    let result: Record<string, unknown>[] = []
    await apart(open(), async () => {
      await fill()
      result = await open().rows(`select * from aneel.bandeira_vigente('${day}')`)
    })
    return result
  }

  test('the flag of the month, its adder in three units, and the resolution in force on its first day', async () => {
    assert.deepEqual(await on('2025-12-31'), [
      {
        competencia: '2025-12-01',
        situacao: 'vigente',
        meses_de_atraso: 0,
        bandeira: 'Amarela',
        adicional_rs_mwh: 18.85,
        adicional_rs_kwh: 0.01885,
        adicional_rs_100kwh: 1.885,
        resolucao: 'REH nº 3.306/2024',
        resolucao_vigencia: '2024-04-01',
        resolucao_rs_mwh: 18.85,
        confere: true,
      },
    ])
  })

  test('a month that is not published yet gets the last one, said to be that', async () => {
    const [january] = await on('2026-01-12')
    assert.equal(january?.situacao, 'mes anterior')
    assert.equal(january?.competencia, '2025-12-01')
    assert.equal(january?.meses_de_atraso, 1)
    assert.equal(january?.adicional_rs_mwh, 18.85)
    const [march] = await on('2027-03-01')
    assert.deepEqual([march?.situacao, march?.meses_de_atraso], ['mes anterior', 15])
  })

  test('the value of the month is what counts, and a resolution that disagrees is shown beside it', async () => {
    const [april] = await on('2022-04-15')
    assert.deepEqual(
      [april?.adicional_rs_mwh, april?.resolucao_rs_mwh, april?.confere, april?.resolucao],
      [71, 142, false, 'RES CREG nº 3/2021'],
    )
  })

  test('green adds nothing and has no resolution', async () => {
    const [may] = await on('2022-05-01')
    assert.deepEqual([may?.bandeira, may?.adicional_rs_kwh, may?.resolucao, may?.confere], ['Verde', 0, null, null])
  })

  test('before the first month there is no flag', async () => {
    assert.deepEqual(await on('2022-02-28'), [])
  })

  test('today is the day of Brasília: at 01:00 UTC of the first it is still last month', async () => {
    await apart(open(), async () => {
      await fill()
      await at(open(), '2022-05-01T01:00:00Z')
      assert.deepEqual(await open().rows('select bandeira, situacao from aneel.bandeira_atual'), [
        { bandeira: 'Escassez Hídrica', situacao: 'vigente' },
      ])
      await at(open(), '2022-05-01T03:00:00Z')
      assert.deepEqual(await open().rows('select bandeira, situacao from aneel.bandeira_atual'), [
        { bandeira: 'Verde', situacao: 'vigente' },
      ])
    })
  })

  const months = 'bandeira-tarifaria-acionamento-2026-09-28.csv'
  const adders = 'bandeira-tarifaria-adicional-2026-07-15.csv'
  test('of 141 published months, 7 disagree with the resolution and 3 have none', {
    skip: without(months, adders),
  }, async () => {
    await apart(open(), async () => {
      await insertSample(open(), 'aneel.bandeira_acionamento', months)
      await insertSample(open(), 'aneel.bandeira_adicional', adders)
      const counts = await open().rows(
        `select count(*)::int as meses,
           count(*) filter (where b.situacao = 'vigente')::int as vigentes,
           count(*) filter (where b.confere)::int as conferem,
           count(*) filter (where not b.confere)::int as divergem,
           count(*) filter (where b.bandeira = 'Verde')::int as verdes,
           count(*) filter (where b.confere is null and b.bandeira <> 'Verde')::int as sem_resolucao
         from generate_series(date '2015-01-15', date '2026-09-15', interval '1 month') m
         cross join lateral aneel.bandeira_vigente(m::date) b`,
      )
      assert.deepEqual(counts, [{ meses: 141, vigentes: 141, conferem: 64, verdes: 67, divergem: 7, sem_resolucao: 3 }])
    })
  })
}
