import { readFileSync } from 'node:fs'
import type { Red } from '../kit/red.ts'

/** Registers the subflow that stands in a file (a URL) as a node of the palette; the built entry of each calls it. */
export function registerSubflow(red: Pick<Red, 'nodes'>, file: URL): void {
  red.nodes.registerSubflow(JSON.parse(readFileSync(file, 'utf8')))
}
