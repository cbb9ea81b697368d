import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Path of a module beside the calling one, to be run by a thread or a process of its own. The ending is the caller's: `.ts` in
 * the sources, `.js` once built.
 */
export function sibling(callerUrl: string, name: string): string {
  return fileURLToPath(new URL(`./${name}${extname(new URL(callerUrl).pathname)}`, callerUrl))
}
