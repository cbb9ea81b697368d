import { localPages } from '../../test/flows/local-pages.ts'
import { flowNodes } from '../../test/flows/running.ts'
import type { FlowNode } from '../../test/helpers/node-red.ts'

/** Where the flow's taps are. */
export interface Taps {
  /** The bench listens here: a line of JSON at the beginning of each phase, for each dataset, and at the end. */
  port: number
  /** The flow listens here: a line of JSON `{slot, documents}` starts a run with so many documents. */
  trigger: number
  /** Where the pages are. */
  pages: string
  /** Address of a document without its number and `.pdf`. */
  document: string
}

const tab = 'ysh-daily'

/** Phases, by the node behind which each begins. */
const phases = new Map([
  ['ysh-daily-aneel', 'pages'],
  ['ysh-daily-utilities', 'documents'],
  ['ysh-daily-all', 'cache'],
  ['ysh-daily-cache', 'e-mail'],
])

/**
 * flows/daily.json as it is, but for: addresses of the pages, no waiting for anybody's sake, a list of documents in the place of what the
 * pages link to, a trigger instead of the clock, and taps that only listen.
 */
export function benchFlow(taps: Taps): FlowNode[] {
  const nodes = flowNodes('flows/daily.json').map((node): FlowNode => {
    if (/scrape|pdf/.test(node.type)) return { ...node, paceMs: 0 }
    if (node.type === 'ysh-run') return { ...node, schedule: '' }
    if (node.id === 'ysh-daily-utilities' && Array.isArray(node.rules)) {
      const urls = `[0..$flowContext("documents") - 1].{"url": "${taps.document}" & $string($) & ".pdf"}`
      return { ...node, rules: [...node.rules, set('payload', `{"documents": [${urls}]}`, 'jsonata')] }
    }
    return localPages(node, taps.pages)
  })
  return [
    ...nodes.map((node) => {
      const phase = phases.get(node.id)
      if (phase !== undefined) return wired(node, [0], `tap-${phase}`)
      if (node.id === 'ysh-daily-well') return wired(node, [1], 'tap-dataset')
      if (node.id === 'ysh-daily-reserve') return wired(node, [0], 'tap-dataset')
      return node.id === 'ysh-daily-end' ? wired(node, [0, 1], 'tap-end') : node
    }),
    ...[...phases.values()].map((phase) => said(`tap-${phase}`, `{"phase": "${phase}"}`)),
    said('tap-dataset', '{"dataset": payload.dataset}'),
    said('tap-end', '{"summary": payload}'),
    {
      ...{ id: 'tap-out', type: 'tcp out', z: tab, host: '127.0.0.1', port: String(taps.port), beserver: 'client' },
      ...{ base64: false, end: false, tls: '', wires: [] },
    },
    {
      ...{ id: 'trigger', type: 'tcp in', z: tab, server: 'server', host: '127.0.0.1', port: String(taps.trigger) },
      ...{ datamode: 'stream', datatype: 'utf8', newline: '\\n', wires: [['trigger-message']] },
    },
    change('trigger-message', 'ysh-daily-run', [
      set('slot', '$eval(payload).slot', 'jsonata'),
      { t: 'set', p: 'documents', pt: 'flow', to: '$eval(payload).documents', tot: 'jsonata' },
      set('payload', '{}', 'json'),
    ]),
  ]
}

/** A change node that tells the bench something. */
function said(id: string, jsonata: string): FlowNode {
  return change(id, 'tap-out', [set('payload', `$string(${jsonata}) & "\\n"`, 'jsonata')])
}

function change(id: string, to: string, rules: object[]): FlowNode {
  return { id, type: 'change', z: tab, rules, action: '', property: '', from: '', reg: false, wires: [[to]] }
}

function set(property: string, to: string, type: string) {
  return { t: 'set', p: property, pt: 'msg', to, tot: type }
}

/** The node with another wire on some of its outputs. */
function wired(node: FlowNode, outputs: readonly number[], to: string): FlowNode {
  const wires: unknown[] = Array.isArray(node.wires) ? node.wires : []
  return {
    ...node,
    wires: wires.map((output, at) => (outputs.includes(at) && Array.isArray(output) ? [...output, to] : output)),
  }
}
