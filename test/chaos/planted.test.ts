import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { compare, type Finding } from '../../chaos/compare.ts'
import { openWorkload, readFacts, type Workload } from '../../chaos/execute.ts'
import { freshFolder } from '../../chaos/folder.ts'
import { buildChaosNodes } from '../../chaos/nodes/build.ts'
import { type Server, startServer } from '../../chaos/postgres.ts'
import { type Backend, serverBackend } from '../../chaos/stores.ts'
import { Trial } from '../../chaos/trial.ts'

describe('after a real run of the dense flow', { timeout: 180_000 }, () => {
  let server: Server
  let backend: Backend
  let workload: Workload
  let nodes: string
  const upTo = new Map([
    ['one', 2],
    ['two', 1],
    ['three', 1],
  ])
  before(async () => {
    nodes = freshFolder('nodes')
    await buildChaosNodes(nodes)
    server = await startServer()
    backend = await serverBackend(server)
    workload = await openWorkload({ workload: 'dense' }, 3, { upTo })
    const { generator } = workload
    const trial = await Trial.open({
      backend,
      generator,
      chaosNodes: nodes,
      workload: 'dense',
      flows: (mark) => workload.flows(backend, mark),
      replicas: 1,
    })
    try {
      trial.generate()
      await trial.settle()
      assert.deepEqual(trial.problems, [], trial.log.join('\n'))
    } finally {
      await trial.close()
    }
  })
  after(async () => {
    await workload?.close()
    await backend?.remove()
    await server?.close()
  })

  const findings = async (): Promise<Finding[]> =>
    compare(workload.generator.expected(), await readFacts(backend, 'dense'))
  const change = (sql: string) => backend.read((store) => store.query(sql))

  it('all is as the ledger has it', async () => {
    assert.deepEqual(await findings(), [])
  })

  it('a planted loss, double and stuck run are found in the real tables', async () => {
    await change(`delete from chaos.effect where slot = 'one-1' and item = ''`)
    await change(`insert into chaos.effect select * from chaos.effect where slot = 'two-1' and item = ''`)
    await change(`update pipeline.run set state = 'running' where slot = 'three-1'`)
    await change(
      `delete from pipeline.step where run_id in (select id from pipeline.run where slot = 'one-2') and node = 'total-one'`,
    )
    assert.deepEqual((await findings()).map(({ kind, table, key }) => `${kind} ${table} ${key}`).sort(), [
      'duplicated effect run-two two-1 ',
      'lost effect run-one one-1 ',
      'lost step run-one one-2 total-one ',
      'stuck run run-three three-1',
    ])
  })
})
