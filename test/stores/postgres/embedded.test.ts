import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { concurrency } from './concurrency.ts'
import { conformance, type Ground } from './conformance.ts'
import { copyConformance } from './copy-conformance.ts'

async function ground(): Promise<Ground> {
  const folder = await embeddedFolder()
  return { config: { kind: 'embedded', folder: folder.path }, remove: () => folder.remove() }
}

conformance('the embedded store', ground)
copyConformance('the embedded store', ground)
concurrency('the embedded store', ground)
