import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolderObjects } from '../../../lib/stores/objects/folder.ts'
import { objectsConformance } from './conformance.ts'

objectsConformance('folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'objects-folder-'))
  return {
    store: await openFolderObjects({ folder }),
    dispose: () => rm(folder, { recursive: true, force: true }),
  }
})
