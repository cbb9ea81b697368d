import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ask, askJson, at, listAt } from './client.ts'
import { SAMPLES, withoutSamples } from './samples-folder.ts'
import { type Portal, startPortal } from './server.ts'

const SIGA = '2f65a1b0-19b8-4360-8238-b34ab4693d55'
const TARIFAS = 'fcf2906c-7c32-4b9b-a637-054e7a5234f4'

let portal: Portal
const call = (action: string, query = '') => askJson(`${portal.url}/api/3/action/${action}${query}`)

before(async () => {
  portal = await startPortal({ datasets: { tarifas: 400, siga: 300, dec_fec: 300, componentes_tarifarias: 3000 } })
})
after(() => portal.close())

describe('package_show', () => {
  test("by slug and by id, with the envelope and the portal's own address", async () => {
    const bySlug = await call('package_show', '?id=tarifas-distribuidoras-energia-eletrica')
    const byId = await call('package_show', '?id=5a583f3e-1646-4f67-bf0f-69db4203e89e')
    assert.equal(bySlug.status, 200)
    assert.deepEqual(byId.json, bySlug.json)
    assert.equal(at(bySlug.json, 'success'), true)
    assert.equal(at(bySlug.json, 'help'), `${portal.url}/api/3/action/help_show?name=package_show`)
    const [dictionary, csv] = listAt(bySlug.json, 'result', 'resources')
    assert.equal(at(dictionary, 'format'), 'PDF')
    assert.equal(at(csv, 'id'), TARIFAS)
    const { body } = await ask(String(at(csv, 'url')))
    assert.equal(at(csv, 'size'), body.length)
    assert.match(String(at(csv, 'hash')), /^[0-9a-f]{32}$/)
    assert.match(String(at(csv, 'last_modified')), /^2026-09-24T05:\d\d:\d\d\.\d{6}$/)
  })

  test('the JSON is ASCII', async () => {
    const { body } = await ask(`${portal.url}/api/3/action/package_show?id=componentes-tarifarias`)
    assert.ok(body.every((byte) => byte < 0x80))
    assert.ok(body.includes('Componentes Tarif\\u00e1rias'))
  })

  test('its fields are those of the real portal', { skip: withoutSamples }, async () => {
    const real: unknown = JSON.parse(
      await readFile(join(SAMPLES ?? '', 'ckan-package_show-dec-fec-2026-10-06.json'), 'utf8'),
    )
    const { json } = await call('package_show', '?id=indicadores-coletivos-de-continuidade-dec-e-fec')
    const keys = (value: unknown) => Object.keys(value ?? {})
    assert.deepEqual(keys(json), keys(real))
    assert.deepEqual(keys(at(json, 'result')), keys(at(real, 'result')))
    for (const name of ['organization', 'tracking_summary']) {
      assert.deepEqual(keys(at(json, 'result', name)), keys(at(real, 'result', name)), name)
    }
    for (const name of ['groups', 'tags', 'extras']) {
      assert.deepEqual(keys(listAt(json, 'result', name)[0]), keys(listAt(real, 'result', name)[0]), name)
    }
    for (const resource of listAt(json, 'result', 'resources')) {
      const twin = listAt(real, 'result', 'resources').find((other) => at(other, 'id') === at(resource, 'id'))
      assert.ok(twin !== undefined, String(at(resource, 'id')))
      assert.deepEqual(keys(resource), keys(twin), String(at(resource, 'name')))
      for (const name of [
        'name',
        'format',
        'mimetype',
        'datastore_active',
        'datastore_contains_all_records_of_source_file',
        'url_type',
        'state',
      ]) {
        assert.equal(at(resource, name), at(twin, name), `${at(resource, 'name')} ${name}`)
      }
      const path = (value: unknown) => new URL(String(at(value, 'url'))).pathname
      assert.equal(path(resource), path(twin))
      assert.equal(at(resource, 'hash') === '', at(twin, 'hash') === '', String(at(resource, 'name')))
    }
  })

  test('an unknown package is 404, none is 409', async () => {
    const unknown = await call('package_show', '?id=no-such')
    assert.equal(unknown.status, 404)
    assert.equal(at(unknown.json, 'success'), false)
    assert.deepEqual(at(unknown.json, 'error'), { __type: 'Not Found Error', message: 'Not found' })
    const none = await call('package_show')
    assert.equal(none.status, 409)
    assert.equal(at(none.json, 'error', '__type'), 'Validation Error')
  })

  test('the stale twin of SIGA comes first, and the metadata follow the publication', async () => {
    const resources = async () =>
      listAt(
        (await call('package_show', '?id=siga-sistema-de-informacoes-de-geracao-da-aneel')).json,
        'result',
        'resources',
      )
    const csvs = async () => (await resources()).filter((resource) => at(resource, 'format') === 'CSV')
    const before = await csvs()
    assert.deepEqual(
      before.map((resource) => String(at(resource, 'url')).split('/').at(-1)),
      ['siga-empreendimentos-geracao.csv', 'siga-empreendimentos-geracao-diario.csv'],
    )
    await portal.publish(1)
    const after = await csvs()
    await portal.publish(0)
    assert.equal(at(after[0], 'last_modified'), at(before[0], 'last_modified'))
    assert.match(String(at(after[1], 'last_modified')), /^2026-09-25T/)
    assert.notEqual(at(after[1], 'hash'), at(before[1], 'hash'))
  })

  test('Parquet has no size until somebody downloads it', async () => {
    const { json } = await call('package_show', '?id=siga-sistema-de-informacoes-de-geracao-da-aneel')
    const parquet = listAt(json, 'result', 'resources').find((resource) => at(resource, 'format') === 'PARQUET')
    assert.equal(at(parquet, 'size'), null)
    assert.equal(at(parquet, 'mimetype'), null)
    assert.equal(at(parquet, 'hash'), '')
  })
})

describe('package_search', () => {
  test('has 71 packages, 11 of them discontinued', async () => {
    const { json } = await call('package_search', '?rows=1000')
    const results = listAt(json, 'result', 'results')
    assert.equal(at(json, 'result', 'count'), 71)
    assert.equal(results.length, 71)
    assert.equal(new Set(results.map((entry) => at(entry, 'name'))).size, 71)
    const gone = results.filter((entry) =>
      listAt(entry, 'extras').some(
        (extra) => at(extra, 'key') === 'Situação' && at(extra, 'value') === 'Descontinuado',
      ),
    )
    assert.equal(gone.length, 11)
  })

  test('pages by start and rows, ten by default', async () => {
    const names = (json: unknown) => listAt(json, 'result', 'results').map((entry) => at(entry, 'name'))
    const first = names((await call('package_search')).json)
    const second = names((await call('package_search', '?start=10&rows=5')).json)
    const both = names((await call('package_search', '?rows=15')).json)
    assert.equal(first.length, 10)
    assert.deepEqual([...first, ...second], both)
  })

  test('finds words without regard to accents and case', async () => {
    const { json } = await call('package_search', '?q=geracao%20DISTRIBUIDA')
    assert.deepEqual(
      listAt(json, 'result', 'results').map((entry) => at(entry, 'name')),
      ['relacao-de-empreendimentos-de-geracao-distribuida'],
    )
    assert.equal(at((await call('package_search', '?q=nada-disso')).json, 'result', 'count'), 0)
  })

  test('every package has a CSV that can be downloaded', { timeout: 60_000 }, async () => {
    const { json } = await call('package_search', '?rows=1000')
    for (const entry of listAt(json, 'result', 'results')) {
      const csv = listAt(entry, 'resources').find((resource) => at(resource, 'mimetype') === 'text/csv')
      const { status, body } = await ask(String(at(csv, 'url')))
      assert.equal(status, 200)
      assert.equal(body.length, at(csv, 'size'), String(at(entry, 'name')))
    }
  })
})

test('resource_show is the resource of package_show', async () => {
  const { json } = await call('resource_show', `?id=${TARIFAS}`)
  const whole = await call('package_show', '?id=tarifas-distribuidoras-energia-eletrica')
  assert.deepEqual(at(json, 'result'), listAt(whole.json, 'result', 'resources')[1])
  assert.equal((await call('resource_show', '?id=no')).status, 404)
})

describe('datastore_search', () => {
  test('has the shape of the real one', { skip: withoutSamples }, async () => {
    const real: unknown = JSON.parse(
      await readFile(join(SAMPLES ?? '', 'ckan-datastore_search-siga-2026-08-07.json'), 'utf8'),
    )
    const { json } = await call('datastore_search', '?resource_id=11ec447d-698d-4ab8-977f-b424d5deee6a&limit=3')
    assert.deepEqual(Object.keys(at(json, 'result') ?? {}), Object.keys(at(real, 'result') ?? {}))
    assert.deepEqual(at(json, 'result', 'fields'), at(real, 'result', 'fields'))
    assert.deepEqual(at(json, 'result', '_links'), at(real, 'result', '_links'))
    assert.deepEqual(
      Object.keys(listAt(json, 'result', 'records')[0] ?? {}),
      Object.keys(listAt(real, 'result', 'records')[0] ?? {}),
    )
    for (const name of [
      'include_total',
      'limit',
      'records_format',
      'resource_id',
      'total_estimation_threshold',
      'total_was_estimated',
    ]) {
      assert.deepEqual(at(json, 'result', name), at(real, 'result', name), name)
    }
  })

  test('gives 100 records without a limit, and links without a host that lead to the end', async () => {
    const ids: unknown[] = []
    let link = `/api/3/action/datastore_search?resource_id=${SIGA}`
    for (;;) {
      const { json } = await askJson(portal.url + link)
      const records = listAt(json, 'result', 'records')
      ids.push(...records.map((record) => at(record, '_id')))
      assert.equal(at(json, 'result', 'total'), 300)
      assert.equal(at(json, 'result', 'limit'), 100)
      if (records.length < 100) break
      link = String(at(json, 'result', '_links', 'next'))
      assert.ok(link.startsWith('/api/3/'))
    }
    assert.deepEqual(
      ids,
      Array.from({ length: 300 }, (_, index) => index + 1),
    )
  })

  test('clamps the limit to 32,000 and says so only by echoing it', async () => {
    const { json } = await call('datastore_search', `?resource_id=${SIGA}&limit=50000`)
    assert.equal(at(json, 'success'), true)
    assert.equal(at(json, 'result', 'limit'), 32_000)
    assert.match(String(at(json, 'result', '_links', 'next')), /limit=50000&offset=32000$/)
  })

  test('takes a POST with filters and sort', async () => {
    const { status, json } = await askJson(`${portal.url}/api/3/action/datastore_search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        resource_id: TARIFAS,
        filters: { NumCNPJDistribuidora: '06981180000116', DscSubGrupo: ['B1', 'B2'] },
        sort: 'VlrTUSD desc, _id',
        limit: 5,
        fields: ['SigAgente', 'DscSubGrupo', 'VlrTUSD'],
      }),
    })
    assert.equal(status, 200)
    const records = listAt(json, 'result', 'records')
    assert.equal(records.length, 5)
    assert.deepEqual(Object.keys(records[0] ?? {}), ['SigAgente', 'DscSubGrupo', 'VlrTUSD'])
    assert.ok(records.every((record) => at(record, 'SigAgente') === 'CEMIG-D'))
    assert.ok(Number(at(json, 'result', 'total')) > 5)
    assert.equal(at(json, 'result', '_links', 'next'), '/api/3/action/datastore_search?offset=5')
  })

  test('without include_total there is no total', async () => {
    const { json } = await call('datastore_search', `?resource_id=${SIGA}&limit=1&include_total=false`)
    assert.equal(at(json, 'result', 'total'), undefined)
    assert.equal(at(json, 'result', 'include_total'), false)
  })

  test('values are as the loader left them: trimmed, a C1 control for the dash', async () => {
    const plants = listAt((await call('datastore_search', `?resource_id=${SIGA}&limit=300`)).json, 'result', 'records')
    assert.ok(plants.some((record) => at(record, 'DscSubBacia') === '86 - Taquari'))
    const social = await call('datastore_search', `?resource_id=${TARIFAS}&q=${encodeURIComponent('Tarifa Social')}`)
    assert.equal(
      at(listAt(social.json, 'result', 'records')[0], 'DscSubClasse'),
      'Residencial Tarifa Social \u0096 faixa 01',
    )
  })

  test('a partial datastore lacks rows of its file, and a number stands for the CNPJ', async () => {
    const id = '4493985c-baea-429c-9df5-3030422c71d7'
    const { json } = await call('datastore_search', `?resource_id=${id}&limit=1000`)
    const years = new Set(listAt(json, 'result', 'records').map((record) => at(record, 'AnoIndice')))
    assert.deepEqual([...years], ['2025'])
    assert.equal(typeof at(listAt(json, 'result', 'records')[0], 'NumCNPJ'), 'number')
    const components = await call('datastore_search', '?resource_id=e8717aa8-2521-453f-bf16-fbb9a16eea39&limit=32000')
    const agents = new Set(listAt(components.json, 'result', 'records').map((record) => at(record, 'SigNomeAgente')))
    assert.ok(agents.has('CPFL-PAULISTA') && !agents.has('CPFL-PIRATINING'))
  })

  test('refuses what it cannot do by the code CKAN has for it', async () => {
    const codes = async (query: string) => (await call('datastore_search', query)).status
    assert.equal(await codes(''), 409)
    assert.equal(await codes('?resource_id=no'), 404)
    assert.equal(await codes('?resource_id=b1bd71e7-d0ad-4214-9053-cbd58e9564a7'), 404)
    assert.equal(await codes(`?resource_id=${SIGA}&limit=many`), 409)
    assert.equal(await codes(`?resource_id=${SIGA}&filters={"No":1}`), 409)
    assert.equal(await codes(`?resource_id=${SIGA}&filters={broken`), 409)
  })
})

test('datastore_search_sql is an unknown action', async () => {
  const { status, json } = await call('datastore_search_sql', '?sql=select')
  assert.equal(status, 400)
  assert.equal(json, 'Bad request - Action name not known: datastore_search_sql')
})

test('a POST that is no JSON is 400', async () => {
  const { status, json } = await askJson(`${portal.url}/api/3/action/package_show`, { method: 'POST', body: '{' })
  assert.equal(status, 400)
  assert.match(String(json), /^Bad request - JSON Error/)
})

test('the dump is the second dialect', async () => {
  const { body } = await ask(`${portal.url}/datastore/dump/${SIGA}?bom=True`)
  const [head, first] = body.toString('utf8').split('\r\n')
  assert.ok(head?.startsWith('\ufeff_id,DatGeracaoConjuntoDados,NomEmpreendimento,'))
  assert.match(first ?? '', /^1,2026-09-24,.*,"\d+,\d\d",/)
})
