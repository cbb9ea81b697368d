import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPalette } from '../../test/helpers/palette.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
/** The test's own node types. */
const types = ['ysh-chaos-pure', 'ysh-chaos-effect'] as const

/** The name of the package of the test's nodes. */
export const chaosPackage = 'node-red-chaos'

/** Makes the package of the test's nodes in a folder, for a user folder to link to. The main package must be built. */
export function buildChaosNodes(folder: string): Promise<void> {
  return buildPalette(
    folder,
    chaosPackage,
    types.map((type) => join(here, `${type}.ts`)),
  )
}
