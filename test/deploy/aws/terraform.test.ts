import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { main } from '../../../lib/cli/main.ts'
import { root } from './terraform.ts'

const program = ['terraform', 'tofu'].find((name) => spawnSync(name, ['version']).status === 0)
const flows = join(import.meta.dirname, '../../../flows')

describe('terraform itself', {
  skip: program === undefined ? 'SKIPPED LOUDLY: neither terraform nor tofu is on this machine' : false,
}, () => {
  let folder = ''
  const run = (place: string, ...args: string[]) => {
    // No settings of this machine, such as a mirror of providers.
    const env = { PATH: process.env.PATH, HOME: folder, TF_CLI_CONFIG_FILE: join(folder, 'none.tfrc'), NO_COLOR: '1' }
    const { status, stdout, stderr } = spawnSync(program ?? '', args, {
      ...{ cwd: join(folder, place), encoding: 'utf8', timeout: 120_000, env },
    })
    return { status, text: `${stdout}${stderr}` }
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ysh-terraform-'))
    writeFileSync(join(folder, 'none.tfrc'), '')
    cpSync(root, folder, {
      recursive: true,
      filter: (from) => !/\.terraform|generated$/.test(from) || from.endsWith('modules/generated'),
    })
    const files = ['daily', 'event'].map((name) => join(flows, `${name}.json`))
    const io = { env: {}, out: () => {}, err: () => {} }
    assert.equal(
      await main(['compile', ...files, '--target', 'step-functions', '--out', join(folder, 'generated')], io),
      0,
    )
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('all files are in its form', () => {
    const { status, text } = run('.', 'fmt', '-check', '-recursive')
    assert.equal(status, 0, text)
  })

  for (const module of ['generated', 'board']) {
    test(`modules/${module}: valid, and its own tests pass`, () => {
      const place = `modules/${module}`
      for (const args of [
        ['init', '-backend=false', '-no-color'],
        ['validate', '-no-color'],
        ['test', '-no-color'],
      ]) {
        const { status, text } = run(place, ...args)
        assert.equal(status, 0, text.slice(-3_000))
      }
    })
  }

  test('a placeholder that nobody fills is noticed', () => {
    const file = join(folder, 'generated/daily/ysh-daily-run.asl.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('{StepFunctionArn}', '{OtherFunctionArn}'))
    const { status, text: said } = run('modules/generated', 'test', '-no-color')
    writeFileSync(file, text)
    assert.notEqual(status, 0)
    assert.match(said, /OtherFunctionArn/)
  })

  test('the whole is valid and can be planned, where the provider can be had', (context) => {
    const { status, text } = run('.', 'init', '-backend=false', '-no-color', '-input=false')
    if (status !== 0) {
      context.skip(`SKIPPED LOUDLY: the provider cannot be downloaded here: ${/Error: (.*)/.exec(text)?.[1] ?? ''}`)
      return
    }
    const valid = run('.', 'validate', '-no-color')
    assert.equal(valid.status, 0, valid.text)
  })
})
