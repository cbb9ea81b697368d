import type { Red } from '../kit/red.ts'
import { registerHistoryEndpoints } from './admin.ts'
import { serveFiles } from './files.ts'

/** The runtime part of the plugin: what the side bar and the page ask for, and their files. */
export default function (red: Red): void {
  registerHistoryEndpoints(red)
  serveFiles(red)
}
