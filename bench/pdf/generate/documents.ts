import { datasheetMakers } from './datasheets.ts'
import type { Made } from './made.ts'
import { Dice } from './random.ts'
import { tableMakers } from './tables.ts'

/** Seeds to work with, and those that are only looked at in the end. */
const seeds = { tuned: [11, 12], heldOut: [901, 902] }

/** Documents with known tables and datasheets, the same in every run: half of them are kept out of tuning. */
export async function* generatedDocuments(): AsyncGenerator<Made> {
  const makers = { ...prefixed('table', tableMakers), ...prefixed('datasheet', datasheetMakers) }
  for (const [name, make] of Object.entries(makers)) {
    for (const heldOut of [false, true]) {
      for (const seed of heldOut ? seeds.heldOut : seeds.tuned) {
        yield { name: `${name} #${seed}`, heldOut, content: await make(new Dice(seed)) }
      }
    }
  }
}

function prefixed<T>(prefix: string, makers: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(makers).map(([name, make]) => [`${prefix}: ${name}`, make]))
}
