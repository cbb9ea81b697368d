import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { parseAllowed } from '../../lib/net/allow.ts'
import { createHttpClient } from '../../lib/net/client.ts'

const to = (host: string, port: number, address: string) => ({ host, port, address })

test('an entry allows what it names, and no more', () => {
  for (const [entry, destination, allowed] of [
    ['portal.internal', to('portal.internal', 80, '10.0.0.1'), true],
    ['Portal.Internal', to('portal.internal', 80, '10.0.0.1'), true],
    ['portal.internal', to('portal.internal.', 80, '10.0.0.1'), true],
    ['portal.internal', to('x.portal.internal', 80, '10.0.0.1'), false],
    ['portal.internal:8080', to('portal.internal', 8080, '10.0.0.1'), true],
    ['portal.internal:8080', to('portal.internal', 80, '10.0.0.1'), false],
    ['localhost', to('127.0.0.1', 80, '127.0.0.1'), false],
    ['10.0.0.1', to('any.example', 80, '10.0.0.1'), true],
    ['10.0.0.1', to('10.0.0.10', 80, '10.0.0.10'), false],
    ['10.0.0.1:81', to('10.0.0.1', 81, '10.0.0.1'), true],
    ['10.0.0.1:81', to('10.0.0.1', 80, '10.0.0.1'), false],
    ['10.0.0.1', to('x', 80, '::ffff:10.0.0.1'), false],
    ['fd00::1', to('x', 80, 'fd00:0:0::1'), true],
    ['[fd00::1]', to('x', 80, 'fd00::1'), true],
    ['[fd00::1]:80', to('x', 80, 'fd00::1'), true],
    ['[fd00::1]:80', to('x', 81, 'fd00::1'), false],
    ['10.1.0.0/16', to('x', 80, '10.1.255.255'), true],
    ['10.1.0.0/16', to('x', 80, '10.2.0.0'), false],
    ['fd00::/8', to('x', 80, 'fdff::1'), true],
    ['0.0.0.0/0', to('x', 80, '::1'), false],
    [' 10.0.0.1 ', to('x', 80, '10.0.0.1'), true],
  ] as const)
    assert.equal(parseAllowed([entry])(destination), allowed, `${entry} for ${JSON.stringify(destination)}`)
})

test('what is no entry is an error of the configuration, and said which', () => {
  for (const entry of [
    '',
    ' ',
    '*',
    '*.internal',
    'http://portal.internal',
    'portal.internal/path',
    'portal.internal:',
    'portal.internal:0',
    'portal.internal:99999',
    'a b',
    'user@portal',
    '127.1',
    '0x7f.0.0.1',
    '010.0.0.1',
    '2130706433',
    '10.0.0.1/33',
    '10.0.0.1/',
    '10.0.0/8',
    'fd00::/129',
    '[10.0.0.1]:80',
    '[fd00::1',
    'fe80::1%eth0',
    '[fe80::1%eth0]:80',
    'fe80::%eth0/10',
    'josé.internal',
    '127.0.0.1.',
    '１２７.0.0.1',
  ])
    assert.throws(
      () => createHttpClient({ product: 'test/1', allow: ['10.0.0.1', entry] }),
      (error: unknown) =>
        error instanceof PipelineError && error.code === 'CONFIG' && error.message.includes(`"${entry}"`),
      entry,
    )
})
