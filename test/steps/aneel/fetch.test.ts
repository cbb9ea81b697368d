import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { PipelineError } from '../../../lib/errors.ts'
import { type Fetching, openFetching } from '../../helpers/fetching.ts'
import { type Misbehaviour, type Portal, startPortal } from '../../portal/server.ts'

const SIZES = {
  tarifas: 3000,
  mmgd: 3000,
  siga: 800,
  componentes_tarifarias: 1500,
  samp: 600,
  gd_fotovoltaica: 800,
  indqual_municipio: 300,
  subsidios: 400,
}

async function errorOf(work: Promise<unknown>): Promise<PipelineError> {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof PipelineError, String(error))
    return error
  }
  throw new assert.AssertionError({ message: 'it should have failed' })
}

describe('fetching from the replica', { timeout: 240_000 }, () => {
  let portal: Portal
  let f: Fetching
  before(async () => {
    portal = await startPortal({ datasets: SIZES })
    f = await openFetching()
  })
  after(async () => {
    await f.close()
    await portal.close()
  })

  test('a first fetch publishes, a second costs one conditional request and writes nothing', async () => {
    const first = await f.fetch('aneel.tarifas', { portal: portal.url })
    assert.equal(first.outcome, 'published')
    assert.equal(first.rows, 3000)
    assert.equal(first.new, 3000)
    assert.equal(first.parts[0]?.source.tier, 'primary')
    assert.match(first.attribution, /ANEEL.*ODbL/)
    const artifact = first.parts[0]?.artifact
    assert.ok(artifact && (await f.stores.objects.head(artifact.key)))
    const writes = () =>
      f.stores.postgres.query<{ n: string }>(
        `select sum(n_tup_ins + n_tup_upd + n_tup_del)::text as n from pg_stat_user_tables where schemaname = 'aneel_data'`,
      )
    const before_ = await writes()
    portal.clear()
    const second = await f.fetch('aneel.tarifas', { portal: portal.url })
    assert.equal(second.outcome, 'unchanged')
    assert.equal(second.parts[0]?.version, 1)
    assert.deepEqual(
      portal.requests.map((r) => [r.method, r.status]),
      [['GET', 304]],
    )
    assert.deepEqual((await writes()).rows, before_.rows)
  })

  test('a dataset in parts is checked with one request to the catalogue', async () => {
    const first = await f.fetch('aneel.componentes_tarifarias', { portal: portal.url, parts: 'latest-two' })
    assert.equal(first.parts.length, 2)
    assert.equal(first.rows, 3000)
    portal.clear()
    const second = await f.fetch('aneel.componentes_tarifarias', { portal: portal.url, parts: 'latest-two' })
    assert.equal(second.outcome, 'unchanged')
    assert.equal(portal.requests.length, 1)
    const { rows } = await f.stores.postgres.query<{ parte: string; n: string }>(
      'select parte, count(*)::text as n from aneel.componentes_tarifarias group by 1 order by 1',
    )
    assert.deepEqual(
      rows.map((row) => row.n),
      ['1500', '1500'],
    )
    assert.deepEqual(
      rows.map((row) => row.parte),
      first.parts.map((part) => part.part),
    )
  })

  test('a re-publication becomes exactly its new, changed and vanished rows, with history', async () => {
    for (const [dataset, name] of [
      ['aneel.mmgd', 'mmgd'],
      ['aneel.siga', 'siga'],
    ] as const) {
      await f.fetch(dataset, { portal: portal.url })
      await portal.publish(1)
      const expected = portal.difference(name, 0, 1)
      const manifest = await f.fetch(dataset, { portal: portal.url })
      const counts = { new: manifest.new, changed: manifest.changed, vanished: manifest.vanished }
      assert.deepEqual(counts, { new: expected.added, changed: expected.changed, vanished: expected.vanished }, dataset)
      const { rows } = await f.stores.postgres.query<{ op: string; n: number }>(
        `select op, count(*)::int as n from pipeline.change where dataset = $1 and version = 2 group by 1`,
        [dataset],
      )
      assert.deepEqual(Object.fromEntries(rows.map((r) => [r.op, r.n])), counts)
      // what stands after the delta is what a whole load of the same file gives
      const afterDelta = await f.content(dataset)
      const other = await openFetching()
      try {
        await other.fetch(dataset, { portal: portal.url })
        assert.deepEqual(await other.content(dataset), afterDelta)
      } finally {
        await other.close()
      }
      await portal.publish(0)
    }
  })

  test('a file rewritten with equal rows publishes no change', async () => {
    await f.fetch('aneel.subsidios', { portal: portal.url })
    const rule = portal.misbehave({ kind: 'quoting', match: 'subsidios' })
    const manifest = await f.fetch('aneel.subsidios', { portal: portal.url, mode: 'full' })
    rule.remove()
    assert.equal(manifest.outcome, 'unchanged')
    assert.match(manifest.parts[0]?.reason ?? '', /rewritten/)
  })

  test('another encoding, another quoting, gzip and ZIP under .csv give the same rows', async () => {
    await f.fetch('aneel.samp', { portal: portal.url })
    const good = await f.content('aneel.samp')
    for (const kind of ['encoding', 'quoting', 'gzip', 'zip'] as const) {
      const rule = portal.misbehave({ kind, match: 'samp' })
      const manifest = await f.fetch('aneel.samp', { portal: portal.url, mode: 'full' })
      assert.equal(rule.applied > 0, true, kind)
      rule.remove()
      assert.deepEqual([manifest.new, manifest.changed, manifest.vanished], [0, 0, 0], kind)
      assert.deepEqual(await f.content('aneel.samp'), good, kind)
    }
  })

  test('personal data stay out unless asked for', async () => {
    const columns = async () =>
      (
        await f.stores.postgres.query<{ name: string }>(
          `select attname as name from pg_attribute where attrelid = 'aneel.mmgd'::regclass and attnum > 0`,
        )
      ).rows.map((row) => row.name)
    await f.fetch('aneel.mmgd', { portal: portal.url })
    for (const name of ['num_cpf_cnpj', 'nom_titular_empreendimento', 'cod_cep'])
      assert.ok(!(await columns()).includes(name), name)
    const kept = await f.fetch('aneel.mmgd', { portal: portal.url, keepPersonal: ['cod_cep'], mode: 'full' })
    assert.ok((await columns()).includes('cod_cep'))
    assert.match(kept.warnings.join(), /replaced as a whole/)
    await f.fetch('aneel.mmgd', { portal: portal.url, mode: 'full' })
    assert.ok(!(await columns()).includes('cod_cep'))
  })

  test('any other dataset of the portal by its slug, all columns text', async () => {
    const response = await fetch(`${portal.url}/api/3/action/package_search?rows=100`)
    const { result } = (await response.json()) as {
      result: { results: { name: string; resources: { format: string }[] }[] }
    }
    const known = new Set(['tarifas-distribuidoras-energia-eletrica'])
    const other = result.results.find(
      (p) =>
        !known.has(p.name) &&
        p.resources.filter((r) => r.format === 'CSV').length === 1 &&
        !/bandeiras|samp|siga|relacao|componentes|indicadores|indqual|agentes|subsidios/.test(p.name),
    )
    assert.ok(other, 'the replica has a package without contract')
    const manifest = await f.fetch(other.name, { portal: portal.url })
    assert.ok(manifest.rows > 0)
    assert.equal((await f.content(manifest.table)).rows, manifest.rows)
    assert.equal((await f.fetch(other.name, { portal: portal.url, mode: 'full' })).outcome, 'unchanged')
  })

  test('what cannot be meant is named', async () => {
    assert.equal((await errorOf(f.fetch('', { portal: portal.url }))).code, 'CONFIG')
    assert.equal((await errorOf(f.fetch('não existe', { portal: portal.url }))).code, 'UNKNOWN_DATASET')
    const missing = await errorOf(f.fetch('nao-existe', { portal: portal.url }))
    assert.equal(missing.code, 'UNKNOWN_DATASET')
    assert.match(missing.message, /nao-existe/)
    assert.match(missing.message, /Nothing is served/)
    assert.equal(
      (await errorOf(f.fetch('relacao-de-empreendimentos-de-geracao-distribuida', { portal: portal.url }))).code,
      'AMBIGUOUS_DATASET',
    )
    const part = await errorOf(
      f.fetch('aneel.componentes_tarifarias', { portal: portal.url, parts: '1999', mode: 'full' }),
    )
    assert.equal(part.code, 'RESOURCE_MISSING')
    assert.match(part.message, /1999/)
  })

  test('a stopped fetch leaves nothing behind', async () => {
    const controller = new AbortController()
    const rule = portal.misbehave({ kind: 'slow', bytesPerSecond: 20_000, match: 'tarifas' })
    setTimeout(() => controller.abort(), 300)
    const error = await errorOf(
      f.fetch('aneel.tarifas', { portal: portal.url, mode: 'full', signal: controller.signal }),
    )
    rule.remove()
    assert.ok(['STOPPED', 'STOPPED'].includes(error.code), error.code)
    assert.deepEqual(await f.leftovers(), [])
  })

  // each misbehaviour, the code it must give, and words that the message must carry
  const fatal: [Misbehaviour, string, RegExp][] = [
    [{ kind: '500' }, 'HTTP_500', /500/],
    [{ kind: '502' }, 'HTTP_502', /502/],
    [{ kind: '429', retryAfter: 1 }, 'HTTP_429', /429/],
    [{ kind: 'not-found' }, 'HTTP_404', /404/],
    [{ kind: 'html' }, 'HTML_INSTEAD_OF_DATA', /web page/],
    [{ kind: 'cut' }, 'NET_CUT', /broke/],
    [{ kind: 'slow', stallAfter: 10_000 }, 'NET_TIMEOUT', /nothing for/],
    [{ kind: 'wrong-length', by: 1000 }, 'NET_CUT|NET_LENGTH', /broke|announced/],
    [{ kind: 'wrong-length', by: -1000 }, 'FILE_TRUNCATED', /middle of a row/],
    [{ kind: 'rename-column' }, 'HEADER_COLUMNS', /lacks .*unknown to the contract/],
    [{ kind: 'drop-column' }, 'HEADER_COLUMNS', /lacks/],
    [{ kind: 'half' }, 'GATE_ROWS', /1500 rows arrived, at least/],
    [{ kind: 'empty' }, 'FILE_EMPTY', /0 bytes/],
    [{ kind: 'header-only' }, 'GATE_ROWS', /0 rows arrived/],
    [{ kind: 'ragged' }, 'GATE_QUARANTINE', /columns where the header has 17/],
    [{ kind: 'bad-number' }, 'GATE_QUARANTINE', /not a number in Vlr/],
    [{ kind: 'bad-date' }, 'GATE_QUARANTINE', /not a date in Dat/],
    [{ kind: 'replacement' }, 'GATE_CHARACTERS', /U\+FFFD/],
    [{ kind: 'magnitude' }, 'GATE_', /Vlr|vlr/],
    [{ kind: 'truncated-quote' }, 'FILE_TRUNCATED', /middle of a row/],
    [{ kind: 'broken-zip', how: 'truncated' }, 'FILE_BROKEN', /ZIP/],
    [{ kind: 'broken-zip', how: 'crc' }, 'FILE_BROKEN', /zip/i],
    [{ kind: 'broken-zip', how: 'two-files' }, 'ZIP_CONTENT', /One CSV file was expected/],
    [{ kind: 'broken-zip', how: 'noise' }, 'FILE_BROKEN', /ZIP/],
    [{ kind: 'zip-bomb' }, 'FILE_TOO_LARGE', /200 times/],
    [{ kind: 'zip-bomb', lie: true }, 'FILE_BROKEN|FILE_TOO_LARGE', /./],
  ]
  for (const [misbehaviour, code, words] of fatal) {
    const name = `${misbehaviour.kind}${'how' in misbehaviour ? ` ${misbehaviour.how}` : ''}${'by' in misbehaviour ? ` ${misbehaviour.by}` : ''}`
    test(`${name}: the last good version stays, the error says what was expected and what arrived`, async () => {
      await f.fetch('aneel.tarifas', { portal: portal.url })
      const good = await f.content('aneel.tarifas')
      const version = (
        await f.stores.postgres.query('select max(version) as v from pipeline.version where dataset = $1', [
          'aneel.tarifas',
        ])
      ).rows
      const rule = portal.misbehave({ ...misbehaviour, match: 'tarifas' })
      const error = await errorOf(
        f.fetch('aneel.tarifas', {
          portal: portal.url,
          mode: 'full',
          // the replica may need its time to make a file
          idleTimeoutMs: misbehaviour.kind === 'slow' ? 700 : 10_000,
        }),
      ).finally(() => rule.remove())
      assert.match(error.code, new RegExp(`^(${code})`), `${error.code}: ${error.message}`)
      assert.match(error.message, words)
      assert.match(error.message, /Version \d+ of .* stays served/)
      assert.ok(error.details?.lastGood)
      assert.deepEqual(await f.content('aneel.tarifas'), good)
      assert.deepEqual(
        (
          await f.stores.postgres.query('select max(version) as v from pipeline.version where dataset = $1', [
            'aneel.tarifas',
          ])
        ).rows,
        version,
      )
      assert.deepEqual(await f.leftovers(), [])
    })
  }

  test('what passes in time is tried again: cut, 500, 429 and a page, then the file', async () => {
    for (const misbehaviour of [
      { kind: 'cut' },
      { kind: '500' },
      { kind: '429', retryAfter: 1 },
      { kind: 'html' },
    ] satisfies Misbehaviour[]) {
      const rule = portal.misbehave({ ...misbehaviour, match: 'siga', times: 1 })
      const manifest = await f.fetch('aneel.siga', { portal: portal.url, mode: 'full', tries: 3 })
      assert.equal(rule.applied, 1, misbehaviour.kind)
      assert.equal(manifest.rows, 800)
      rule.remove()
    }
  })

  test('a download that was cut goes on where it stopped', async () => {
    // when the reset overtakes every byte there is nothing to go on from, and the file is asked for anew: try until some arrive
    const answers = new Set<string>()
    for (let tries = 0; tries < 12 && !answers.has('200,206'); tries++) {
      portal.clear()
      portal.misbehave({ kind: 'cut', match: 'tarifas', times: 1 })
      const manifest = await f.fetch('aneel.tarifas', { portal: portal.url, mode: 'full' })
      assert.equal(manifest.rows, 3000)
      answers.add(portal.requests.flatMap((r) => (r.path.includes('/download/') ? [r.status] : [])).join())
    }
    portal.clear()
    assert.ok(answers.has('200,206'), [...answers].join(' | '))
    for (const answer of answers) assert.ok(['200,206', '200,200'].includes(answer), answer)
  })

  test('with the catalogue down a known file is still checked, and an unknown one says so', async () => {
    await f.fetch('aneel.siga', { portal: portal.url })
    const rule = portal.misbehave({ kind: 'api-down' })
    assert.equal((await f.fetch('aneel.siga', { portal: portal.url })).outcome, 'unchanged')
    // the contract pins the address of its file, for just that
    const pinned = await f.fetch('aneel.indqual_municipio', { portal: portal.url, mode: 'full' })
    assert.equal(pinned.outcome, 'published')
    const unpinned = await errorOf(f.fetch('nao-conhecido', { portal: portal.url }))
    assert.equal(unpinned.retryable, true)
    rule.remove()
    for (const kind of ['bad-json', 'wrong-shape'] as const) {
      const bad = portal.misbehave({ kind })
      const error = await errorOf(f.fetch('nao-conhecido', { portal: portal.url }))
      assert.match(error.code, /HTTP_NOT_JSON|PORTAL_ANSWER/)
      bad.remove()
    }
  })

  test('a few bad rows go to quarantine with line and reason, and the rest is published', async () => {
    const bad = portal.misbehave({ kind: 'ragged', share: 0.003, match: 'mmgd' })
    await f.fetch('aneel.mmgd', { portal: portal.url, mode: 'full' })
    bad.remove()
    const { rows } = await f.stores.postgres.query<{
      line: string
      reason: string
      detail: string
      raw: string | null
    }>(
      `select line, reason, detail, raw from pipeline.quarantine where dataset = 'aneel.mmgd' order by version desc, line`,
    )
    assert.ok(rows.length > 0)
    assert.equal(rows[0]?.reason, 'ragged')
    assert.match(rows[0]?.detail ?? '', /columns where the header has 33/)
    // nobody knows where the personal data are in a row of the wrong shape
    assert.equal(rows[0]?.raw, null)
    await f.fetch('aneel.mmgd', { portal: portal.url, mode: 'full' })
  })

  test('nothing is left behind by all of this', async () => {
    assert.deepEqual(await f.leftovers(), [])
  })
})
