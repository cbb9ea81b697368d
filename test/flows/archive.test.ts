import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { artifactHash } from '../../lib/stores/objects/artifacts.ts'
import { anybody } from '../helpers/fauxqs.ts'
import { type S3Double, startS3Double } from '../helpers/s3-double.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { type RunningFlow, startFlow } from './running.ts'

describe('examples/Archive, with a double of S3 that knows classes and restore', { timeout: 180_000 }, () => {
  let flow: RunningFlow
  let portal: Portal
  let s3: S3Double
  before(async () => {
    portal = await startPortal({ datasets: { bandeira_acionamento: 120 } })
    s3 = await startS3Double('cold')
    flow = await startFlow('examples/Archive/01 - Archive and restore.json', {
      env: {
        ...{ YSH_ARCHIVE_BUCKET: 'cold', YSH_AWS_REGION: 'us-east-1', YSH_AWS_ENDPOINT: s3.endpoint },
        ...{ AWS_ACCESS_KEY_ID: anybody.accessKeyId, AWS_SECRET_ACCESS_KEY: anybody.secretAccessKey },
        ...{ YSH_ANEEL_URL: portal.url, YSH_RESTORE_SECONDS: '0.5' },
      },
      change: (node) => (node.type === 'debug' ? { ...node, console: true } : node),
    })
  })
  after(async () => {
    await flow?.close()
    await s3?.close()
    await portal?.close()
  })

  const idOf = (number: string) => `a4c81e5d7f2b${number}`
  const restores = () => s3.requests.filter((line) => /^POST .*\?restore/.test(line)).length

  test('raw files lie in GLACIER and no longer here; asked for, waited for in the run, they are here again', async () => {
    await flow.press(idOf('0006'))
    await flow.until('the run ends', () => flow.red.output().includes('[debug:archived]'))
    const [[path, kept] = assert.fail(flow.red.output().slice(-3_000)), ...more] = [...s3.objects]
    assert.deepEqual(more, [])
    assert.equal(kept.storageClass, 'GLACIER')
    const sha256 = createHash('sha256').update(kept.bytes).digest('hex')
    assert.equal(artifactHash(path.slice('cold/archive/'.length)), sha256)

    await flow.press(idOf('000e'))
    await flow.until('it waits', () => /Try 3 waits until/.test(flow.red.output()))
    assert.equal(restores(), 1, 'what is under way is not asked for again')
    assert.doesNotMatch(flow.red.output(), /\[debug:restored\]/)
    s3.restored(path)
    await flow.until('the run goes on', () => flow.red.output().includes('[debug:restored]'))
    assert.equal(restores(), 1)

    const { postgres, objects } = await flow.written()
    const { rows: runs } = await postgres.query('select state from pipeline.run order by created_at')
    assert.deepEqual(runs, [{ state: 'done' }, { state: 'done' }], flow.red.output().slice(-3_000))
    const { rows } = await postgres.query<{ sha256: string; class: string; removed: boolean; outcome: string }>(
      `select a.sha256, a.class, s.output->'items'->0->>'localRemoved' = 'true' as removed,
         (select output->>'outcome' from pipeline.step where node = $2) as outcome
       from pipeline.archived a, pipeline.step s where s.node = $1`,
      [idOf('0008'), idOf('0010')],
    )
    assert.deepEqual(rows, [{ sha256, class: 'GLACIER', removed: true, outcome: 'restored' }])
    const key = path.slice('cold/archive/'.length)
    assert.equal((await objects.head(key))?.bytes, kept.bytes.length)
  })
})
