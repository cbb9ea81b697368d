import type { FlowNode } from '../lib/flow-check/node.ts'
import { compile } from '../lib/portable/plan/compile.ts'
import { emitStepFunctions } from '../lib/portable/step-functions/emit.ts'

// Time to compile flows from 10 to 10,000 nodes: chains, lists, catches with retries. Linear growth is a constant time a node.

/** Blocks of a list of two steps with a Catch and a retry, one after the other. */
export function flowOf(size: number): FlowNode[] {
  const nodes: FlowNode[] = [{ id: 'tab', type: 'tab', label: 'Bench' }]
  const add = (id: string, type: string, wires: string[][], settings: object = {}) => {
    nodes.push({ ...settings, id, type, z: 'tab', name: id, x: 0, y: 0, wires })
  }
  const blocks = Math.max(Math.round((size - 3) / 8), 1)
  add('run', 'ysh-run', [['l0']], { payload: '{}' })
  for (let at = 0; at < blocks; at++) {
    const next = at === blocks - 1 ? 'end' : `l${at + 1}`
    add(`l${at}`, 'ysh-each', [[`a${at}`], [next]], { from: 'list', list: ['x', 'y'] })
    add(`a${at}`, 'ysh-aneel-fetch', [[`m${at}`], [`m${at}`]])
    add(`m${at}`, 'change', [[`b${at}`]], { rules: [{ t: 'set', p: 'kept', pt: 'msg', to: 'payload', tot: 'msg' }] })
    add(`b${at}`, 'ysh-vector-index', [[`j${at}`], [`j${at}`]])
    add(`j${at}`, 'ysh-join', [[next]])
    add(`c${at}`, 'catch', [[`r${at}`]], { scope: [`a${at}`] })
    add(`r${at}`, 'ysh-retry-backoff', [[`a${at}`], [`j${at}`]])
    add(`d${at}`, 'catch', [[`j${at}`]], { scope: [`m${at}`, `b${at}`] })
  }
  add('end', 'ysh-run-end', [[], []])
  return nodes
}

function median(times: number[]): number {
  return times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN
}

if (import.meta.main) {
  for (let warm = 0; warm < 20; warm++) compile(flowOf(500))
  console.log('nodes   plan ms   µs a node   with Step Functions ms')
  for (const size of [10, 100, 1_000, 10_000]) {
    const nodes = flowOf(size)
    const timed = (work: () => unknown) =>
      median(
        Array.from({ length: size > 1_000 ? 5 : 15 }, () => {
          const started = performance.now()
          work()
          return performance.now() - started
        }),
      )
    const plan = timed(() => compile(nodes))
    const both = timed(() => {
      const compiled = compile(nodes).plan
      if (compiled === undefined) throw new Error('the flow does not compile')
      return emitStepFunctions(compiled)
    })
    const cells = [String(nodes.length), plan.toFixed(2), ((plan * 1_000) / nodes.length).toFixed(1), both.toFixed(2)]
    console.log(cells.map((cell, at) => cell.padEnd([8, 10, 12, 10][at] ?? 10)).join(''))
  }
}
