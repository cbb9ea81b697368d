import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { Type } from '../../../lib/schema.ts'
import { defineNode } from '../../../nodes/kit/declaration.ts'
import { registerNode } from '../../../nodes/kit/node.ts'
import type { Message, Red } from '../../../nodes/kit/red.ts'
import type { FlowNode } from '../../helpers/node-red.ts'
import { helper } from '../../helpers/node-test-helper.ts'

const place = defineNode({
  type: 'ysh-place',
  category: 'config',
  config: Type.Object({ url: Type.String({ minLength: 1 }) }),
  form: [],
})
const user = defineNode({
  type: 'ysh-user',
  category: 'ysh',
  outputs: ['one'],
  config: Type.Object({ place: place.config, size: Type.Integer({ default: 1 }) }),
  references: { place: { type: 'ysh-place' } },
  form: [],
})

class Service {
  readonly word = 'from the service'
}

function nodes(red: Red): void {
  registerNode(red, place, () => ({ service: new Service() }))
  registerNode(red, user, (handle) => {
    const service = handle.use('place', Service)
    return { input: () => ({ outputs: [{ payload: [handle.config.place.url, service.word] }] }) }
  })
}

const errorOf = (message: Message) => message.error as { code?: string; message?: string } | undefined

afterEach(() => helper.unload())

describe('references to config nodes', { timeout: 20_000 }, () => {
  const rest = (place: FlowNode[], reference: string): FlowNode[] => [
    { id: 'tab', type: 'tab' },
    ...place,
    { id: 'user', type: 'ysh-user', z: 'tab', x: 1, y: 1, place: reference, wires: [['out']] },
    { id: 'out', type: 'helper', z: 'tab', x: 1, y: 1, wires: [] },
    { id: 'catch', type: 'catch', z: 'tab', x: 1, y: 1, scope: null, uncaught: false, wires: [['out']] },
  ]
  const answer = async (flows: FlowNode[]): Promise<Message> => {
    await helper.load([nodes], flows)
    const first = new Promise<Message>((resolve) => helper.getNode('out').on('input', resolve))
    helper.getNode('user').receive({})
    return first
  }

  test('hand the config and the service over', async () => {
    const message = await answer(rest([{ id: 'place', type: 'ysh-place', url: 'http://a' }], 'place'))
    assert.deepEqual(message.payload, ['http://a', 'from the service'])
  })

  for (const [name, place, reference, words] of [
    ['is blank', [], '', /No ysh-place is chosen for "place"/],
    ['names nothing', [], 'gone', /is not there, or it is disabled/],
    ['names another type', [{ id: 'other', type: 'helper', wires: [] }], 'other', /is not there, or it is disabled/],
    [
      'names a config node with a bad config',
      [{ id: 'place', type: 'ysh-place', url: '' }],
      'place',
      /is not set up: .*url/,
    ],
  ] as const) {
    test(`a reference that ${name} is a CONFIG error that says so`, async () => {
      const message = await answer(rest([...place], reference))
      assert.equal(errorOf(message)?.code, 'CONFIG')
      assert.match(errorOf(message)?.message ?? '', words)
    })
  }
})
