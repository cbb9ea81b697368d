// One fetch in a process that a test kills: says on standard output what it is doing.
import { createHttpClient } from '../../../lib/net/client.ts'
import { parser } from '../../../lib/schema.ts'
import { aneelFetch } from '../../../lib/steps/aneel/fetch.ts'
import { FetchConfigSchema } from '../../../lib/steps/aneel/fetch-schema.ts'
import { openStores } from '../../../lib/stores/open.ts'
import { loopback } from '../../helpers/loopback.ts'

const [folder = '', url = '', dataset = '', portal = ''] = process.argv.slice(2)
const stores = await openStores({ folder, ...(url === '' ? {} : { postgres: { url } }) })
const http = createHttpClient({ product: 'test/1', allow: loopback })
let last = ''
const manifest = await aneelFetch.run(
  {},
  parser(FetchConfigSchema, 'config').parse({ dataset, portal: { url: portal, backoffMs: 5 } }),
  {
    run: { id: '00000000-0000-4000-8000-000000000001', flow: 'test', slot: '1', epoch: 0, item: '' },
    node: 'test',
    attempt: 1,
    signal: new AbortController().signal,
    stores,
    http,
    clock: { now: () => new Date() },
    log: { debug() {}, info() {}, warn: console.error, error: console.error },
    progress({ phase, done, total }) {
      // every tenth of a phase is a place to be killed at
      const mark = `${phase} ${total === undefined ? 0 : Math.floor((10 * done) / Math.max(1, total))}`
      if (mark !== last) process.stdout.write(`${mark}\n`)
      last = mark
    },
    finish: async () => undefined,
  },
)
process.stdout.write(`manifest ${JSON.stringify(manifest)}\n`)
http.close()
await stores.close()
