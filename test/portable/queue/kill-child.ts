// A worker whose step `b` never comes back for the item q; kill.test.ts kills it there.
import { readFileSync } from 'node:fs'
import { openWorker } from '../../../lib/portable/queue/worker.ts'
import { quiet } from '../engine.ts'
import { countedEntries, killedPlan } from './killed.ts'

const [url = '', folder = '', effects = ''] = process.argv.slice(2)
process.on('disconnect', () => process.exit(1))
const worker = await openWorker({
  ...{ plans: [killedPlan()], env: { YSH_POSTGRES: url, YSH_FOLDER: folder }, log: quiet, product: 'test/1' },
  ...{ concurrency: 1, graceMs: 0, pace: { heartbeatSeconds: 10, monitorSeconds: 30, pollSeconds: 0.5 } },
  entries: countedEntries(effects, async (what) => {
    if (what !== 'b q') return
    process.send?.(readFileSync(effects, 'utf8'))
    await new Promise(() => undefined)
  }),
})
await worker.run(new AbortController().signal)
