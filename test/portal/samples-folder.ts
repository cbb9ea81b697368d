import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const folder = process.env.YSH_SAMPLES ?? resolve(import.meta.dirname, '../../../shared/samples')

/** Where real files are, when there are any: $YSH_SAMPLES, else `shared/samples` beside the repository. */
export const SAMPLES: string | undefined = existsSync(folder) ? folder : undefined

/** For `test(name, { skip: withoutSamples }, …)`. */
export const withoutSamples: string | false =
  SAMPLES === undefined ? 'no real files: set YSH_SAMPLES to a folder of them' : false
