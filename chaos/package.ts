import { readFileSync } from 'node:fs'

const { 'node-red': nodeRed }: { 'node-red': { nodes: Record<string, string> } } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

/** The node types of this package. */
export const packageNodes = nodeRed.nodes
