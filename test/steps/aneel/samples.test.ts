import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Fetching, openFetching } from '../../helpers/fetching.ts'
import { type Portal, startPortal } from '../../portal/server.ts'

const folder = resolve(
  process.env.YSH_SAMPLES ?? join(fileURLToPath(new URL('../../..', import.meta.url)), '..', 'shared', 'samples'),
)
const skip = existsSync(folder) ? false : `no samples of the real portal in ${folder} (set YSH_SAMPLES)`

describe('real files of the portal', { skip, timeout: 120_000 }, () => {
  let portal: Portal
  let f: Fetching
  before(async () => {
    portal = await startPortal({ samples: folder })
    f = await openFetching()
  })
  after(async () => {
    await f?.close()
    await portal?.close()
  })
  const rows = async <R extends Record<string, unknown>>(sql: string) => (await f.stores.postgres.query<R>(sql)).rows

  test('every dataset that a sample belongs to is published with as many rows as its file', async () => {
    // SIGA's monthly twin is stale on purpose: the contract takes the daily file
    const samples = portal.downloads().filter((download) => download.origin === 'sample' && download.part !== 'mensal')
    assert.ok(samples.length >= 10)
    for (const sample of samples) {
      const manifest = await f.fetch(`aneel.${sample.dataset}`, { portal: portal.url, mode: 'full' })
      assert.equal(manifest.rows, sample.rows, sample.dataset)
      assert.equal(manifest.quarantined, 0, sample.dataset)
    }
  })

  test('windows-1252 with an en dash, Latin-1, UTF-8: the same letters in the tables', async () => {
    assert.ok(
      (
        await rows(
          `select 1 from aneel.samp where dsc_sub_classe_consumidor like '%–%' or dsc_detalhe_consumidor like '%–%' or dsc_sub_classe_consumidor like '%faixa%'`,
        )
      ).length > 0,
    )
    assert.ok((await rows(`select 1 from aneel.samp where dsc_classe_consumo_mercado = 'Poder público'`)).length > 0)
    assert.ok((await rows(`select 1 from aneel.mmgd where dsc_fonte_geracao = 'Radiação solar'`)).length > 0)
    assert.ok(
      (await rows(`select 1 from aneel.tarifas where dsc_sub_classe = 'Residencial Tarifa Social – faixa 01'`)).length >
        0,
    )
    for (const table of [
      'samp',
      'mmgd',
      'tarifas',
      'siga',
      'indqual_municipio',
      'bandeira_acionamento',
      'gd_fotovoltaica',
    ]) {
      const broken = await rows(
        `select 1 from aneel.${table} t where to_jsonb(t)::text ~ '[\\u0080-\\u009f\\ufffd]|Ã[£§©]'`,
      )
      assert.equal(broken.length, 0, table)
    }
  })

  test('padding is gone, blanks are null, zeros are zero', async () => {
    assert.deepEqual(await rows('select distinct sig_agente from aneel.dec_fec_limites'), [{ sig_agente: 'EMS' }])
    const siga = await rows<{ text: string }>(`select to_jsonb(t)::text as text from aneel.siga t`)
    assert.ok(siga.every((row) => !/: " |[^,:] "[,}]/.test(row.text)))
    assert.deepEqual(await rows('select count(*)::int as n from aneel.indqual_municipio where nom_municipio is null'), [
      { n: 1 },
    ])
    assert.ok((await rows('select 1 from aneel.tarifas where vlr_tusd = 0')).length > 0)
  })

  test("the datastore's comma dialect comes out as the portal's own", async () => {
    assert.ok(
      (await rows(`select 1 from aneel.gd_fotovoltaica where mda_area_arranjo = 5.82 and dat_conexao = '2024-02-01'`))
        .length > 0,
    )
  })

  test("SIGA's two dates one after the other: one changed plant, eight new ones, and nothing else", async () => {
    const other = await openFetching()
    try {
      await portal.publish(0)
      const first = await other.fetch('aneel.siga', { portal: portal.url })
      assert.equal(first.rows, 15)
      await portal.publish(2)
      const second = await other.fetch('aneel.siga', { portal: portal.url })
      assert.deepEqual([second.rows, second.new, second.changed, second.vanished, second.quarantined], [23, 8, 1, 0, 0])
      const changes = await other.stores.postgres.query<{ op: string; name: string; differs: string[] }>(
        `select op, coalesce(after, before)->>'nom_empreendimento' as name,
           array(select a.key from jsonb_each(after) a join jsonb_each(before) b using (key) where a.value <> b.value order by 1) as differs
         from pipeline.change where dataset = 'aneel.siga' order by op`,
      )
      assert.equal(changes.rows.length, 9)
      const changed = changes.rows.find((row) => row.op === 'changed')
      assert.equal(changed?.name, 'Alta Floresta')
      assert.deepEqual(changed?.differs, ['num_coord_e_empreendimento', 'num_coord_n_empreendimento'])
    } finally {
      await other.close()
    }
  })
})
