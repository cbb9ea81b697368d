// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Node-RED's placeholders for the environment
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nodeSources } from '../../build/nodes.ts'
import { subflowSources } from '../../build/subflows.ts'
import { checkFlow, ruleIds } from '../../lib/flow-check/check.ts'
import type { FlowNode } from '../../lib/flow-check/node.ts'
import { references } from '../../lib/flow-check/rules/config.ts'
import { rules } from '../../lib/flow-check/rules.ts'
import { base, catchOf, node } from './flow.ts'

const set = (p: string, to: string, tot = 'str') => ({ rules: [{ t: 'set', p, pt: 'msg', to, tot }] })
const gone = (p: string) => ({ rules: [{ t: 'delete', p, pt: 'msg' }] })
const whole = { complete: 'true', targetType: 'full', active: true }
const run = node('run', 'ysh-run', ['each'])
const end = node('end', 'ysh-run-end', [[], []])
const each = node('each', 'ysh-each', [['fetch'], ['end']])
const fetched = (to: string) => node('fetch', 'ysh-aneel-fetch', [[to], [to]], { portal: 'portal' })
const join = node('join', 'ysh-join', ['end'])
const goodRun = [run, each, fetched('join'), join, end, catchOf('caught', ['fetch'], ['join'])]
const request = (settings = {}) =>
  node('ask', 'http request', ['show'], { method: 'GET', url: 'https://x.example', ...settings })
const show = node('show', 'debug', [], { complete: 'payload', active: true })
const retried = [node('again', 'ysh-retry-backoff', [['ask'], ['show']]), catchOf('caught', ['ask'], ['again'])]
const httpIn = (to: string) => node('in', 'http in', [to], { method: 'post', url: '/order' })
const code = (func: string, to: string[] = []) => node('code', 'function', to, { func })
const inject = (to: string[], props: unknown[] = []) => node('start', 'inject', to, { props })

/** By rule: flows in which it finds exactly these nodes, none of them for "must not hit". */
const table: Record<string, [what: string, flow: FlowNode[], found: string[]][]> = {
  'missing-config': [
    ['a good run', goodRun, []],
    ['a blank one', [node('end', 'ysh-run-end', [], { stores: '' })], ['end']],
    ['one that is not there', [node('end', 'ysh-run-end', [], { stores: 'away' })], ['end']],
    ['one of another type', [node('fetch', 'ysh-aneel-fetch', [], { portal: 'stores' })], ['fetch']],
    ['an optional one left blank', [node('tell', 'ysh-notify', [], { mail: '' })], []],
    ['one that the environment names', [node('end', 'ysh-run-end', [], { stores: '${STORES}' })], []],
    ['a disabled node', [node('end', 'ysh-run-end', [], { stores: '', d: true })], []],
    ['a subflow', [node('one', 'ysh-aneel-dataset', [], { STORES: 'stores', PORTAL: 'portal' })], []],
    [
      'a subflow that was never opened',
      [node('one', 'ysh-aneel-dataset', [], { STORES: { type: 'ysh-stores', value: '' }, PORTAL: 'portal' })],
      ['one'],
    ],
  ],
  'literal-secret': [
    ['a password in code', [code("const password = 'hunter22!'")], ['code']],
    ['a header in code', [code("msg.headers = { 'x-api-key': 'a81bc81b-dead' }")], ['code']],
    ['a bearer token', [code("msg.headers = { Authorization: 'Bearer 9f8e7d6c5b4a' }")], ['code']],
    ['one from the environment', [code("const password = env.get('PASSWORD')")], []],
    ['a name in a message', [code("const token = msg.token; node.error('the password: wrong')")], []],
    ['a comparison', [code("if (msg.token === 'abcdefgh') return msg")], []],
    ['a placeholder', [code("const password = 'your-password-here'")], []],
    ['a URL with a password', [request({ url: 'https://u:hunter22@x.example/a' })], ['ask']],
    ['a URL with a placeholder', [request({ url: 'https://u:${PASSWORD}@x.example/a' })], []],
    ['a URL with a port and an @', [request({ url: 'https://x.example:8080/@user' })], []],
    ['an AWS key', [node('t', 'template', [], { template: 'AKIAIOSFODNN7ABCDEFG' })], ['t']],
    ['a Change node', [node('c', 'change', [], set('apiKey', 'a81bc81b'))], ['c']],
    ['a Change node that copies', [node('c', 'change', [], set('apiKey', 'API_KEY', 'env'))], []],
    [
      'a tab variable',
      [{ id: 't2', type: 'tab', env: [{ name: 'DB_PASSWORD', type: 'str', value: 'hunter22' }] }],
      ['t2'],
    ],
    ['a tab credential', [{ id: 't2', type: 'tab', env: [{ name: 'DB_PASSWORD', type: 'cred' }] }], []],
    ['credentials in the file', [node('m', 'ysh-mail', [], { credentials: { password: 'hunter22' } })], ['m']],
    ['what the editor knows of credentials', [node('m', 'ysh-mail', [], { credentials: { has_password: true } })], []],
    ['a count of tokens', [node('e', 'ysh-ollama-enrich', [], { contextTokens: 8192, ollama: 'ollama' })], []],
  ],
  'secret-to-debug': [
    ['a debug of a password', [node('d', 'debug', [], { complete: 'user.password' })], ['d']],
    ['a debug of a header', [node('d', 'debug', [], { complete: 'req.headers.authorization' })], ['d']],
    ['a debug of a count', [node('d', 'debug', [], { complete: 'payload.contextTokens' })], []],
    ['the whole request', [httpIn('d'), node('d', 'debug', [], whole)], ['d']],
    ['its payload', [httpIn('d'), node('d', 'debug', [], { complete: 'payload' })], []],
    ['switched off', [httpIn('d'), node('d', 'debug', [], { ...whole, active: false })], []],
    ['deleted before', [httpIn('c'), node('c', 'change', ['d'], gone('req')), node('d', 'debug', [], whole)], []],
    ['set by code', [code("msg.headers['Authorization'] = env.get('T')", ['d']), node('d', 'debug', [], whole)], ['d']],
    ['set by inject', [inject(['d'], [{ p: 'token' }]), node('d', 'debug', [], whole)], ['d']],
    [
      'over a link',
      [
        httpIn('out'),
        node('out', 'link out', [], { links: ['lin'] }),
        node('lin', 'link in', ['d']),
        node('d', 'debug', [], whole),
      ],
      ['d'],
    ],
    ['no secret', [inject(['d'], [{ p: 'payload' }]), node('d', 'debug', [], whole)], []],
  ],
  'run-without-end': [
    ['a good run', goodRun, []],
    ['none', [node('run', 'ysh-run', ['show']), show], ['run']],
    ['an event', [node('event', 'ysh-s3-event', ['show']), show], ['event']],
    ['an end that is disabled', [node('run', 'ysh-run', ['end']), { ...end, d: true }], ['run']],
    ['by the errors', [node('run', 'ysh-run', ['code']), code(''), catchOf('caught', null, ['end']), end], []],
    ['late answers', [node('e', 'ysh-ollama-enrich', [['end'], ['show']], { ollama: 'ollama' }), show, end], ['e']],
  ],
  'open-end': [
    ['a good run', goodRun, []],
    [
      'an unwired output',
      [node('run', 'ysh-run', ['fetch']), node('fetch', 'ysh-aneel-fetch', [['end'], []], { portal: 'portal' }), end],
      ['fetch'],
    ],
    [
      'a subflow',
      [node('run', 'ysh-run', ['one']), node('one', 'ysh-pdf-to-index', [['end'], ['end'], []]), end],
      ['one'],
    ],
    ['outside of runs', [inject(['fetch']), node('fetch', 'ysh-aneel-fetch', [[], []], { portal: 'portal' })], []],
    [
      'a branch aside',
      [node('run', 'ysh-run', ['tell', 'end']), node('tell', 'ysh-notify', [[]], { subscribers: true }), end],
      [],
    ],
  ],
  'each-without-join': [
    ['a good run', goodRun, []],
    ['none', [run, each, fetched('end'), end], ['each']],
    ['over a junction', [run, each, fetched('j'), node('j', 'junction', ['join']), join, end], []],
  ],
  'items-reach-end': [
    ['a good run', goodRun, []],
    [
      'past the join',
      [run, each, node('fetch', 'ysh-aneel-fetch', [['join'], ['end']], { portal: 'portal' }), join, end],
      ['end'],
    ],
  ],
  'join-without-each': [
    ['a good run', goodRun, []],
    ['by the errors only', [run, each, fetched('show'), show, catchOf('caught', ['fetch'], ['join']), join, end], []],
    ['none', [node('run', 'ysh-run', ['join']), join, end], ['join']],
  ],
  'fan-in-without-join': [
    ['two outputs are alternatives', goodRun, []],
    [
      'two wires',
      [
        inject(['a', 'b']),
        node('a', 'delay', ['c']),
        node('b', 'delay', ['c']),
        node('c', 'delay', ['d']),
        node('d', 'delay'),
      ],
      ['c'],
    ],
    ['a wire past a node', [inject(['a', 'c']), node('a', 'delay', ['c']), node('c', 'delay')], ['c']],
    ['in a debug', [inject(['a', 'show']), node('a', 'delay', ['show']), show], []],
    [
      'in a join',
      [
        inject(['a', 'b']),
        node('a', 'delay', ['j']),
        node('b', 'delay', ['j']),
        node('j', 'join', ['c']),
        node('c', 'delay'),
      ],
      [],
    ],
    ['two buttons', [inject(['c']), node('other', 'inject', ['c']), node('c', 'delay')], []],
    [
      'late answers',
      [
        inject(['a', 'b']),
        ...['a', 'b'].map((id) => node(id, 'ysh-ollama-enrich', [[], ['end']], { ollama: 'ollama' })),
        end,
      ],
      [],
    ],
  ],
  'catch-loop': [
    ['back to the node', [request(), show, catchOf('caught', ['ask'], ['ask'])], ['caught']],
    [
      'after a pause',
      [request(), show, catchOf('caught', ['ask'], ['wait']), node('wait', 'delay', ['ask'])],
      ['caught'],
    ],
    ['by ysh-retry-backoff', [request(), show, ...retried], []],
    [
      'with the error deleted',
      [request(), show, catchOf('caught', ['ask'], ['code']), code('delete msg.error; return msg', ['ask'])],
      [],
    ],
    [
      'with the error deleted by Change',
      [request(), show, catchOf('caught', ['ask'], ['c']), node('c', 'change', ['ask'], gone('error'))],
      [],
    ],
    ['of all, to a debug', [request(), show, catchOf('caught', null, ['show'])], []],
    [
      'of all, to a mail',
      [request(), show, catchOf('caught', null, ['tell']), node('tell', 'ysh-notify', ['show'], { subscribers: true })],
      [],
    ],
  ],
  'call-without-catch': [
    ['a good run', goodRun, []],
    ['a request', [request(), show], ['ask']],
    ['our fetch', [inject(['fetch']), fetched('show'), show], ['fetch']],
    ['a Catch of all', [request(), show, catchOf('caught', null, ['show'])], []],
    ['a Catch of others', [request(), show, catchOf('caught', ['show'], ['show'])], ['ask']],
    ['a Catch on another tab', [request(), show, { ...catchOf('caught', null, []), z: 'tab2' }], ['ask']],
    [
      'a Catch of its group',
      [
        { id: 'g1', type: 'group', z: 'tab' },
        request({ g: 'g1' }),
        node('caught', 'catch', [], { scope: 'group', g: 'g1' }),
      ],
      [],
    ],
    [
      'a Catch of another group',
      [
        { id: 'g1', type: 'group', z: 'tab' },
        request({ g: 'g1' }),
        node('caught', 'catch', [], { scope: 'group', g: 'g2' }),
      ],
      ['ask'],
    ],
    [
      'caught around the subflow',
      [
        { id: 'sub', type: 'subflow' },
        request({ z: 'sub' }),
        node('one', 'subflow:sub'),
        catchOf('caught', ['one'], []),
      ],
      [],
    ],
  ],
  'call-without-retry': [
    ['tries of the portal', goodRun, []],
    [
      'one try',
      [fetched('show'), show, { id: 'p1', type: 'ysh-aneel-portal', tries: 1 }].map((one) =>
        one.id === 'fetch' ? { ...one, portal: 'p1' } : one,
      ),
      ['fetch'],
    ],
    ['a request', [request(), show, catchOf('caught', ['ask'], ['show'])], ['ask']],
    ['a request with backoff', [request(), show, ...retried], []],
    [
      'a second way after an error',
      [
        request(),
        show,
        ...retried.slice(0, 1),
        catchOf('caught', ['ask'], ['again', 'two']),
        node('two', 'http request'),
      ],
      [],
    ],
  ],
  'call-without-deadline': [
    ['a request', [request()], ['ask']],
    ['with a limit by Change', [node('c', 'change', ['ask'], set('requestTimeout', '5000', 'num')), request()], []],
    ['with a limit behind it', [node('show', 'change', [], set('requestTimeout', '5000', 'num')), request()], ['ask']],
    ['a command', [node('x', 'exec', [], { timer: '' })], ['x']],
    ['a command with a limit', [node('x', 'exec', [], { timer: '30' })], []],
    ['our steps have their own', goodRun, []],
  ],
  'open-endpoint': [
    ['nobody is asked', [httpIn('show'), show], ['in']],
    ['a switch on a header', [httpIn('s'), node('s', 'switch', [], { property: 'req.headers.authorization' })], []],
    ['code that looks at a token', [httpIn('code'), code('if (msg.req.query.token !== env.get("T")) return')], []],
    [
      'a guard for keys',
      [
        httpIn('a'),
        node('a', 'ysh-api-access', [], { api: 'api' }),
        { id: 'api', type: 'ysh-api', stores: 'st' },
        { id: 'st', type: 'ysh-stores' },
      ],
      [],
    ],
    ['a WebSocket', [node('ws', 'websocket in', [], { server: 'w' })], ['ws']],
    ['a WebSocket client', [node('ws', 'websocket in', [], { server: '', client: 'w' })], []],
    ['a TCP port', [node('tcp', 'tcp in', [], { server: 'server' })], ['tcp']],
    ['a TCP client', [node('tcp', 'tcp in', [], { server: 'client' })], []],
  ],
  'clear-text': [
    ['a model on the internet', [{ id: 'o', type: 'ysh-ollama', url: 'http://ollama.example.com' }], ['o']],
    ['a model at home', [{ id: 'o', type: 'ysh-ollama', url: 'http://192.168.0.9:11434' }], []],
    ['a container', [{ id: 'o', type: 'ysh-ollama', url: 'http://ollama:11434' }], []],
    ['a webhook', [node('t', 'ysh-notify', [], { webhooks: ['http://hook.example.com/a'] })], ['t']],
    ['reading a page', [request({ url: 'http://x.example.com' })], []],
    ['sending to one', [request({ method: 'POST', url: 'http://x.example.com' })], ['ask']],
  ],
  'no-receiver': [
    ['nobody', [node('t', 'ysh-notify', [], { mail: '', webhooks: [], snsTopic: '' })], ['t']],
    ['a server without addresses', [node('t', 'ysh-notify', [], { mail: 'm', to: [] })], ['t']],
    ['a webhook', [node('t', 'ysh-notify', [], { webhooks: ['https://hook.example.com'] })], []],
    ['a subflow', [node('t', 'ysh-notify-on-failure', [], { STORES: 'stores', YSH_ADMIN_TO: '' })], ['t']],
    ['a subflow with an address', [node('t', 'ysh-notify-on-failure', [], { YSH_ADMIN_TO: 'a@x.example' })], []],
    [
      'a subflow that the environment tells',
      [node('t', 'ysh-notify-on-failure', [], { YSH_WEBHOOKS: { type: 'env', value: 'HOOKS' } })],
      [],
    ],
  ],
  'not-portable': [
    ['a good run', goodRun, []],
    ['code', [node('run', 'ysh-run', ['code']), code('return msg', ['end']), end], ['code']],
    ['code outside of runs', [inject(['code']), code('return msg')], []],
    [
      'code behind the end',
      [node('run', 'ysh-run', ['end']), node('end', 'ysh-run-end', [['code'], []]), code('return msg')],
      ['code'],
    ],
    ['an own protocol', [node('run', 'ysh-run', ['m']), node('m', 'mqtt out', ['end']), end], ['m']],
    ['a pause', [node('run', 'ysh-run', ['w']), node('w', 'delay', ['end'], { pauseType: 'delay' }), end], []],
    [
      'a limit per time',
      [node('run', 'ysh-run', ['w']), node('w', 'delay', ['end'], { pauseType: 'rate' }), end],
      ['w'],
    ],
    [
      'a Catch of all',
      [
        node('run', 'ysh-run', ['end']),
        node('tell', 'ysh-notify'),
        catchOf('caught', null, ['end']),
        end,
        node('x', 'delay'),
      ],
      [],
    ],
    [
      'a loop',
      [node('run', 'ysh-run', ['a']), node('a', 'ysh-incident', [[], ['b']]), node('b', 'ysh-notify', ['a'])],
      ['a'],
    ],
    [
      'what calls inside a subflow of ours',
      [
        node('run', 'ysh-run', ['a']),
        node('a', 'ysh-fetch-with-fallback', [['end'], ['end']], { STORES: 'stores' }),
        end,
      ],
      [],
    ],
  ],
}

for (const { id } of rules) {
  describe(id, () => {
    for (const [what, flow, found] of table[id] ?? []) {
      test(`${found.length > 0 ? 'hits' : 'passes'}: ${what}`, () => {
        const own = new Set(flow.map((one) => one.id))
        const findings = checkFlow([...base.filter((one) => !own.has(one.id)), ...flow])
        assert.deepEqual(
          findings.filter(({ rule }) => rule === id).map((finding) => finding.node),
          found,
        )
      })
    }
  })
}

test('every rule has flows that it hits and flows that it passes', () => {
  assert.deepEqual(Object.keys(table).sort(), [...ruleIds].sort())
  for (const [id, cases] of Object.entries(table)) {
    assert.ok(cases.some(([, , found]) => found.length > 0) && cases.some(([, , found]) => found.length === 0), id)
  }
})

test('every text is there in both languages, with the same values in it', () => {
  const values = (words: string) => [...words.matchAll(/__\w+?__/g)].map(([value]) => value).sort()
  for (const { id, texts } of rules) {
    assert.deepEqual(Object.keys(texts['en-US']), Object.keys(texts['pt-BR']), id)
    for (const [name, { reason, remedy }] of Object.entries(texts['en-US'])) {
      const other = texts['pt-BR'][name]
      assert.deepEqual(values(`${reason} ${remedy}`), values(`${other?.reason} ${other?.remedy}`), `${id} ${name}`)
      assert.notEqual(reason, other?.reason, `${id} ${name} is not translated`)
    }
  }
})

test("the rules know the config nodes of every node's declaration, and of every subflow's", async () => {
  const sources = await nodeSources()
  const all = [
    ...sources.map(({ type, declaration }) => ({ type, references: declaration.references ?? {} })),
    ...subflowSources(sources).map(({ spec }) => spec),
  ]
  const declared = all.flatMap(({ type, references }) => {
    const entries = Object.entries(references)
    const wanted = entries.map(([name, { type: target, required = true }]) => [name, required ? target : `${target}?`])
    return entries.length === 0 ? [] : [[type, Object.fromEntries(wanted)]]
  })
  assert.deepEqual(references, Object.fromEntries(declared))
})
