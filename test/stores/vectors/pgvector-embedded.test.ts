import { openPostgres } from '../../../lib/stores/postgres/index.ts'
import { openPgVectors } from '../../../lib/stores/vectors/index.ts'
import { embeddedFolder } from '../../helpers/embedded-folder.ts'
import { conformance, type Ground } from './conformance.ts'
import { versionsConformance } from './conformance-versions.ts'

async function ground(): Promise<Ground> {
  const folder = await embeddedFolder()
  const postgres = await openPostgres({ kind: 'embedded', folder: folder.path })
  const store = openPgVectors(postgres, { exactUpTo: 100 })
  const other = openPgVectors(postgres)
  return {
    store,
    other,
    async remove() {
      await store.close()
      await other.close()
      await postgres.close()
      await folder.remove()
    },
  }
}

conformance('the embedded PostgreSQL', ground)
versionsConformance('the embedded PostgreSQL', ground)
