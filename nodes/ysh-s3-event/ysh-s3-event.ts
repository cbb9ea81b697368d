import { resolve } from 'node:path'
import { registerNode } from '../kit/node.ts'
import type { Red } from '../kit/red.ts'
import { declaration } from './declaration.ts'
import { checkEvents, EventNode } from './event-node.ts'

/** Each new object, or file of a watched folder, starts a run of this flow, once. */
export default function (red: Red): void {
  registerNode(red, declaration, (handle) => {
    const { config } = handle
    checkEvents(config)
    const folder = config.folder === '' ? '' : resolve(red.settings.userDir ?? '.', config.folder)
    const node = new EventNode(red, { ...handle, config: { ...config, folder } })
    return {
      input: (message, work) => node.input(message, work),
      close: () => node.close(),
    }
  })
}
