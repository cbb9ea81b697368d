import { type Health, healthSocket, serveHealth } from '../../lib/health/socket.ts'
import { FlowWatch } from './flows.ts'
import { type HealthRed, lookAtStores } from './stores.ts'

/**
 * The runtime plugin `ysh-health`: says how this Node-RED is to whoever asks on a socket of this machine (`ysh-pipeline health`), whether
 * its editor is on or off.
 */
export default async function (red: HealthRed): Promise<void> {
  const flows = new FlowWatch(red.events)
  const path = healthSocket(process.env, red.settings.userDir)
  if (path === undefined) return
  try {
    await serveHealth(path, () => look(red, flows))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    red.log.warn(
      `[ysh-health] The health of this Node-RED cannot be asked for: ${why}; YSH_HEALTH_SOCKET names another place`,
    )
  }
}

async function look(red: HealthRed, flows: FlowWatch): Promise<Health> {
  if (flows.problem !== undefined) return { healthy: false, line: flows.problem }
  const { problems, answer } = await lookAtStores(red)
  if (problems.length > 0) return { healthy: false, line: problems.join('; ') }
  return {
    healthy: true,
    line: answer.length === 0 ? 'the flows run; no stores are in use' : `the flows run; ${answer.join(', ')} answer`,
  }
}
