import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { registerPortalTest } from './admin.ts'
import { declaration } from './declaration.ts'

/** The portal's settings; the nodes that point here get them as part of their own config. */
export default function (red: Red): void {
  registerNode(red, declaration, () => ({}))
  registerPortalTest(red)
}
