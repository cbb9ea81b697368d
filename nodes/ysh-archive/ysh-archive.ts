import { resolve } from 'node:path'
import { archiveStep, checkArchive } from '../../lib/steps/archive/step.ts'
import type { Red } from '../kit/red.ts'
import { figure } from '../kit/status.ts'
import { registerStepNode } from '../kit/step-node.ts'
import { declaration } from './declaration.ts'

/** Output 1 when all is done, 2 while files that were asked for are not back yet. */
export default function (red: Red): void {
  registerStepNode(red, declaration, archiveStep, {
    check: checkArchive,
    configOf: (config) =>
      config.folder === '' ? config : { ...config, folder: resolve(red.settings.userDir ?? '.', config.folder) },
    outputOf: ({ waiting }) => (waiting > 0 ? 1 : 0),
    statusOf({ outcome, files, waiting }, language) {
      if (waiting > 0) return { mood: 'waiting', key: 'status.waiting', values: { files: figure(waiting, language) } }
      return { mood: 'done', key: `status.${outcome}`, values: { files: figure(files, language) } }
    },
  })
}
