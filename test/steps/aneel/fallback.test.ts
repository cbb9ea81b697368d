import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Alert } from '../../../lib/runs/alert.ts'
import { listIncidents } from '../../../lib/runs/incidents.ts'
import { catalogue } from '../../../lib/steps/aneel/catalogue.ts'
import type { FetchManifest } from '../../../lib/steps/aneel/fetch-schema.ts'
import { type Fetching, type FetchOptions, openFetching } from '../../helpers/fetching.ts'
import { rejectsWith } from '../../helpers/rejects.ts'
import { type Portal, PRESETS, startPortal } from '../../portal/server.ts'

const datasets = [...catalogue().keys()]

describe('fallback of the ANEEL fetch', { timeout: 300_000 }, () => {
  let primary: Portal
  let backup: Portal
  let f: Fetching
  before(async () => {
    primary = await startPortal({ datasets: PRESETS.small })
    backup = await startPortal({ datasets: PRESETS.small })
  })
  after(async () => {
    await primary.close()
    await backup.close()
  })
  beforeEach(async () => {
    // Each fetch is to see the portal's own fault; that a host is left alone has a test of its own.
    f = await openFetching({}, { breaker: { failures: 1_000 } })
    for (const portal of [primary, backup]) {
      portal.clear()
      await portal.publish(0)
    }
  })
  afterEach(() => f.close())

  const fetch = (dataset: string, options: Partial<FetchOptions> = {}): Promise<FetchManifest> =>
    f.fetch(dataset, { portal: primary.url, backups: [backup.url], ...options })
  const down = (portal: Portal) => portal.misbehave({ kind: '500' })
  const incidents = () => listIncidents(f.stores.postgres)
  async function alerts(): Promise<Alert[]> {
    const { rows } = await f.stores.postgres.query<{ payload: Alert }>(
      `select payload from pipeline.outbox where topic = 'alert' order by created_at`,
    )
    return rows.map((row) => row.payload)
  }
  /** Status of the downloads of a dataset's file. */
  const downloads = (portal: Portal, name: string) =>
    portal.requests.flatMap(({ path, status }) => (path.includes('/download/') && path.includes(name) ? [status] : []))
  const counts = ({ added, changed, vanished }: { added: number; changed: number; vanished: number }) => ({
    new: added,
    changed,
    vanished,
  })

  test('14 datasets from the backup: one alert; the primary back: compared, one more', async () => {
    assert.equal(datasets.length, 14)
    for (const dataset of datasets) {
      const manifest = await fetch(dataset)
      assert.deepEqual([manifest.tier, manifest.why], ['primary', []], dataset)
    }
    assert.deepEqual([await incidents(), await alerts()], [[], []])

    const rule = down(primary)
    await backup.publish(1)
    for (const dataset of datasets) {
      const manifest = await fetch(dataset)
      assert.equal(manifest.tier, 'backup', dataset)
      assert.deepEqual(
        manifest.why.map(({ tier, source, code }) => [tier, source, code]),
        [['primary', primary.url, 'HTTP_500']],
        dataset,
      )
      for (const part of manifest.parts) {
        assert.equal(part.source.tier, 'backup')
        assert.ok(part.source.url.startsWith(backup.url), part.source.url)
        assert.equal(part.source.why[0]?.code, 'HTTP_500')
      }
    }
    const { rows } = await f.stores.postgres.query<{ source: { tier: string; why: { code: string }[] } }>(
      `select source from pipeline.version where dataset = 'aneel.tarifas' order by version desc limit 1`,
    )
    assert.deepEqual([rows[0]?.source.tier, rows[0]?.source.why[0]?.code], ['backup', 'HTTP_500'])
    const [open, ...others] = await incidents()
    assert.deepEqual(others, [])
    assert.deepEqual(
      [open?.state, open?.kind, open?.key, open?.failures, open?.affected.length],
      ['open', 'source', `source ${primary.url}`, 14, 14],
    )
    const [first, ...more] = await alerts()
    assert.equal(more.length, 0)
    assert.deepEqual([first?.event, first?.affected[0]?.served?.tier], ['opened', 'backup'])
    assert.match(first?.texts['pt-BR'].body ?? '', /servido pela fonte reserva/)
    assert.match(first?.texts['en-US'].body ?? '', /served from the backup source/)

    rule.remove()
    await primary.publish(2)
    primary.clear()
    for (const dataset of datasets) {
      assert.equal((await incidents())[0]?.state, 'open', `still open before ${dataset}`)
      const manifest = await fetch(dataset)
      assert.deepEqual([manifest.tier, manifest.why], ['primary', []], dataset)
    }
    const [closed, ...rest] = await incidents()
    assert.deepEqual([closed?.state, rest.length], ['closed', 0])
    const [, last, ...none] = await alerts()
    assert.equal(none.length, 0)
    assert.equal(last?.event, 'closed')
    const found = new Map(last?.affected.map(({ item, difference }) => [item, difference]))
    assert.equal(found.size, 14)
    for (const name of ['tarifas', 'mmgd', 'siga'] as const) {
      assert.deepEqual(found.get(`aneel.${name}`), counts(primary.difference(name, 1, 2)), name)
    }
    const text = found.get('aneel.tarifas')
    assert.match(
      last?.texts['en-US'].body ?? '',
      new RegExp(`aneel.tarifas .*: ${text?.new} new, ${text?.changed} changed, ${text?.vanished} vanished`),
    )
    // once more: nothing is told twice
    await fetch('aneel.tarifas')
    assert.equal((await alerts()).length, 2)
  })

  test('a portal that is left alone is not even asked: the backup serves at once', async () => {
    const usual = await openFetching()
    try {
      down(primary)
      const ask = (dataset: string) => usual.fetch(dataset, { portal: primary.url, backups: [backup.url], tries: 1 })
      const codes: (string | undefined)[] = []
      for (const dataset of datasets.slice(0, 6)) {
        const manifest = await ask(dataset)
        assert.equal(manifest.tier, 'backup', dataset)
        codes.push(manifest.why[0]?.code)
      }
      assert.deepEqual([codes[0], codes.at(-1)], ['HTTP_500', 'HOST_OPEN'])
      const asked = primary.requests.length
      await ask(datasets[6] ?? '')
      assert.equal(primary.requests.length, asked)
    } finally {
      await usual.close()
    }
  })

  test('the validators of a backup never count at the primary', async () => {
    await fetch('aneel.tarifas')
    const rule = down(primary)
    await backup.publish(1)
    assert.equal((await fetch('aneel.tarifas')).outcome, 'published')
    backup.clear()
    const again = await fetch('aneel.tarifas')
    assert.deepEqual([again.tier, again.outcome], ['backup', 'unchanged'])
    assert.deepEqual(
      downloads(backup, 'tarifas').filter((status) => status === 200),
      [],
      'its own address is known',
    )
    rule.remove()
    await primary.publish(1)
    primary.clear()
    // the two portals give the same file the same ETag: only an unconditional request is answered with 200
    const back = await fetch('aneel.tarifas')
    assert.deepEqual(downloads(primary, 'tarifas'), [200])
    assert.deepEqual(
      [back.tier, back.outcome, back.parts[0]?.source.url.startsWith(primary.url)],
      ['primary', 'unchanged', true],
    )
    const [, closed] = await alerts()
    assert.deepEqual(closed?.affected, [
      {
        item: 'aneel.tarifas',
        failures: 2,
        served: { tier: 'backup', ageSeconds: closed?.affected[0]?.served?.ageSeconds },
        difference: { new: 0, changed: 0, vanished: 0 },
      },
    ])
    assert.match(closed?.texts['en-US'].body ?? '', /no difference to what was served/)
    primary.clear()
    assert.equal((await fetch('aneel.tarifas')).tier, 'primary')
    assert.deepEqual(downloads(primary, 'tarifas'), [304])
  })

  test('the last good version, or the error that names it, when nobody serves', async () => {
    await fetch('aneel.siga')
    const rules = [down(primary), down(backup)]
    const error = await rejectsWith(fetch('aneel.siga'), 'HTTP_500')
    assert.match(error.message, /backup http.*HTTP_500.*Version 1 of .* stays served/)
    const now = new Date(Date.now() + 7_200_000)
    const manifest = await fetch('aneel.siga', { whenAllFail: 'last-good', now })
    assert.deepEqual([manifest.outcome, manifest.tier, manifest.rows], ['unchanged', 'cache', 500])
    assert.ok(Math.abs(manifest.ageSeconds - 7_200) < 60, String(manifest.ageSeconds))
    assert.deepEqual(
      manifest.why.map(({ tier, code }) => [tier, code]),
      [
        ['primary', 'HTTP_500'],
        ['backup', 'HTTP_500'],
      ],
    )
    assert.match(manifest.parts[0]?.reason ?? '', /the last good version; primary: HTTP_500, backup: HTTP_500/)
    // without any version there is nothing to go on with
    await rejectsWith(fetch('aneel.mmgd', { whenAllFail: 'last-good' }), 'HTTP_500')
    assert.equal((await alerts()).length, 1)
    const [open] = await incidents()
    assert.deepEqual(
      open?.affected.map(({ item, served }) => [item, served?.tier]),
      [
        ['aneel.mmgd', undefined],
        ['aneel.siga', 'cache'],
      ],
    )
    for (const rule of rules) rule.remove()
    await primary.publish(1)
    await fetch('aneel.siga')
    const [, ...later] = await alerts()
    assert.equal(later.length, 0, 'mmgd still waits')
    const { rows } = await fetch('aneel.mmgd')
    const [, closed] = await alerts()
    const found = new Map(closed?.affected.map(({ item, difference }) => [item, difference]))
    assert.deepEqual(found.get('aneel.siga'), counts(primary.difference('siga', 0, 1)))
    assert.deepEqual(found.get('aneel.mmgd'), { new: rows, changed: 0, vanished: 0 })
  })

  test('mode cached answers without any request, with why when it is told', async () => {
    await rejectsWith(fetch('aneel.siga', { mode: 'cached' }), 'NO_COPY')
    await fetch('aneel.siga')
    await fetch('aneel.samp', { parts: 'latest-two' })
    primary.clear()
    const plain = await fetch('aneel.siga', { mode: 'cached' })
    assert.deepEqual([plain.tier, plain.outcome, plain.why], ['cache', 'unchanged', []])
    const told = await fetch('aneel.siga', { mode: 'cached', input: { why: 'HTTP_503' } })
    assert.deepEqual(
      told.why.map(({ tier, code }) => [tier, code]),
      [['primary', 'HTTP_503']],
    )
    assert.equal((await fetch('aneel.samp', { mode: 'cached', parts: 'latest' })).parts.length, 1)
    assert.equal((await fetch('aneel.samp', { mode: 'cached', parts: 'all' })).parts.length, 2)
    await rejectsWith(fetch('aneel.samp', { mode: 'cached', parts: '1901' }), 'NO_COPY')
    assert.deepEqual([primary.requests.length, backup.requests.length], [0, 0])
    assert.deepEqual(await incidents(), [])
  })

  test('suspicious data fall through, as an incident of the dataset', async () => {
    await fetch('aneel.tarifas')
    await fetch('aneel.siga')
    await primary.publish(1)
    await backup.publish(1)
    const rule = primary.misbehave({ kind: 'half', match: 'tarifas' })
    const manifest = await fetch('aneel.tarifas')
    assert.deepEqual([manifest.tier, manifest.why[0]?.code], ['backup', 'GATE_ROWS'])
    assert.ok(manifest.rows > 900)
    assert.equal((await fetch('aneel.siga')).tier, 'primary')
    const [open, ...others] = await incidents()
    assert.deepEqual([open?.kind, open?.key, others.length], ['dataset', 'dataset aneel.tarifas', 0])
    assert.match((await alerts())[0]?.texts['pt-BR'].body ?? '', /contrato/)
    rule.remove()
    assert.equal((await fetch('aneel.tarifas')).tier, 'primary')
    assert.equal((await incidents())[0]?.state, 'closed')
  })

  test('a dataset whose portal answers again, with a wrong file, waits in an incident of its own', async () => {
    await fetch('aneel.tarifas')
    const rule = down(primary)
    await fetch('aneel.tarifas')
    rule.remove()
    await primary.publish(1)
    const half = primary.misbehave({ kind: 'half', match: 'tarifas' })
    await fetch('aneel.tarifas')
    half.remove()
    const states = new Map((await incidents()).map(({ kind, state }) => [kind, state]))
    assert.deepEqual([states.get('source'), states.get('dataset')], ['closed', 'open'])
    await fetch('aneel.tarifas')
    const all = await incidents()
    assert.ok(all.every(({ state }) => state === 'closed'))
    const dataset = all.find(({ kind }) => kind === 'dataset')
    assert.deepEqual(dataset?.affected[0]?.difference, counts(primary.difference('tarifas', 0, 1)))
  })

  test('a backup that lags behind is not served', async () => {
    await primary.publish(1)
    await fetch('aneel.tarifas')
    const rows = await f.content('aneel.tarifas')
    down(primary)
    // the backup is still at publication 0
    await rejectsWith(fetch('aneel.tarifas'), 'HTTP_500')
    const manifest = await fetch('aneel.tarifas', { whenAllFail: 'last-good' })
    assert.deepEqual([manifest.tier, manifest.why.map(({ code }) => code)], ['cache', ['HTTP_500', 'BACKUP_OLDER']])
    assert.deepEqual(await f.content('aneel.tarifas'), rows)
    assert.deepEqual(await f.leftovers(), [])
  })

  test('an incident that flaps is one incident, told of once', async () => {
    const minute = (n: number) => new Date(Date.UTC(2026, 5, 1, 0, n))
    await fetch('aneel.siga', { now: minute(0) })
    for (const at of [10, 30, 50]) {
      const rule = down(primary)
      await fetch('aneel.siga', { now: minute(at) })
      rule.remove()
      await fetch('aneel.siga', { now: minute(at + 10) })
    }
    const [only, ...others] = await incidents()
    assert.deepEqual([only?.state, only?.flaps, others.length], ['closed', 2, 0])
    assert.deepEqual(
      (await alerts()).map(({ event }) => event),
      ['opened', 'closed'],
    )
    // much later it is another one
    const rule = down(primary)
    await fetch('aneel.siga', { now: minute(200) })
    rule.remove()
    assert.equal((await incidents()).length, 2)
  })

  test('what says nothing of the source goes nowhere', async () => {
    await rejectsWith(fetch(''), 'CONFIG')
    await rejectsWith(fetch('nao-existe', { whenAllFail: 'last-good' }), 'UNKNOWN_DATASET')
    await rejectsWith(fetch('aneel.componentes_tarifarias', { parts: '1999' }), 'RESOURCE_MISSING')
    const controller = new AbortController()
    primary.misbehave({ kind: 'slow', bytesPerSecond: 5_000, match: 'tarifas' })
    setTimeout(() => controller.abort(), 200)
    await rejectsWith(fetch('aneel.tarifas', { signal: controller.signal, whenAllFail: 'last-good' }), 'STOPPED')
    assert.equal(backup.requests.length, 0)
    assert.deepEqual(await incidents(), [])
  })

  test('no incident where the portal wants none', async () => {
    down(primary)
    assert.equal((await fetch('aneel.siga', { incidents: false })).tier, 'backup')
    assert.deepEqual(await incidents(), [])
  })
})
