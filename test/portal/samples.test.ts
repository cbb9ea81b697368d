import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ask, askJson, at, listAt } from './client.ts'
import { bytesOf, type DatasetName, header, source, writeCsv } from './generate/index.ts'
import { SAMPLES, withoutSamples } from './samples-folder.ts'
import { type Portal, startPortal } from './server.ts'

function urlOf(portal: Portal, dataset: DatasetName, part?: string): string {
  const found = portal.downloads().find((one) => one.dataset === dataset && (part === undefined || one.part === part))
  assert.ok(found !== undefined, dataset)
  return portal.url + found.path
}

describe('a folder of files', () => {
  let folder: string
  let portal: Portal
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'replica-samples-'))
    const file = (name: string) => join(folder, name)
    await writeCsv(file('agents.csv'), 'agentes', { rows: 30 })
    await writeCsv(file('plants-2026-09-30.csv'), 'siga', { rows: 60, publication: 1 })
    await writeCsv(file('plants-2026-08-07.csv'), 'siga', {
      rows: 60,
      dialect: { encoding: 'windows-1252', quote: 'needed' },
    })
    await writeCsv(file('gd.csv'), 'mmgd', { rows: 40, dialect: { container: 'zip' } })
    await writeCsv(file('market.csv'), 'samp', { rows: 50, part: '2023', dialect: { encoding: 'windows-1252' } })
    const dump = (
      await bytesOf(source('gd_fotovoltaica', { rows: 40 }), { dialect: { delimiter: ',', quote: 'needed' } })
    ).toString()
    const numbered = dump.replace(header('gd_fotovoltaica').join(','), `_id,${header('gd_fotovoltaica').join(',')}`)
    await writeFile(file('dump.csv'), numbered.replace(/\r\n(?=\d{4}-)/g, '\r\n7,'))
    await writeFile(file('notes.txt'), 'nothing of the kind\n')
    portal = await startPortal({ samples: folder })
  })
  after(async () => {
    await portal.close()
    await rm(folder, { recursive: true })
  })

  test('is mapped by header; what does not fit is listed with the reason', () => {
    assert.deepEqual(
      portal.samples.mapped.map(({ file, dataset, date, rows }) => ({ file, dataset, date, rows })),
      [
        { file: 'plants-2026-08-07.csv', dataset: 'siga', date: '2026-08-07', rows: 60 },
        { file: 'agents.csv', dataset: 'agentes', date: '2026-09-24', rows: 30 },
        { file: 'dump.csv', dataset: 'gd_fotovoltaica', date: '2026-09-24', rows: 40 },
        { file: 'gd.csv', dataset: 'mmgd', date: '2026-09-24', rows: 40 },
        { file: 'market.csv', dataset: 'samp', date: '2026-09-24', rows: 50 },
        { file: 'plants-2026-09-30.csv', dataset: 'siga', date: '2026-09-30', rows: 60 },
      ],
    )
    assert.deepEqual(
      portal.samples.unmapped.map(({ file }) => file),
      ['notes.txt'],
    )
    assert.match(portal.samples.unmapped[0]?.reason ?? '', /no known dataset \(nothing of the kind\)/)
  })

  test('is served with its bytes unchanged', async () => {
    for (const { dataset, path, date } of portal.samples.mapped) {
      if (date === '2026-08-07') continue
      const { status, body } = await ask(urlOf(portal, dataset, dataset === 'siga' ? 'diario' : undefined))
      assert.equal(status, 200)
      assert.deepEqual(body, await readFile(path), path)
    }
  })

  test('two dates of one dataset are publications, the newest first', async () => {
    const url = urlOf(portal, 'siga', 'diario')
    assert.equal(portal.publication, 1)
    assert.deepEqual((await ask(url)).body, await readFile(join(folder, 'plants-2026-09-30.csv')))
    await portal.publish(0)
    const old = await ask(url)
    assert.deepEqual(old.body, await readFile(join(folder, 'plants-2026-08-07.csv')))
    assert.match(old.headers['last-modified'] ?? '', /07 Aug 2026/)
    await portal.publish(1)
  })

  test('a dataset in parts has the part of the file', async () => {
    const parts = portal.downloads().filter(({ dataset }) => dataset === 'samp')
    assert.deepEqual(
      parts.map(({ part, path, origin }) => [part, path.split('/').at(-1), origin]),
      [['2023', 'samp-2023.csv', 'sample']],
    )
  })

  test('its rows are in the datastore, and can be published wrong', async () => {
    const id = '64250fc9-4f7a-4d97-b0d4-3c090e005e1c'
    const { json } = await askJson(`${portal.url}/api/3/action/datastore_search?resource_id=${id}&limit=1`)
    assert.equal(at(json, 'result', 'total'), 30)
    assert.equal(at(listAt(json, 'result', 'records')[0], 'SigPessoa'), 'CEMIG-D')
    portal.misbehave({ kind: 'half', match: 'agentes', times: 1 })
    const { body } = await ask(urlOf(portal, 'agentes'))
    assert.equal(body.toString().trimEnd().split('\r\n').length, 16)
  })
})

describe('the real files', { skip: withoutSamples }, () => {
  let portal: Portal
  before(async () => {
    portal = await startPortal({ samples: SAMPLES ?? '' })
  })
  after(() => portal?.close())

  test('all that have the header of a dataset are served', async () => {
    const found = new Map<string, number[]>()
    for (const { dataset, rows } of portal.samples.mapped) found.set(dataset, [...(found.get(dataset) ?? []), rows])
    assert.deepEqual(Object.fromEntries(found), {
      tarifas: [35],
      bandeira_acionamento: [136, 141],
      bandeira_adicional: [27],
      mmgd: [10],
      gd_fotovoltaica: [25],
      siga: [15, 9, 23],
      agentes: [10],
      dec_fec_limites: [2],
      dominio_indicadores: [32],
      indqual_municipio: [17],
      samp: [24],
    })
    for (const { dataset, path } of portal.samples.mapped.filter(
      ({ dataset }) => dataset === 'tarifas' || dataset === 'samp',
    )) {
      assert.deepEqual((await ask(urlOf(portal, dataset))).body, await readFile(path))
    }
  })

  test('their dialects are seen', () => {
    const dialects = Object.fromEntries(portal.samples.mapped.map(({ file, dialect }) => [file, dialect]))
    assert.deepEqual(dialects['bandeira-tarifaria-acionamento.csv'], {
      encoding: 'windows-1252',
      bom: false,
      quote: 'none',
      delimiter: ';',
      eol: '\n',
      decimal: ',',
      container: 'none',
    })
    assert.equal(dialects['gd-tecnico-fotovoltaico-datastore-2025-06-30.csv']?.delimiter, ',')
    assert.equal(dialects['gd-tecnico-fotovoltaico-datastore-2025-06-30.csv']?.quote, 'needed')
    assert.equal(dialects['samp-amostra.cp1252.csv']?.encoding, 'windows-1252')
  })
})

describe('the generated headers', { skip: withoutSamples }, () => {
  test('are those of the real files', async () => {
    // findSamples maps by the whole header, so a mapped file is the proof; these must be among them.
    const portal = await startPortal({ samples: SAMPLES ?? '' })
    try {
      const mapped = new Set<string>(portal.samples.mapped.map(({ dataset }) => dataset))
      for (const dataset of [
        'tarifas',
        'mmgd',
        'siga',
        'samp',
        'agentes',
        'indqual_municipio',
        'dec_fec_limites',
        'gd_fotovoltaica',
      ]) {
        assert.ok(mapped.has(dataset), dataset)
      }
    } finally {
      await portal.close()
    }
  })
})

test('a file of another header is left out, whatever its name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replica-samples-'))
  await writeFile(join(folder, 'tarifas-homologadas.csv'), 'a;b\r\n1;2\r\n')
  await copyFile(join(folder, 'tarifas-homologadas.csv'), join(folder, 'copy.csv'))
  const portal = await startPortal({ samples: folder })
  try {
    assert.equal(portal.samples.mapped.length, 0)
    assert.equal(portal.samples.unmapped.length, 2)
  } finally {
    await portal.close()
    await rm(folder, { recursive: true })
  }
})
