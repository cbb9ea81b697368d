import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/** Where real files are, when there are any: $YSH_SAMPLES, or `shared/samples` beside the repository. */
export const SAMPLES: string | undefined = [
  process.env.YSH_SAMPLES,
  resolve(import.meta.dirname, '../../../shared/samples'),
].find((directory) => directory !== undefined && existsSync(directory))

/** For `test(name, { skip: withoutSamples }, …)`. */
export const withoutSamples: string | false =
  SAMPLES === undefined ? 'no real files: set YSH_SAMPLES to a folder of them' : false
