import { isLoopback } from '../../lib/api/access/address.ts'
import { scopes } from '../../lib/api/access/caller.ts'
import type { Gate } from '../../lib/api/access/gate.ts'
import { PipelineError } from '../../lib/errors.ts'

/** Until keys are there: this machine may do everything. */
export function simpleGate(): Gate {
  const local = (address: string) => {
    if (!isLoopback(address)) throw new PipelineError('API_LOOPBACK_ONLY', 'The API answers this machine only')
  }
  return {
    async admit({ address }) {
      local(address)
      return { caller: { id: 'key:local', name: 'local', scopes: new Set(scopes) }, headers: {} }
    },
    admitAnyone: async ({ address }) => local(address),
    cors: () => ({}),
  }
}
