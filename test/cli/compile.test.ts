import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { main } from '../../lib/cli/main.ts'

const daily = fileURLToPath(new URL('../../flows/daily.json', import.meta.url))

describe('ysh-pipeline compile and cost', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ysh-compile-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function run(...args: string[]) {
    const out: string[] = []
    const err: string[] = []
    const code = await main(args, { env: {}, out: (text) => out.push(text), err: (text) => err.push(text) })
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  test('the plan on standard output, twice the same', async () => {
    const [one, other] = [
      await run('compile', daily, '--target', 'plan'),
      await run('compile', daily, '--target', 'plan'),
    ]
    assert.equal(one.code, 0)
    assert.equal(one.err, '')
    assert.equal(one.out, other.out)
    assert.match(JSON.parse(one.out).source.sha256, /^[0-9a-f]{64}$/)
  })

  test('state machines into a folder; notes and estimate beside', async () => {
    const into = join(folder, 'new', 'build')
    const { code, out, err } = await run('compile', daily, '--target', 'step-functions', '--out', into)
    assert.equal(code, 0)
    assert.deepEqual(out.split('\n').sort(), (await readdir(into)).map((name) => join(into, name)).sort())
    assert.match(err, /LAMBDA_TIMEOUT .*Portal da ANEEL/)
    assert.match(err, /transitions/)
    assert.match(await readFile(join(into, 'ysh-daily-run.asl.json'), 'utf8'), /flow sha256 [0-9a-f]{64}/)
  })

  test('a refused flow: 1, with place, reason and remedy, in Portuguese on demand; nothing is written', async () => {
    const file = join(folder, 'loop.json')
    const nodes = [
      { id: 't', type: 'tab', label: 'Aba' },
      { id: 'run', type: 'ysh-run', z: 't', name: '', wires: [['f']] },
      { id: 'f', type: 'function', z: 't', name: 'sum', func: '', wires: [['run2']] },
    ]
    await writeFile(file, JSON.stringify(nodes))
    const into = join(folder, 'refused')
    const { code, err } = await run('compile', file, '--target', 'step-functions', '--out', into, '--lang', 'pt-BR')
    assert.equal(code, 1)
    assert.match(err, /error {2}CODE {2}Aba \/ sum \(function\) \/ f\n {4}Código dentro de um function/)
    await assert.rejects(readdir(into))
    const json = JSON.parse((await run('compile', file, '--target', 'plan', '--json')).out)
    assert.deepEqual([json.compiled, json.diagnostics[0].code], [false, 'CODE'])
  })

  test('wrong use: 2, and what was meant', async () => {
    for (const [args, words] of [
      [['compile', daily], /--target is one of plan, step-functions/],
      [['compile', daily, '--target', 'step-functions'], /--out DIR/],
      [['compile', '--target', 'plan'], /wants one file/],
      [['compile', daily, '--target', 'plan', '--env', 'x'], /NAME=VALUE/],
      [['compile', join(folder, 'gone.json'), '--target', 'plan'], /FLOW_UNREADABLE/],
      [['compile', daily, '--target', 'plan', '--out', join(daily, 'x')], /CLI_OUTPUT/],
      [['cost', daily, '--items', '0'], /whole number/],
    ] as const) {
      const { code, err } = await run(...args)
      assert.deepEqual([code, words.test(err)], [2, true], err)
    }
    assert.match((await run('compile', '--help')).out, /Exit codes/)
  })

  test('a variable that must be known: from the flow, else from --env', async () => {
    const retry = async (...args: string[]) => {
      const plan = JSON.parse((await run('compile', daily, '--target', 'plan', ...args)).out)
      return plan.pipelines[0].regions[1].nodes[0].retry.baseSeconds
    }
    assert.deepEqual([await retry(), await retry('--env', 'YSH_RETRY_SECONDS=5')], [60, 5])
  })

  test('cost: the longer list costs more, fused less', async () => {
    const transitions = async (...args: string[]) =>
      JSON.parse((await run('cost', daily, '--json', ...args)).out).month.transitions
    const plain = await transitions()
    assert.ok((await transitions('--items', '50')) > plain)
    assert.ok((await transitions('--fuse')) < plain)
    assert.match((await run('cost', daily)).out, /prices of \d{4}-\d\d-\d\d/)
  })
})
