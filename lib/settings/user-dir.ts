import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Node-RED's user folder where nothing else is said, as deploy/settings.cjs has it: beside the sources, as beside the built package. */
export function usualUserDir(): string {
  const folder = new URL('../../', import.meta.url)
  const root = existsSync(new URL('package.json', folder)) ? folder : new URL('../', folder)
  return join(fileURLToPath(root), '.data', 'node-red')
}
