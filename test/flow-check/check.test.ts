import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { main } from '../../lib/cli/main.ts'
import { checkFlow } from '../../lib/flow-check/check.ts'
import { flowNodes } from '../../lib/flow-check/node.ts'
import { base, node } from './flow.ts'

const bad = node('ask', 'http request', [], { name: 'prices', url: 'https://u:hunter22@x.example' })

function flowsUnder(folder: string): string[] {
  const entries = readdirSync(fileURLToPath(new URL(`../../${folder}`, import.meta.url)), {
    recursive: true,
    withFileTypes: true,
  })
  return entries.filter(({ name }) => name.endsWith('.json')).map(({ parentPath, name }) => join(parentPath, name))
}

describe('checkFlow', () => {
  test('says where, why and what to do, the worst first, in either language', () => {
    const [first, ...others] = checkFlow([...base, bad], { language: 'pt-BR' })
    assert.deepEqual(
      [first?.severity, first?.rule, first?.node, first?.name, first?.tab],
      ['error', 'literal-secret', 'ask', 'prices', 'Flow'],
    )
    assert.match(first?.reason ?? '', /Um segredo está no próprio fluxo, em "url"/)
    assert.ok(others.length > 0 && others.every(({ severity }) => severity !== 'error'))
    assert.doesNotMatch(JSON.stringify(checkFlow([...base, bad])), /hunter22|__\w+__/)
  })

  test('a rule is switched off by the description of node, group or tab, or by a list', () => {
    const off = (info: string) => checkFlow([...base, { ...bad, info }]).map(({ rule }) => rule)
    const all = off('')
    assert.deepEqual(
      off('A note.\nlint-off: literal-secret'),
      all.filter((rule) => rule !== 'literal-secret'),
    )
    assert.deepEqual(off('lint-off: call-without-retry, literal-secret'), [
      'call-without-catch',
      'call-without-deadline',
    ])
    assert.deepEqual(off('lint-off: all'), [])
    assert.deepEqual(off('no lint at all'), all)
    assert.deepEqual(checkFlow([{ id: 'tab', type: 'tab', info: 'lint-off: all' }, bad]), [])
    assert.deepEqual(
      checkFlow([
        { id: 'g', type: 'group', info: 'lint-off: all' },
        { ...bad, g: 'g' },
      ]),
      [],
    )
    assert.equal(checkFlow([...base, bad], { off: ['literal-secret'] }).length, all.length - 1)
  })

  test('reads both forms of a flows.json, and refuses what is none', () => {
    assert.equal(flowNodes({ rev: 'a', flows: [bad] }).length, 1)
    for (const [content, words] of [
      [{}, /list of nodes/],
      ['x', /list of nodes/],
      [[{ id: 'a' }], /entry 1 is no node/],
      [[bad, bad], /two nodes have the id ask/],
    ] as const) {
      assert.throws(() => flowNodes(content), { code: 'FLOW_UNREADABLE', message: words })
    }
  })

  test('a large flow of loops and forks is checked in no time', () => {
    const many = Array.from({ length: 1_000 }, (_, index) =>
      node(`n${index}`, 'delay', [`n${(index + 1) % 1_000}`, `n${(index * 7) % 1_000}`]),
    )
    const started = performance.now()
    checkFlow([...base, ...many])
    assert.ok(performance.now() - started < 5_000)
  })
})

describe('what we ship', () => {
  for (const file of ['flows', 'subflows', 'examples'].flatMap((folder) => flowsUnder(folder))) {
    test(basename(file), () => {
      const found = checkFlow(flowNodes(JSON.parse(readFileSync(file, 'utf8'))))
      assert.deepEqual(
        found.filter(({ severity }) => severity !== 'hint'),
        [],
      )
    })
  }
})

describe('ysh-pipeline lint', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ysh-lint-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function lint(...args: string[]) {
    const out: string[] = []
    const err: string[] = []
    const code = await main(['lint', ...args], {
      env: {},
      out: (text) => out.push(text),
      err: (text) => err.push(text),
    })
    return { code, out: out.join('\n'), err: err.join('\n') }
  }
  async function file(name: string, content: unknown): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  test('0 for a good flow, 1 for errors, with --strict for warnings too', async () => {
    const good = fileURLToPath(new URL('../../flows/daily.json', import.meta.url))
    assert.equal((await lint(good, '--strict')).code, 0)
    const doubtful = await file('doubtful.json', [...base, { ...bad, url: 'https://x.example' }])
    assert.deepEqual([(await lint(doubtful)).code, (await lint(doubtful, '--strict')).code], [0, 1])
    const wrong = await file('wrong.json', [...base, bad])
    const { code, out } = await lint(good, wrong)
    assert.equal(code, 1)
    assert.match(
      out,
      /wrong\.json: 1 errors, 3 warnings, 0 hints\nerror {2}literal-secret {2}Flow \/ prices \(http request\) \/ ask\n/,
    )
    assert.doesNotMatch(out, /hunter22/)
    assert.match((await lint(wrong, '--lang', 'pt-BR')).out, /Um segredo está/)
    assert.equal((await lint(wrong, '--off', 'literal-secret')).code, 0)
    const { files } = JSON.parse((await lint(wrong, '--json')).out)
    assert.deepEqual([files.length, files[0].findings[0].rule, files[0].findings[0].node], [1, 'literal-secret', 'ask'])
  })

  test('2 for what cannot be read, or is asked wrongly; no content is quoted', async () => {
    for (const [args, words] of [
      [[await file('broken.json', '[{"password": "hunter22"')], /FLOW_UNREADABLE: .*broken\.json: no JSON/],
      [[await file('other.json', { name: 'x' })], /FLOW_UNREADABLE.*list of nodes/],
      [[join(folder, 'away.json')], /FLOW_UNREADABLE.*away\.json/],
      [[folder], /FLOW_UNREADABLE/],
      [[], /CLI_USAGE.*wants a file/],
      [['x', '--lang', 'fr'], /CLI_USAGE.*en-US or pt-BR/],
      [['x', '--off', 'nothing'], /CLI_USAGE.*no rule "nothing"/],
      [['x', '--colour'], /CLI_USAGE.*colour/],
    ] as const) {
      const { code, err } = await lint(...args)
      assert.match(err, words)
      assert.doesNotMatch(err, /hunter22/)
      assert.equal(code, 2)
    }
    assert.match((await lint('--help')).out, /lint-off/)
  })
})
