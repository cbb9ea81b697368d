import type { Gatekeeper } from '../../lib/api/access/gatekeeper.ts'
import { createKey, listKeys, revokeKey } from '../../lib/api/access/keys.ts'
import { answer, bodyOf } from '../kit/admin.ts'
import type { AdminRequest, Red } from '../kit/red.ts'
import { deployedEngine } from '../ysh-stores/deployed.ts'

const answering = {
  patienceMs: 20_000,
  statuses: { API_KEY_INVALID: 400, STORES_AMBIGUOUS: 400, API_KEY_UNKNOWN: 404, NOT_DEPLOYED: 404 },
}

const gates = new Set<Gatekeeper>()

/** Has a gate hear at once of keys that are revoked here. Returns how to take it back. */
export function announceGate(gate: Gatekeeper): () => void {
  gates.add(gate)
  return () => gates.delete(gate)
}

/**
 * Endpoints for the form and the command line. Each takes `stores`, the id of a deployed `ysh-stores`; without it the only one is meant.
 *
 * - `GET ysh/api/keys?stores=`: the keys, without their secrets
 * - `POST ysh/api/keys` with `name`, `scopes`, `expiresAt`: makes one; its secret is in this answer and nowhere else
 * - `POST ysh/api/keys/<id>/revoke`
 */
export function registerKeyEndpoints({ httpAdmin, auth }: Red): void {
  const read = auth.needsPermission('ysh-api.read')
  const write = auth.needsPermission('ysh-api.write')
  const storesOf = (stores: unknown) => (typeof stores === 'string' ? stores : undefined)

  httpAdmin.get('/ysh/api/keys', read, (request, response) =>
    answer(response, answering, async (signal) => {
      const engine = await deployedEngine(storesOf(request.query.stores), signal)
      return { keys: await engine.read((postgres) => listKeys(postgres)) }
    }),
  )
  httpAdmin.post('/ysh/api/keys', write, (request, response) => {
    response.setHeader('cache-control', 'no-store')
    answer(response, answering, async (signal) => {
      const { stores, by, ...wanted } = bodyOf(request)
      const engine = await deployedEngine(storesOf(stores), signal)
      return engine.read((postgres) => createKey(postgres, wanted, whose(request, by)))
    })
  })
  httpAdmin.post('/ysh/api/keys/:id/revoke', write, (request, response) =>
    answer(response, answering, async (signal) => {
      const id = request.params.id ?? ''
      const engine = await deployedEngine(storesOf(bodyOf(request).stores), signal)
      const revoked = await engine.read((postgres) => revokeKey(postgres, id))
      for (const gate of gates) gate.forget(id)
      return revoked
    }),
  )
}

/** The logged-in user counts more than what the request says of itself. */
function whose(request: AdminRequest, by: unknown): string {
  return request.user?.username ?? (typeof by === 'string' && by !== '' ? by : 'editor')
}
