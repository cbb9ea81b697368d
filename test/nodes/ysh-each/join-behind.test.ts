import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeDefinition } from '../../../nodes/kit/red.ts'
import { joinBehind } from '../../../nodes/ysh-each/join-behind.ts'

const node = (id: string, type: string, to: string[], more: object = {}): NodeDefinition => ({
  ...{ id, type, z: 'tab', wires: [to] },
  ...more,
})
const behind = (path: string, ...all: NodeDefinition[]) =>
  joinBehind({ nodes: { eachNode: (visit) => all.forEach(visit) } }, path)

test('the join behind an each: over steps, loops, links, lists in between', () => {
  const flow = [
    node('each', 'ysh-each', ['a']),
    node('a', 'step', ['retry', 'out']),
    node('retry', 'ysh-retry-backoff', ['a']),
    node('out', 'link out', [], { links: ['in'] }),
    node('in', 'link in', ['inner']),
    node('inner', 'ysh-each', ['b']),
    node('b', 'step', ['its']),
    node('its', 'ysh-join', ['c']),
    node('c', 'step', ['join']),
    node('join', 'ysh-join', ['end']),
    node('end', 'ysh-run-end', []),
  ]
  assert.equal(behind('each', ...flow), 'join')
  assert.equal(behind('inner', ...flow), 'its')
  assert.equal(behind('one/two/each', ...flow), 'one/two/join', 'in an instance of a subflow')
})

test('none, more than one, one that is off or elsewhere: not known', () => {
  const each = node('each', 'ysh-each', ['x', 'y'])
  assert.equal(behind('each', each, node('x', 'step', [])), undefined)
  assert.equal(behind('each', each, node('x', 'ysh-join', []), node('y', 'ysh-join', [])), undefined)
  assert.equal(behind('each', each, node('x', 'ysh-join', [], { d: true })), undefined)
  assert.equal(behind('each', each, node('x', 'ysh-join', [], { z: 'other' })), undefined)
  assert.equal(behind('gone', each), undefined)
})
