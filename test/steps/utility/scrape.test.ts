import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { PipelineError } from '../../../lib/errors.ts'
import { openScraping, openSite, trialRecipe } from '../../helpers/scraping.ts'

const own = {
  ...trialRecipe,
  tables: [
    ...trialRecipe.tables.map((table) => ({ ...table, count: [2, 10] })),
    {
      name: 'tributos',
      dataset: 'utility.tributos',
      find: { heading: '^tributos' },
      labels: [{ column: 'competencia', header: '^mes$', kind: 'month' }],
      values: [
        { header: '^pis', column: 'aliquota', unit: '%', range: [0, 10], set: { tributo: 'PIS/PASEP' } },
        { header: '^cofins', column: 'aliquota', unit: '%', range: [0, 20], set: { tributo: 'COFINS' } },
      ],
      count: [1, 24],
    },
  ],
}

const page = (more: { b1?: string; header?: string; extra?: string; heading?: string } = {}) => `<!doctype html>
<html><head><title>Tarifas</title></head><body>
<h2>${more.heading ?? 'Tarifa convencional'}</h2>
<table><tr><th>Subgrupo</th>${more.header ?? '<th>Energia (R$/kWh)</th>'}</tr>
<tr><td>B1</td>${more.extra ?? ''}<td>${more.b1 ?? '0,61791'}</td></tr><tr><td>B2</td>${more.extra ?? ''}<td>0,50000</td></tr></table>
<h2>Tributos</h2>
<table><tr><th>Mês</th><th>PIS (%)</th><th>COFINS (%)</th></tr><tr><td>07/2026</td><td>0,63</td><td>2,85</td></tr></table>
<p><a href="/docs/nd-5.30.pdf">ND 5.30</a> <a href="docs/ged.pdf">GED</a> <a href="/outra">outra</a></p></body></html>`

const prices = 'select subgrupo, valor::float8 as valor, unidade, parte from utility.tarifas order by subgrupo'

describe('the step utility-scrape', async () => {
  const scraping = await openScraping()
  const site = await openSite(page())
  after(async () => {
    await site.close()
    await scraping.close()
  })
  const { postgres } = scraping.stores
  let name = 0
  /** Each test has a recipe of its own name, so that none sees what another left. */
  let recipe = own
  const settings = (more = {}) => ({ ownRecipe: JSON.stringify(recipe), url: site.url, ...more })
  beforeEach(async () => {
    name += 1
    recipe = { ...own, recipe: `prova-${name}` }
    site.page = { body: page() }
    site.robots = undefined
    site.asked = []
    await postgres.query('drop view if exists utility.tarifas cascade; drop view if exists utility.tributos cascade')
    await postgres.query(
      'do $$ begin if to_regclass($q$pipeline.version$q$) is not null then delete from pipeline.version; end if; end $$',
    )
  })
  const state = async () =>
    (
      await postgres.query<{
        stale: boolean
        stale_code: string | null
        held_fingerprint: string | null
        etag: string
      }>('select stale, stale_code, held_fingerprint, etag from pipeline.page where recipe = $1', [recipe.recipe])
    ).rows[0]

  test('publishes what the page says into the datasets, in R$/MWh, with its documents', async () => {
    const manifest = await scraping.scrape(settings())
    assert.equal(manifest.outcome, 'published')
    assert.deepEqual(
      manifest.datasets.map(({ dataset, version, rows, new: fresh }) => ({ dataset, version, rows, fresh })),
      [
        { dataset: 'utility.tarifas', version: 1, rows: 2, fresh: 2 },
        { dataset: 'utility.tributos', version: 1, rows: 2, fresh: 2 },
      ],
    )
    const { rows } = await postgres.query(prices)
    const parte = `${recipe.recipe}.prova`
    assert.deepEqual(rows, [
      { subgrupo: 'B1', valor: 617.91, unidade: 'R$/MWh', parte },
      { subgrupo: 'B2', valor: 500, unidade: 'R$/MWh', parte },
    ])
    const taxes = await postgres.query(
      'select tributo, aliquota::float8 as a, competencia from utility.tributos order by 1',
    )
    assert.deepEqual(taxes.rows, [
      { tributo: 'COFINS', a: 2.85, competencia: '2026-07-01' },
      { tributo: 'PIS/PASEP', a: 0.63, competencia: '2026-07-01' },
    ])
    assert.deepEqual(
      manifest.documents.map(({ url, text, new: fresh }) => ({ path: new URL(url).pathname, text, fresh })),
      [
        { path: '/docs/nd-5.30.pdf', text: 'ND 5.30', fresh: true },
        { path: '/docs/ged.pdf', text: 'GED', fresh: true },
      ],
    )
    assert.match(manifest.artifact?.sha256 ?? '', /^[0-9a-f]{64}$/)
    assert.match(site.asked[0]?.['user-agent'] ?? '', /^test\/1 \(\+test@example\.org\)$/)
  })

  test('asks only once for a page that has not changed, and publishes only other rows', async () => {
    await scraping.scrape(settings())
    const second = await scraping.scrape(settings())
    assert.deepEqual([second.outcome, second.reason], ['unchanged', 'not modified (304)'])
    // another page with the same rows, in another order
    site.page.body = page().replace(/(<tr><td>B1.*?<\/tr>)(<tr><td>B2.*?<\/tr>)/, '$2$1')
    const third = await scraping.scrape(settings())
    assert.deepEqual([third.outcome, third.reason], ['unchanged', 'the same rows again'])
    assert.deepEqual(
      third.documents.map((each) => each.new),
      [false, false],
    )
    site.page.body = page({ b1: '0,70' })
    const fourth = await scraping.scrape(settings())
    assert.equal(fourth.outcome, 'published')
    assert.deepEqual(
      fourth.datasets.map(({ version, changed }) => [version, changed]),
      [
        [2, 1],
        [1, 0],
      ],
    )
  })

  test('a run that is sent anew says again what it published', async () => {
    const runId = '11111111-1111-4111-8111-111111111111'
    await scraping.scrape(settings(), { runId })
    // as the engine has it: a version belongs to the run whose fence it was published under
    await postgres.query('update pipeline.version set run_id = $1', [runId])
    const again = await scraping.scrape(settings({ mode: 'full' }), { runId })
    assert.equal(again.outcome, 'published')
    assert.deepEqual(
      again.datasets.map((each) => each.new),
      [2, 2],
    )
    assert.deepEqual(
      again.documents.map((each) => each.new),
      [true, true],
    )
  })

  test('a new layout waits: the last good values stay, marked stale, with the difference; a person accepts it', async () => {
    await scraping.scrape(settings())
    site.page.body = page({ header: '<th>Vigência</th><th>Energia (R$/kWh)</th>', extra: '<td>2026</td>', b1: '0,80' })
    const held = await scraping.scrape(settings())
    assert.deepEqual([held.outcome, held.tier], ['stale', 'cache'])
    assert.match(held.reason, /header 2 was "energia \(r\$\/kwh\)", is "vigencia"/)
    assert.equal((await postgres.query<{ valor: number }>(prices)).rows[0]?.valor, 617.91)
    assert.deepEqual(await state(), {
      stale: true,
      stale_code: 'PAGE_LAYOUT',
      held_fingerprint: held.layout.fingerprint,
      etag: '',
    })
    const incident = await postgres.query<{ what: string; state: string }>(
      `select what, state from pipeline.incident where what like $1 order by what`,
      [`% ${recipe.recipe}.prova`],
    )
    assert.deepEqual(
      incident.rows.map((row) => row.state),
      ['open', 'open'],
    )
    assert.ok(held.artifact !== null)
    const still = await scraping.scrape(settings())
    assert.deepEqual([still.outcome, still.artifact], ['stale', null], 'it stays held')
    const accepted = await scraping.scrape(settings(), { input: { acceptLayout: held.layout.fingerprint } })
    assert.equal(accepted.outcome, 'published')
    assert.equal((await postgres.query<{ valor: number }>(prices)).rows[0]?.valor, 800)
    assert.equal((await state())?.stale, false)
    assert.equal((await scraping.scrape(settings())).outcome, 'unchanged')
  })

  test('a changed recipe is a new look at the page, not a drift', async () => {
    await scraping.scrape(settings())
    recipe = { ...recipe, documents: { count: [0, 40] } }
    const read = await scraping.scrape(settings())
    assert.deepEqual([read.outcome, read.reason], ['unchanged', 'the same rows again'])
    assert.equal(site.asked[1]?.['if-none-match'], undefined)
  })

  test('what cannot be read for certain is an error that says what is there; what was good stays and is stale', async () => {
    await scraping.scrape(settings())
    site.page.body = page({ heading: 'Preços' })
    const error = await scraping.scrape(settings()).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof PipelineError)
    assert.equal(error.code, 'TABLE_NOT_FOUND')
    assert.match(error.message, /It has "Preços".*Version 1 of .* stays served/s)
    assert.equal(error.retryable, false)
    assert.match(String(error.details?.artifact), /^artifacts\/sha256\//, 'the page is kept for who mends the recipe')
    site.page.body = page({ heading: 'Preços', b1: '0,99' })
    const again = await scraping.scrape(settings()).catch((thrown: unknown) => thrown)
    assert.ok(again instanceof PipelineError)
    assert.equal(again.details?.artifact, null, 'but not at each look')
    assert.equal((await state())?.stale_code, 'TABLE_NOT_FOUND')
    assert.equal((await postgres.query(prices)).rows.length, 2)
    site.page.body = page({ b1: '61,791' })
    await assert.rejects(scraping.scrape(settings()), { code: 'VALUE_RANGE' })
    site.page.body = page()
    assert.equal((await scraping.scrape(settings())).outcome, 'unchanged')
    assert.equal((await state())?.stale, false)
  })

  test('a challenge, with or without an error status, and a page that only a script fills are blocked', async () => {
    await scraping.scrape(settings())
    const challenge =
      '<html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt={}</script></body></html>'
    const shell =
      '<html><head><title>Portal</title><script src="/app.js"></script></head><body><div id="root"></div></body></html>'
    for (const answer of [
      { body: challenge, status: 403, headers: { 'cf-mitigated': 'challenge' } },
      { body: challenge },
      { body: shell },
    ]) {
      site.page = answer
      const manifest = await scraping.scrape(settings())
      assert.deepEqual([manifest.outcome, manifest.tier, manifest.datasets[0]?.rows], ['blocked', 'cache', 2])
      assert.equal((await state())?.stale_code, 'PAGE_BLOCKED')
    }
    // the same on a page that was never read
    recipe = { ...recipe, recipe: 'nunca-lida' }
    const never = await scraping.scrape(settings())
    assert.deepEqual([never.outcome, never.datasets], ['blocked', []])
  })

  test('robots.txt is kept to', async () => {
    // another origin: what robots.txt of this one says is remembered
    const other = await openSite(page())
    other.robots = 'User-agent: *\nDisallow: /tarifas\n'
    try {
      await assert.rejects(scraping.scrape(settings({ url: other.url })), { code: 'ROBOTS_REFUSED' })
      assert.equal(other.asked.length, 0)
    } finally {
      await other.close()
    }
  })

  test('an internal address is refused unless the stores allow it', async () => {
    await assert.rejects(scraping.scrape(settings({ url: 'http://[::1]:9/tarifas' })), { code: 'ADDRESS_REFUSED' })
    await assert.rejects(scraping.scrape(settings({ url: 'http://169.254.169.254/latest/meta-data/' })), {
      code: 'ADDRESS_REFUSED',
    })
  })

  test('a page of the wrong size, charset or kind has a name', async () => {
    site.page = { body: Buffer.alloc(200_000, 'x') }
    await assert.rejects(scraping.scrape(settings({ maxBytes: 100_000 })), { code: 'NET_TOO_LARGE' })
    site.page = { body: Buffer.from(page(), 'latin1') }
    await assert.rejects(scraping.scrape(settings()), { code: 'PAGE_CHARSET' })
    site.page = {
      body: Buffer.from([0, 1, 2, 3, 255, 254, 0]),
      headers: { 'content-type': 'application/octet-stream' },
    }
    await assert.rejects(scraping.scrape(settings()), (error: PipelineError) =>
      /^(TABLE_NOT_FOUND|PAGE_)/.test(error.code),
    )
  })

  test('50 MB, a bomb, a circle of redirects, a foreign host: each has a name, and what is served stays', async () => {
    await scraping.scrape(settings())
    const mega = Buffer.alloc(1_000_000, 'x')
    const cases: [string, typeof site.page][] = [
      ['NET_TOO_LARGE', { body: Buffer.concat(Array.from({ length: 50 }, () => mega)) }],
      ['NET_TOO_LARGE', { body: gzipSync(Buffer.alloc(60_000_000)), headers: { 'content-encoding': 'gzip' } }],
      ['NET_ENCODING', { body: page(), headers: { 'content-encoding': 'compress' } }],
      ['NET_REDIRECTS', { body: '', status: 302, headers: { location: '/tarifas' } }],
      ['REDIRECT_REFUSED', { body: '', status: 301, headers: { location: 'https://copy.example/tarifas' } }],
      ['REDIRECT_REFUSED', { body: '', status: 301, headers: { location: 'http://169.254.169.254/latest/' } }],
      ['HTTP_404', { body: 'não há', status: 404 }],
      ['HTTP_503', { body: 'em manutenção', status: 503, headers: { 'retry-after': '0' } }],
    ]
    for (const [code, answer] of cases) {
      site.page = answer
      const error = await scraping.scrape(settings()).catch((thrown: unknown) => thrown)
      assert.ok(error instanceof PipelineError, code)
      assert.equal(error.code, code, error.message)
      assert.match(error.message, /Version 1 of .* stays served/)
      assert.equal((await state())?.stale_code, code)
    }
    assert.equal((await postgres.query(prices)).rows.length, 2)
  })

  test('ISO-8859-1 comes out right', async () => {
    site.page = {
      body: Buffer.from(page().replace('B2', 'Nº 2 – ção').replace('–', '-'), 'latin1'),
      headers: { 'content-type': 'text/html; charset=ISO-8859-1' },
    }
    const manifest = await scraping.scrape(settings())
    assert.equal(manifest.charset, 'windows-1252')
    const { rows } = await postgres.query<{ subgrupo: string }>(prices)
    assert.deepEqual(rows.map((row) => row.subgrupo).sort(), ['B1', 'Nº 2 - ção'])
  })

  test('settings that name nothing readable say so', async () => {
    await assert.rejects(scraping.scrape({}), { code: 'CONFIG' })
    await assert.rejects(scraping.scrape({ recipe: 'nada' }), { code: 'RECIPE_UNKNOWN' })
    await assert.rejects(scraping.scrape({ ownRecipe: '{' }), { code: 'RECIPE_INVALID' })
    await assert.rejects(scraping.scrape({ ownRecipe: JSON.stringify({ ...own, pages: [] }) }), {
      code: 'RECIPE_INVALID',
    })
    await assert.rejects(scraping.scrape(settings({ page: 'outra' })), { code: 'PAGE_UNKNOWN' })
  })
})
