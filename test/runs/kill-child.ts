// A process with one flow of five steps, each with an effect and its journal line in one transaction, and an item each. It is
// killed at random by kill.test.ts and started again; the table `effect` has no key, so a double would show.
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { PipelineError } from '../../lib/errors.ts'
import { listRuns } from '../../lib/runs/display.ts'
import { createEngine } from '../../lib/runs/engine.ts'
import type { RunRef } from '../../lib/runs/run.ts'
import { systemTimer } from '../../lib/runs/time.ts'
import { Type } from '../../lib/schema.ts'
import { defineStep } from '../../lib/steps/step.ts'
import { memoryLog, noHttp, openStoresAt } from './surroundings.ts'

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: '{}' },
    folder: { type: 'string', default: '' },
    owner: { type: 'string', default: '' },
    runs: { type: 'string', default: '0' },
  },
})
// The parent's death is ours: no orphan on the database.
process.on('disconnect', () => process.exit(1))

const stores = await openStoresAt(JSON.parse(values.database), values.folder)
const { postgres } = stores
const engine = await createEngine({ stores, http: noHttp, log: memoryLog(), owner: values.owner })
const open = new AbortController().signal

const step = defineStep({
  name: 'effect',
  version: 1,
  config: Type.Object({}),
  input: Type.Object({ total: Type.Number() }),
  output: Type.Object({ total: Type.Number() }),
  async run({ total }, _, context) {
    await systemTimer.sleep(randomInt(30), context.signal) // where most kills hit
    const output = { total: total + 1 }
    await postgres.transaction(async (tx) => {
      await tx.query('insert into effect (run, item) values ($1, $2)', [context.run.id, context.run.item])
      await context.finish(tx, output)
    })
    return output
  },
})

async function flow(run: RunRef): Promise<void> {
  let payload = { total: 0 }
  const work = async (node: string, at: RunRef, input: { total: number }) =>
    (await engine.execute({ step, config: {}, node, input, run: at, signal: open })).output
  for (const node of ['a', 'b']) payload = await work(node, run, payload)
  const joined = Promise.withResolvers<number>()
  const withdraw = engine.fanOut.registerJoin(`join ${run.id}`, ({ done, failed }) =>
    joined.resolve(done * 10 + failed),
  )
  const items = ['x', 'y', 'z'].map((key) => ({ key, value: key }))
  await engine.fanOut.open({
    run,
    node: 'each',
    items,
    window: 2,
    message: null,
    send: (_, itsRun) => {
      work('item', itsRun, payload)
        .then((output) => engine.fanOut.record(itsRun, `join ${run.id}`, { state: 'done', output }))
        .catch(joined.reject)
    },
  })
  const total = await joined.promise
  withdraw()
  payload = await work('c', run, { total })
  await engine.end(run, { outcome: 'done', summary: payload })
}

engine.register('f', {
  send: (run) => {
    flow(run).catch((thrown: unknown) => {
      const error = PipelineError.from(thrown)
      if (error.code !== 'FENCED' && error.code !== 'STOPPED')
        process.send?.({ failed: `${error.code}: ${error.message}` })
    })
  },
})
let slotsOpen = Number(values.runs)
async function tellWhenIdle(): Promise<void> {
  const unfinished = await listRuns(postgres, { states: ['queued', 'running'] })
  if (slotsOpen === 0 && unfinished.length === 0) process.send?.({ idle: true })
}
engine.subscribe((event) => {
  if (event.kind === 'step' && event.state === 'running') process.send?.({ step: event.node })
  if (event.kind === 'run' && event.state === 'done') void tellWhenIdle()
})
await engine.replay()
for (; slotsOpen > 0; slotsOpen -= 1) {
  // Each process tries all slots; which of them have their run already is in the journal.
  await engine.start({ flow: 'f', slot: String(slotsOpen), trigger: 'event', input: null, overlap: 'queue' })
}
await tellWhenIdle()
