import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { PipelineError } from '../../../../lib/errors.ts'
import { type Infer, parser } from '../../../../lib/schema.ts'
import { answerTo, today, warm } from '../../../../lib/steps/dataset/answers/answer.ts'
import { distributedMonths, distributedTotals } from '../../../../lib/steps/dataset/answers/distributed.ts'
import { flagCurrent } from '../../../../lib/steps/dataset/answers/flag.ts'
import type { Question } from '../../../../lib/steps/dataset/answers/question.ts'
import { fioBCurrent, tariffsCurrent } from '../../../../lib/steps/dataset/answers/tariffs.ts'
import { type Fetching, openFetching } from '../../../helpers/fetching.ts'
import { type Portal, startPortal } from '../../../portal/server.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }

describe('answers from the datasets', { timeout: 240_000 }, () => {
  let portal: Portal
  let f: Fetching
  /** Statements that the database got. */
  let asked: string[] = []
  before(async () => {
    portal = await startPortal({ datasets: { tarifas: 3000, mmgd: 3000, componentes_tarifarias: 1500 } })
    f = await openFetching()
    for (const name of ['tarifas', 'bandeira_acionamento', 'bandeira_adicional', 'mmgd', 'componentes_tarifarias'])
      await f.fetch(`aneel.${name}`, { portal: portal.url })
  })
  after(async () => {
    await f?.close()
    await portal?.close()
  })

  /** The answer, of parameters as they come: defaults are filled in. */
  async function ask<Q extends Question>(question: Q, given: object = {}, now = new Date('2026-10-10T12:00:00Z')) {
    const params = parser(question.params, 'params').parse(given)
    const { postgres, cache } = f.stores
    asked = []
    const counting = new Proxy(postgres, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (name !== 'query') return typeof value === 'function' ? value.bind(target) : value
        return (text: string, ...rest: [unknown[]?, object?]) => {
          asked.push(text)
          return target.query(text, ...rest)
        }
      },
    })
    const signal = new AbortController().signal
    const stores = { postgres: counting, cache }
    const { answer, kept } = await answerTo(question, params, { stores, clock: { now: () => now }, log, signal })
    return { answer: answer as Infer<Q['answer']>, kept }
  }

  const rows = async <R extends Record<string, unknown>>(sql: string, values: unknown[] = []) =>
    (await f.stores.postgres.query<R>(sql, values)).rows

  it('gives the tariffs of a day as the view has them, by distributor, subgroup and more', async () => {
    const [some] = await rows<{ cnpj: string; sig: string; n: number }>(
      `select num_cnpj_distribuidora as cnpj, min(sig_agente) as sig, count(*)::int as n from aneel.tarifa_vigente('2026-10-10')
       where situacao = 'vigente' and dsc_sub_grupo = 'B1' group by 1 order by 3 desc, 1 limit 1`,
    )
    assert.ok(some)
    const params = { distributor: some.cnpj, subgroup: 'b1', date: '2026-10-10' }
    const { answer } = await ask(tariffsCurrent, params)
    assert.equal(answer.date, '2026-10-10')
    assert.equal(answer.tariffs.length, some.n)
    for (const tariff of answer.tariffs) {
      assert.deepEqual(
        [tariff.num_cnpj_distribuidora, tariff.dsc_sub_grupo, tariff.situacao],
        [some.cnpj, 'B1', 'vigente'],
      )
      assert.ok(tariff.tarifa_rs_mwh === null || typeof tariff.tarifa_rs_mwh === 'number')
    }
    const signs = some.cnpj.replace(/^(..)(...)(...)(....)(..)$/, '$1.$2.$3/$4-$5')
    assert.deepEqual((await ask(tariffsCurrent, { ...params, distributor: signs })).answer, answer)
    const called = await ask(tariffsCurrent, { ...params, distributor: ` ${some.sig.toLowerCase()}` })
    assert.deepEqual(called.answer, answer)
    const lapsed = await ask(tariffsCurrent, { ...params, lapsed: true })
    assert.ok(lapsed.answer.tariffs.length >= answer.tariffs.length)
    const few = await ask(tariffsCurrent, { ...params, limit: 1 })
    assert.deepEqual([few.answer.tariffs.length, few.answer.cut], [1, some.n > 1])
  })

  it('names distributors that sound alike', async () => {
    const [{ sig } = { sig: '' }] = await rows<{ sig: string }>(
      'select sig_agente as sig from aneel.tarifas order by length(sig_agente) desc, 1 limit 1',
    )
    await assert.rejects(ask(tariffsCurrent, { distributor: sig.slice(0, -1) }), (error: PipelineError) => {
      assert.equal(error.code, 'DISTRIBUTOR_UNKNOWN')
      assert.ok(error.message.includes(sig), error.message)
      return true
    })
  })

  it('takes today in Brasília, where no day is said', async () => {
    const late = new Date('2026-10-11T02:30:00Z')
    assert.equal(today({ now: () => late }), '2026-10-10')
    assert.equal((await ask(flagCurrent, {}, late)).answer.date, '2026-10-10')
    assert.equal((await ask(tariffsCurrent, { limit: 1 }, late)).answer.date, '2026-10-10')
  })

  it('gives the flag and Fio B', async () => {
    const [flag] = await rows<{ bandeira: string; mwh: string }>(
      `select bandeira, adicional_rs_mwh as mwh from aneel.bandeira_vigente('2026-10-10')`,
    )
    assert.ok(flag)
    const { answer } = await ask(flagCurrent, { date: '2026-10-10' })
    assert.deepEqual([answer.flag?.bandeira, answer.flag?.adicional_rs_mwh], [flag.bandeira, Number(flag.mwh)])
    assert.equal((await ask(flagCurrent, { date: '1990-01-01' })).answer.flag, null)
    const fioB = await ask(fioBCurrent, { date: '2026-10-10', lapsed: true })
    const [count] = await rows<{ n: number }>(`select count(*)::int as n from aneel.tusd_fio_b('2026-10-10')`)
    assert.equal(fioB.answer.tariffs.length, Math.min(count?.n ?? 0, 1_000))
    assert.ok((count?.n ?? 0) > 0)
  })

  it('adds up distributed generation', async () => {
    const { answer } = await ask(distributedTotals, { by: ['class', 'uf'] })
    assert.deepEqual(answer.by, ['uf', 'class'], 'in one order, so that the cache knows it')
    const [all] = await rows<{ n: number; kw: string }>(
      'select count(*)::int as n, sum(mda_potencia_instalada_kw) as kw from aneel.mmgd',
    )
    const sum = (of: 'units' | 'powerKw') => answer.totals.reduce((total, row) => total + (row[of] ?? 0), 0)
    assert.equal(sum('units'), all?.n)
    assert.ok(Math.abs(sum('powerKw') - Number(all?.kw)) < 0.01)
    const [{ uf } = { uf: '' }] = answer.totals
    assert.equal(typeof uf, 'string')
    const inUf = await ask(distributedTotals, { by: ['year'], uf, from: '2020-01', to: '2024-12' })
    const [expected] = await rows<{ n: number }>(
      `select count(*)::int as n from aneel.mmgd where sig_uf = $1 and dth_atualiza_cadastral_empreend between '2020-01-01' and '2024-12-31'`,
      [uf],
    )
    assert.equal(
      inUf.answer.totals.reduce((total, { units }) => total + units, 0),
      expected?.n,
    )
    const whole = await ask(distributedTotals, { by: [] })
    assert.deepEqual(
      whole.answer.totals.map(({ units }) => units),
      [all?.n],
    )
    const [place] = await rows<{ uf: string; code: string; n: number }>(
      `select sig_uf as uf, cod_municipio_ibge as code, count(*)::int as n from aneel.mmgd_municipio_mes group by 1, 2 order by 3 desc, 2 limit 1`,
    )
    const months = await ask(distributedMonths, { uf: place?.uf.toLowerCase(), municipality: place?.code })
    assert.equal(months.answer.months.length, place?.n)
  })

  it('keeps an answer until a version is published, and never gives an old one', async () => {
    const params = { by: ['kind'] }
    await ask(distributedTotals, params)
    const again = await ask(distributedTotals, params)
    assert.equal(again.kept, true)
    assert.ok(!asked.some((text) => text.includes('aneel.mmgd')), asked.join('\n'))
    await portal.publish(1)
    await f.fetch('aneel.mmgd', { portal: portal.url })
    const after_ = await ask(distributedTotals, params)
    assert.equal(after_.kept, false)
    const [all] = await rows<{ n: number }>('select count(*)::int as n from aneel.mmgd')
    assert.equal(
      after_.answer.totals.reduce((total, { units }) => total + units, 0),
      all?.n,
    )
  })

  it('answers many who ask the same once', async () => {
    await f.stores.cache.deletePrefix('')
    const before_ = await seen()
    const all = await Promise.all(Array.from({ length: 20 }, () => ask(distributedTotals, { by: ['size'] })))
    assert.equal(new Set(all.map(({ answer }) => JSON.stringify(answer))).size, 1)
    assert.ok((await seen()) - before_ <= 2, 'scans of the table')
  })

  /** Sequential scans of the dataset's table so far. */
  async function seen(): Promise<number> {
    await f.stores.postgres.query('select pg_stat_force_next_flush()')
    const [row] = await rows<{ n: number }>(
      `select sum(seq_scan)::int as n from pg_stat_user_tables where schemaname = 'aneel_data' and relname like 'mmgd%'`,
    )
    return row?.n ?? 0
  }

  it('warms what is declared, and says which dataset is missing', async () => {
    await f.stores.cache.deletePrefix('')
    const signal = new AbortController().signal
    const sources = { stores: f.stores, clock: { now: () => new Date('2026-10-10T12:00:00Z') }, log, signal }
    assert.equal(await warm(tariffsCurrent, sources), 1)
    const warmed = parser(tariffsCurrent.params, 'params').parse(tariffsCurrent.warm[0])
    assert.equal((await ask(tariffsCurrent, warmed)).kept, true)
    const other = { ...flagCurrent, datasets: ['aneel.nada'] } as const
    await assert.rejects(ask(other), { code: 'NO_COPY', message: /aneel\.nada/ })
    assert.equal(await warm(other, sources), 0)
  })
})
