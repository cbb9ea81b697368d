import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openPlace } from '../../../lib/portable/runtime/places.ts'
import { enqueueOutbox } from '../../../lib/runs/outbox.ts'
import { startPostgres } from '../../helpers/postgres-server.ts'
import { compiled, graphOf, runPython } from './engine.ts'

const node = (id: string, type: string, wires: string[][], settings: object = {}) => ({
  ...{ id, type, z: 'tab', name: id, wires },
  ...settings,
})
const cli = fileURLToPath(new URL('../../../cli.ts', import.meta.url))
const flow = [
  { id: 'tab', type: 'tab' },
  { id: 'stores', type: 'ysh-stores', folder: '/tmp/never' },
  { ...node('alerts', 'ysh-alerts', [['end']], { stores: 'stores' }), info: 'dag: tell_people' },
  node('end', 'ysh-run-end', [[], []], { stores: 'stores' }),
]

test('the DAG that delivers: what it is made of, and the runs that it starts until they are settled', async (t) => {
  const dags = await compiled(t, flow)
  for (const version of ['3.0.6', '3.4.0']) {
    const { ysh_deliver: dag } = await graphOf({ ...dags, file: join(dags.folder, 'ysh_deliver_dag.py') }, version)
    assert.deepEqual(Object.keys(dag?.tasks ?? {}).sort(), ['owed', 'settle', 'start'])
    assert.deepEqual([...(dag?.tasks.settle?.upstream ?? [])].sort(), ['owed', 'start'])
    assert.deepEqual(dag?.arguments.schedule, { cron: '* * * * *', timezone: 'UTC' })
  }
  const server = await startPostgres()
  const data = mkdtempSync(join(tmpdir(), 'ysh-deliver-'))
  t.after(async () => {
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  })
  const python = async (lines: string[]) => {
    const script = ['import json', 'from ysh_runner import Delivery', `d = Delivery('${dags.folder}/x.py')`, ...lines]
    const { stdout } = await runPython(['-c', script.join('\n')], {
      ...{ PYTHONPATH: dags.folder, YSH_STEP_CLI: `${process.execPath} ${cli}` },
      ...{ YSH_POSTGRES: server.url, YSH_FOLDER: data },
    })
    const told: unknown[] = stdout
      .split('\n')
      .filter((line) => line.startsWith('['))
      .map((line) => JSON.parse(line))
    return told
  }
  const stores = await openPlace({ stores: { folder: data, postgres: { url: server.url } }, allow: [], plans: [] })
  await stores.postgres.transaction((tx) =>
    enqueueOutbox(tx, { key: 'alert 1', topic: 'alert', payload: { event: 'opened' } }),
  )
  await stores.close()
  const [first, last] = await python([
    ...['starts = d.owed()', 'print(json.dumps(starts))', 'd.settle(starts)', 'print(json.dumps(d.owed()))'],
  ])
  const conf = { slot: 'alert 1', payload: { event: 'opened' } }
  assert.ok(Array.isArray(first))
  assert.match(String(first[0]?.trigger_run_id), /^delivered__[0-9a-f]{40}$/)
  assert.deepEqual(first, [{ trigger_dag_id: 'tell_people', trigger_run_id: first[0]?.trigger_run_id, conf }])
  assert.deepEqual(last, [])
  assert.match(readFileSync(dags.file, 'utf8'), /dag_id="tell_people"/)
})
