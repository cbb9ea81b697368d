import type { FlowNode } from './node-red.ts'
import { packageNodes } from './package.ts'

/** Where the flows find their stores. */
export interface StoresSettings {
  /** Of objects and scratch files, and of the embedded PostgreSQL. */
  folder: string
  /** Blank is the embedded one. */
  postgresUrl: string
}

/** A run in which nothing moves for so long has lost a message. */
const stallSeconds = '20'
/** How long a failed message waits before it is tried again. */
const againSeconds = '0.3'

const place = { x: 100, y: 100 }

/** Lanes of the dense flow: flows of their own, whose runs follow each other. */
export const lanes = ['one', 'two', 'three'] as const

/** Settings of the dense flow. */
export interface DenseSettings extends StoresSettings {
  /** The longest that a step takes, in milliseconds. */
  ms: number
  /** So many first tries of each item's step fail. */
  failures?: number
  /** How a failed message comes back: by a Delay, or by ysh-retry-backoff. */
  retry?: 'delay' | 'node'
  /** Something to be different in a deploy. */
  mark?: string
}

/**
 * `POST /<lane> {slot, input}` -> run -> pure -> each -> effect -> join -> effect -> end, in every lane. Whatever fails comes back to the
 * node where it failed, as users wire it.
 */
export function denseFlow({
  ms,
  failures = 0,
  retry = 'delay',
  mark: given = '',
  ...stores
}: DenseSettings): FlowNode[] {
  const laneFlow = (lane: string): FlowNode[] => {
    // One lane stays as it is, for a deploy that leaves it alone.
    const mark = lane === 'three' ? '' : given
    const tab = `tab-${lane}`
    const id = (name: string) => `${name}-${lane}`
    const ours = (name: string, type: string, to: string[][], more: object = {}): FlowNode => ({
      id: id(name),
      type,
      z: tab,
      ...place,
      stores: 'stores',
      wires: to.map((wires) => wires.map(id)),
      ...more,
    })
    return [
      { id: tab, type: 'tab', label: `${lane}${mark}` },
      ...asking(tab, id('run'), `/${lane}`),
      ours('run', 'ysh-run', [['pure']], { overlap: 'queue', stallSeconds, queueLimit: '1000' }),
      ours('pure', 'ysh-chaos-pure', [['each']], { ms: String(ms) }),
      ours('each', 'ysh-each', [['effect'], ['total']], { from: 'payload', key: 'key', window: '2' }),
      ours('effect', 'ysh-chaos-effect', [['join']], {
        ms: String(ms),
        failures: String(failures),
        name: `effect${mark}`,
      }),
      ours('join', 'ysh-join', [['total']]),
      ours('total', 'ysh-chaos-effect', [['end']], { ms: String(ms) }),
      ours('end', 'ysh-run-end', [[], []], { name: `end${mark}` }),
      ...['pure', 'each', 'join', 'total', 'end'].flatMap((name) => again(tab, id(name))),
      ...(retry === 'delay' ? again(tab, id('effect')) : retryNode(tab, id('effect'), id('join'))),
    ]
  }
  return [
    { id: 'stores', type: 'ysh-stores', name: '', redisUrl: '', keepDays: '90', ...stores },
    ...lanes.flatMap(laneFlow),
  ]
}

/** Settings of the fetch flow. */
export interface FetchSettings extends StoresSettings {
  portal: string
  datasets: readonly string[]
}

/** `POST /fetch {slot, input}` -> run -> each dataset -> ysh-aneel-fetch -> join -> end. */
export function fetchFlow({ portal, datasets, ...stores }: FetchSettings): FlowNode[] {
  const ours = (id: string, type: string, wires: string[][], more: object = {}): FlowNode => ({
    id,
    type,
    z: 'tab',
    ...place,
    stores: 'stores',
    wires,
    ...more,
  })
  return [
    // the replica of the portal runs on this machine
    {
      id: 'stores',
      type: 'ysh-stores',
      name: '',
      redisUrl: '',
      keepDays: '90',
      allowAddresses: ['127.0.0.1'],
      ...stores,
    },
    {
      id: 'portal',
      type: 'ysh-aneel-portal',
      name: '',
      url: portal,
      tries: '4',
      backoffMs: '300',
      idleTimeoutMs: '10000',
    },
    { id: 'tab', type: 'tab', label: 'fetch' },
    ...asking('tab', 'run', '/fetch'),
    ours('run', 'ysh-run', [['each']], { overlap: 'queue', stallSeconds }),
    ours('each', 'ysh-each', [['fetch'], ['end']], { from: 'list', list: datasets, property: 'dataset', window: '2' }),
    ours('fetch', 'ysh-aneel-fetch', [['join'], ['join']], { portal: 'portal', dataset: '', concurrency: '2' }),
    ours('join', 'ysh-join', [['end']]),
    ours('end', 'ysh-run-end', [[], []]),
    ...['each', 'fetch', 'join', 'end'].flatMap((id) => again('tab', id)),
  ]
}

/** An HTTP request for a slot; it is answered when the trigger has taken it. */
function asking(z: string, run: string, url: string): FlowNode[] {
  const set = (p: string, to: string) => ({ t: 'set', p, pt: 'msg', to, tot: 'msg' })
  return [
    { id: `${run}-in`, type: 'http in', z, ...place, url, method: 'post', wires: [[`${run}-set`]] },
    {
      id: `${run}-set`,
      type: 'change',
      z,
      ...place,
      rules: [set('slot', 'payload.slot'), set('payload', 'payload.input')],
      wires: [[run]],
    },
    { id: `${run}-taken`, type: 'complete', z, ...place, scope: [run], uncaught: false, wires: [[`${run}-out`]] },
    { id: `${run}-refused`, type: 'catch', z, ...place, scope: [run], uncaught: false, wires: [[`${run}-503`]] },
    {
      id: `${run}-503`,
      type: 'change',
      z,
      ...place,
      rules: [{ t: 'set', p: 'statusCode', pt: 'msg', to: '503', tot: 'num' }, set('payload', 'error')],
      wires: [[`${run}-out`]],
    },
    { id: `${run}-out`, type: 'http response', z, ...place, statusCode: '', headers: {}, wires: [] },
  ]
}

/** What fails in a node comes back to it after a moment. */
function again(z: string, id: string): FlowNode[] {
  return [
    { id: `${id}-catch`, type: 'catch', z, ...place, scope: [id], uncaught: false, wires: [[`${id}-clean`]] },
    {
      id: `${id}-clean`,
      type: 'change',
      z,
      ...place,
      rules: [{ t: 'delete', p: 'error', pt: 'msg' }],
      wires: [[`${id}-wait`]],
    },
    {
      id: `${id}-wait`,
      type: 'delay',
      z,
      ...place,
      pauseType: 'delay',
      timeout: againSeconds,
      timeoutUnits: 'seconds',
      wires: [[id]],
    },
  ]
}

/** The node type that waits between tries. */
export const retryType = 'ysh-retry-backoff'
/** What a retry node is called after the node whose failures it takes. */
export const retryNodeSuffix = '-retry'
/** Whether this package has it. */
export const hasRetryNode = retryType in packageNodes

/** The same by ysh-retry-backoff: what fails comes back after its wait; what it gives up goes on to the join as failed. */
function retryNode(z: string, id: string, givenUp: string): FlowNode[] {
  return [
    {
      id: `${id}-catch`,
      type: 'catch',
      z,
      ...place,
      scope: [id],
      uncaught: false,
      wires: [[`${id}${retryNodeSuffix}`]],
    },
    {
      id: `${id}${retryNodeSuffix}`,
      type: retryType,
      z,
      ...place,
      stores: 'stores',
      backoff: 'fixed',
      baseSeconds: '1.5',
      attempts: '5',
      wires: [[id], [givenUp]],
    },
  ]
}
