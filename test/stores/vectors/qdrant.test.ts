import assert from 'node:assert/strict'
import { openQdrant } from '../../../lib/stores/vectors/index.ts'
import { startQdrantDouble } from '../../qdrant/server.ts'
import { conformance, type Ground } from './conformance.ts'
import { versionsConformance } from './conformance-versions.ts'

const { QDRANT_URL: url, QDRANT_API_KEY: apiKey } = process.env

/** A real Qdrant where `QDRANT_URL` names one, else the double. */
async function ground(): Promise<Ground> {
  const double = url ? undefined : await startQdrantDouble()
  const address = { url: double?.url ?? url ?? '', ...(apiKey ? { apiKey } : {}) }
  const store = openQdrant(address)
  const other = openQdrant(address)
  return {
    store,
    other,
    check: () => assert.deepEqual(double?.violations ?? [], []),
    async remove() {
      await store.close()
      await other.close()
      await double?.stop()
    },
  }
}

const name = url ? 'Qdrant' : 'a double of Qdrant'
conformance(name, ground)
versionsConformance(name, ground)
