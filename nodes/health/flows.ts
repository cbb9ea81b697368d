import type { EventEmitter } from 'node:events'

/** How long a deploy may stand between stopping and starting, in milliseconds. */
const deployMs = 60_000

/** What Node-RED's flows do, from what its runtime tells the editor. */
export class FlowWatch {
  #problem: string | undefined = 'the flows have not started yet'
  #deployedAt = Number.NEGATIVE_INFINITY

  constructor(events: EventEmitter) {
    events.on('flows:started', () => {
      this.#problem = undefined
    })
    events.on('runtime-event', (event: unknown) => {
      const state = stateOf(event)
      if (state === undefined) return
      if (state.deploying) this.#deployedAt = performance.now()
      this.#problem = state.problem
    })
  }

  /** Why the flows do not run; undefined while they do, or are being deployed. */
  get problem(): string | undefined {
    if (performance.now() - this.#deployedAt < deployMs && this.#problem === stopped) return undefined
    return this.#problem
  }
}

const stopped = 'the flows are stopped'

/** What a `runtime-state` says; undefined for any other event, and for one that says nothing. */
function stateOf(event: unknown): { problem: string | undefined; deploying: boolean } | undefined {
  const { id, payload } = fieldsOf(event)
  const { state, error, types, modules, deploy } = fieldsOf(payload)
  if (id !== 'runtime-state' || (state === undefined && error === undefined)) return undefined
  if (state === 'start') return { problem: undefined, deploying: false }
  return { problem: wordsOf(error, types, modules), deploying: deploy === true }
}

function wordsOf(error: unknown, types: unknown, modules: unknown): string {
  if (error === 'missing-types') return `the flows are stopped: node types are missing: ${listed(types)}`
  if (error === 'missing-modules') {
    const names = Array.isArray(modules) ? modules.map((each) => fieldsOf(each).module) : []
    return `the flows are stopped: modules are missing: ${listed(names)}`
  }
  if (error === 'safe-mode') return 'the flows are not started: Node-RED is in safe mode'
  return typeof error === 'string' ? `the flows are stopped: ${error}` : stopped
}

/** Names for one short line. */
function listed(names: unknown): string {
  const all = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
  const shown = all.slice(0, 5).map((name) => name.slice(0, 60).replace(/\s+/g, ' '))
  return all.length > shown.length ? `${shown.join(', ')} and ${all.length - shown.length} more` : shown.join(', ')
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
