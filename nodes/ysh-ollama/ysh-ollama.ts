import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { registerTestEndpoint } from './admin.ts'
import { declaration } from './declaration.ts'

/** The server's settings; the nodes that point here get them as part of their own config. */
export default function (red: Red): void {
  registerNode(red, declaration, () => ({}))
  registerTestEndpoint(red)
}
