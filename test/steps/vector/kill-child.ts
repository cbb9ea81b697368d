// One run of the index step over stores of a configuration, to be killed by a fail point of the environment. Prints its manifest.
import { parseArgs } from 'node:util'
import { openStores } from '../../../lib/stores/open.ts'
import { stepsOver } from './surroundings.ts'

const { values } = parseArgs({
  options: {
    stores: { type: 'string', default: '{}' },
    input: { type: 'string', default: '{}' },
    config: { type: 'string', default: '{}' },
  },
})
// waiting for another writer keeps no process alive by itself
const alive = setInterval(() => {}, 1_000)
const stores = await openStores(JSON.parse(values.stores))
const manifest = await stepsOver(stores).index(JSON.parse(values.input), JSON.parse(values.config))
await stores.close()
clearInterval(alive)
process.stdout.write(JSON.stringify(manifest))
