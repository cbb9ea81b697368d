import type { FlowNode } from '../helpers/node-red.ts'

const at = { x: 130, y: 100, stores: 'stores' }
const started = (slot: string, payload: string, to: string, z: string, delay: string): FlowNode => ({
  id: `inject-${to}`,
  ...{ type: 'inject', z, x: 110, y: 40, once: true, onceDelay: delay, wires: [[to]] },
  props: [
    { p: 'payload', v: payload, vt: 'json' },
    { p: 'slot', v: slot, vt: 'str' },
  ],
})
const code = (id: string, z: string, x: number, y: number, func: string, wires: string[][]): FlowNode => ({
  ...{ id, type: 'function', name: id, z, x, y, outputs: 1, libs: [], func, wires },
})
/** Two flows, each run once at the start. Items with two letters, and the node `check`, fail until `POST /repair`. */
export const runFlows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Tariffs' },
  { id: 'tab2', type: 'tab', label: 'Report' },
  { id: 'stores', type: 'ysh-stores', name: '' },
  started('first', '["a","bb","c","dd"]', 'run', 'tab', '0.1'),
  { id: 'run', type: 'ysh-run', name: 'Nightly tariffs', z: 'tab', ...at, overlap: 'queue', wires: [['each']] },
  { id: 'each', type: 'ysh-each', name: 'each file', z: 'tab', ...at, x: 300, window: '2', wires: [['work'], []] },
  code(
    'work',
    'tab',
    440,
    100,
    `node.warn('worked ' + msg.payload); if (!global.get('repaired') && msg.payload.length > 1) { node.error('<img src=x onerror="window.hacked=1"> ' + msg.payload + ' is broken', msg); return null } return msg`,
    [['join']],
  ),
  { id: 'catch', type: 'catch', z: 'tab', ...at, x: 440, y: 180, scope: ['work'], wires: [['join']] },
  { id: 'join', type: 'ysh-join', name: 'join', z: 'tab', ...at, x: 570, wires: [['end']] },
  { id: 'end', type: 'ysh-run-end', name: 'end', z: 'tab', ...at, x: 700, wires: [['ended'], ['ended']] },
  code('ended', 'tab', 700, 180, `node.warn('ended ' + msg.payload.slot + ' ' + msg.payload.outcome)`, [[]]),
  started('report', '{"subject":"Report","text":"all well"}', 'run2', 'tab2', '0.4'),
  { id: 'run2', type: 'ysh-run', name: 'Report', z: 'tab2', ...at, overlap: 'queue', wires: [['notify']] },
  {
    ...{ id: 'notify', type: 'ysh-notify', name: 'tell the team', z: 'tab2', ...at, x: 300 },
    ...{ webhooks: ['http://127.0.0.1:9/x'], wires: [['check']] },
  },
  code(
    'check',
    'tab2',
    460,
    100,
    `if (!global.get('repaired')) { node.error('not yet', msg); return null } return msg`,
    [['end2']],
  ),
  { id: 'catch2', type: 'catch', z: 'tab2', ...at, x: 460, y: 180, scope: ['check'], wires: [['end2']] },
  { id: 'end2', type: 'ysh-run-end', name: 'end', z: 'tab2', ...at, x: 620, wires: [['ended2'], ['ended2']] },
  code('ended2', 'tab2', 620, 180, `node.warn('ended2 ' + msg.payload.slot + ' ' + msg.payload.outcome)`, [[]]),
  { id: 'in', type: 'http in', z: 'tab', x: 100, y: 300, url: '/repair', method: 'post', wires: [['repair']] },
  {
    ...{ id: 'repair', type: 'change', z: 'tab', x: 300, y: 300, wires: [['out']] },
    rules: [{ t: 'set', p: 'repaired', pt: 'global', to: 'true', tot: 'bool' }],
  },
  { id: 'out', type: 'http response', z: 'tab', x: 500, y: 300, statusCode: '200', headers: {}, wires: [] },
]
/** A flow whose step is in a subflow, and whose run ends only when somebody cancels it. */
export const unendingFlow: FlowNode[] = [
  {
    id: 'sub',
    type: 'subflow',
    name: 'Tell',
    in: [{ x: 40, y: 40, wires: [{ id: 'inner' }] }],
    out: [{ x: 400, y: 40, wires: [{ id: 'inner', port: 0 }] }],
  },
  {
    id: 'inner',
    type: 'ysh-notify',
    name: 'by webhook',
    z: 'sub',
    ...at,
    webhooks: ['http://127.0.0.1:9/x'],
    wires: [[]],
  },
  { id: 'tab3', type: 'tab', label: 'Unending' },
  started('endless', '{"subject":"Hello","text":"all well"}', 'run3', 'tab3', '0.2'),
  { id: 'run3', type: 'ysh-run', name: 'Unending', z: 'tab3', ...at, overlap: 'queue', wires: [['told']] },
  { id: 'told', type: 'subflow:sub', name: 'Tell them', z: 'tab3', ...at, x: 300, wires: [['wait']] },
  code('wait', 'tab3', 460, 100, `node.warn('waits for ever')`, [['end3']]),
  { id: 'end3', type: 'ysh-run-end', name: 'end', z: 'tab3', ...at, x: 620, wires: [[], []] },
]
