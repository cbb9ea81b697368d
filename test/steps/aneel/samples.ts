import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The folder of real files of the portal: YSH_SAMPLES, or `shared/samples` beside the repository. The project does not need it. */
const folder = process.env.YSH_SAMPLES ?? resolve(import.meta.dirname, '../../../../shared/samples')

/** Path of a sample. */
export const samplePath = (file: string): string => join(folder, file)

/** Why a test of these samples is skipped, or false. */
export function without(...files: string[]): string | false {
  const missing = files.filter((file) => !existsSync(samplePath(file)))
  return missing.length === 0 ? false : `${missing.join(', ')} not found: set YSH_SAMPLES to the folder of samples`
}
