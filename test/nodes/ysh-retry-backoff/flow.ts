import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineError } from '../../../lib/errors.ts'
import { Type } from '../../../lib/schema.ts'
import { defineStep } from '../../../lib/steps/step.ts'
import { defineNode } from '../../../nodes/kit/declaration.ts'
import type { Message, NodeStatus, Red } from '../../../nodes/kit/red.ts'
import { registerStepNode } from '../../../nodes/kit/step-node.ts'
import each from '../../../nodes/ysh-each/ysh-each.ts'
import joinNode from '../../../nodes/ysh-join/ysh-join.ts'
import retryNode from '../../../nodes/ysh-retry-backoff/ysh-retry-backoff.ts'
import run from '../../../nodes/ysh-run/ysh-run.ts'
import runEnd from '../../../nodes/ysh-run-end/ysh-run-end.ts'
import stores from '../../../nodes/ysh-stores/ysh-stores.ts'
import type { FlowNode } from '../../helpers/node-red.ts'
import { helper } from '../../helpers/node-test-helper.ts'

const require = createRequire(import.meta.url)
const functionNode: (red: Red) => void = require('@node-red/nodes/core/function/10-function.js')

/** One try of the part that is tried. */
export interface Try {
  name: string
  at: number
  /** Of `msg.retry` (foreign nodes) or the step's own count. */
  attempt: number
}

/** What the part that is tried does; each test says so. Throws to fail. */
export const part: { work(name: string, attempt: number): void; tries: Try[] } = { work: () => {}, tries: [] }

function attempt(name: string, number: number): void {
  part.tries.push({ name, at: Date.now(), attempt: number })
  part.work(name, number)
}

const step = defineStep({
  name: 'work',
  version: 1,
  config: Type.Object({}),
  input: Type.Object({ name: Type.String() }),
  output: Type.Object({ name: Type.String() }),
  async run({ name }, _, context) {
    attempt(name, context.attempt)
    return { name }
  },
})
const declaration = defineNode({
  type: 'ysh-work',
  category: 'ysh',
  outputs: ['one'],
  config: step.config,
  references: { stores: { type: 'ysh-stores' } },
  form: [],
})

/** The Node-RED of this process, once it has loaded the nodes. */
export const loaded: { red: Red | undefined } = { red: undefined }

export function nodes(red: Red): void {
  loaded.red = red
  for (const register of [stores, run, each, joinNode, runEnd, retryNode, functionNode]) register(red)
  registerStepNode(red, declaration, step)
}

/** For the function node: what a test's part does, as code of another realm sees it. */
export const globals = {
  attempt(message: Message): void {
    const { name } = Object(message.payload)
    attempt(String(name), Number(Object(message.retry).attempt ?? 0))
  },
}

/** An error that may pass. */
export const down = (retryAfterMs?: number): PipelineError =>
  new PipelineError('HTTP_503', 'down', { retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })

/** `work` that fails so many times, then succeeds. */
export function failing(times: number, error: () => unknown = down): (name: string) => void {
  const failed = new Map<string, number>()
  return (spoilt) => {
    const [name = ''] = spoilt.split(' ')
    const before = failed.get(name) ?? 0
    if (before >= times) return
    failed.set(name, before + 1)
    throw error()
  }
}

const at = { z: 'tab', x: 1, y: 1, stores: 'stores' }
/** Spoils the message before it fails or not, as nodes of other packages do. */
const foreign = {
  type: 'function',
  func: `
    const { name } = msg.payload
    msg.payload.name = name + ' spoilt'
    msg.spoilt = true
    global.get('attempt')({ ...msg, payload: { name } })
    return msg`,
  outputs: 1,
  initialize: '',
  finalize: '',
  libs: [],
}

/** The function node, which reports each failure twice. */
export const twice: FlowNode = {
  id: 'part',
  ...at,
  ...foreign,
  func: `
    try {
      global.get('attempt')(msg)
      return msg
    } catch (error) {
      node.error(error.message, msg)
      node.error(error.message, msg)
    }`,
  wires: [['end', 'passed']],
}

/** What a test may change in {@link flow}. */
export interface FlowParts {
  retry?: Record<string, unknown>
  /** The part that is tried: a step of ours, or a function node. */
  part?: 'ours' | 'foreign'
  /** Whether the first try passes the retry node. */
  first?: 'through' | 'beside'
  /** Where what was given up goes. */
  gaveUp?: string
  run?: Record<string, unknown>
  catch?: Record<string, unknown>
  more?: FlowNode[]
  /** Left out of the flow. */
  without?: string[]
}

/** run -> retry -> part -> end -> out, a Catch of the part -> retry; gave up -> gave -> end. Only the tries decide what comes out. */
export function flow(stores: Record<string, unknown>, parts: FlowParts = {}): FlowNode[] {
  const { retry = {}, part = 'ours', first = 'through', gaveUp = 'gave', run = {}, more = [], without = [] } = parts
  const all: FlowNode[] = [
    { id: 'tab', type: 'tab' },
    { id: 'stores', type: 'ysh-stores', ...stores },
    { id: 'run', type: 'ysh-run', ...at, wires: [[first === 'through' ? 'retry' : 'part']], ...run },
    {
      id: 'retry',
      type: 'ysh-retry-backoff',
      ...at,
      backoff: 'fixed',
      baseSeconds: '0.02',
      capSeconds: '60',
      wires: [['part'], [gaveUp, 'end']],
      ...retry,
    },
    { id: 'part', ...at, ...(part === 'ours' ? { type: 'ysh-work' } : foreign), wires: [['end', 'passed']] },
    // The test helper bears one Catch node.
    { id: 'catch', type: 'catch', ...at, scope: ['part'], wires: [['retry']], ...parts.catch },
    { id: 'end', type: 'ysh-run-end', ...at, wires: [['out'], ['out']] },
    ...['passed', 'gave', 'out', 'caught'].map((id) => ({ id, type: 'helper', ...at, wires: [] })),
  ]
  return [...all.filter(({ id }) => !without.includes(id)), ...more]
}

/** The messages that reach a node. Look again (`listen`) after it was deployed anew. */
export function reaching(id: string) {
  const messages: Message[] = []
  const listen = () => helper.getNode(id).on('input', (message) => messages.push(message))
  listen()
  return {
    messages,
    listen,
    async count(count: number, patienceMs?: number): Promise<Message[]> {
      await until(() => messages.length >= count, `${count} messages at ${id}`, patienceMs)
      return messages
    },
  }
}

/** The statuses that a node shows from now on. */
export function statuses(id: string): NodeStatus[] {
  const seen: NodeStatus[] = []
  helper.getNode(id).on('call:status', (call) => seen.push(call.args[0]))
  return seen
}

/** Polls until a condition holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, patienceMs = 15_000): Promise<void> {
  const end = performance.now() + patienceMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It never came to: ${what}`)
    await sleep(10)
  }
}
