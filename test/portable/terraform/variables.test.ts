import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { main } from '../../../lib/cli/main.ts'
import type { TerraformVariables } from '../../../lib/portable/terraform/variables.ts'

const project = join(import.meta.dirname, '../../..')
const flows = ['daily', 'hourly', 'event', 'fallback'].map((name) => join(project, `flows/${name}.json`))

describe("Terraform's variables of the shipped flows", () => {
  let folder = ''
  const said: string[] = []
  const compile = (files: readonly string[], out: string) => {
    const io = { env: {}, out: () => {}, err: (text: string) => said.push(text) }
    return main(['compile', ...files, '--target', 'step-functions', '--out', join(folder, out)], io)
  }
  const read = (out: string): TerraformVariables =>
    JSON.parse(readFileSync(join(folder, out, 'pipeline.auto.tfvars.json'), 'utf8'))

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ysh-tfvars-'))
    assert.equal(await compile(flows, 'all'), 0, said.join('\n'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('every pipeline has its state machine, and what starts it', () => {
    const { pipelines } = read('all')
    const started = Object.entries(pipelines).map(([name, { trigger, schedule, rule }]) => [
      ...[name, trigger],
      schedule === null ? (rule === null ? '' : 'rule') : 'schedule',
    ])
    assert.deepEqual(started, [
      ['ysh-daily-alerts', 'alert', ''],
      ['ysh-daily-enrich-late', 'late', ''],
      ['ysh-daily-run', 'schedule', 'schedule'],
      ['ysh-event-alerts', 'alert', ''],
      ['ysh-event-new', 'object', 'rule'],
      ['ysh-event-translate-late', 'late', ''],
      ['ysh-fallback-alerts', 'alert', ''],
      ['ysh-fallback-run', 'manual', ''],
      ['ysh-hourly-alerts', 'alert', ''],
      ['ysh-hourly-enrich-late', 'late', ''],
      ['ysh-hourly-run', 'schedule', 'schedule'],
    ])
  })

  test('every file it names is there, and every placeholder in them is filled by modules/generated', () => {
    const { pipelines, flows: compiled } = read('all')
    for (const { plan } of Object.values(compiled)) assert.ok(existsSync(join(folder, 'all', plan)))
    for (const { definition, schedule, rule, rule_variables } of Object.values(pipelines)) {
      const filled: [string | null, string[]][] = [
        [definition, ['StepFunctionArn']],
        [schedule, ['StateMachineArn', 'SchedulerRoleArn']],
        [rule, ['StateMachineArn', 'EventsRoleArn', ...rule_variables]],
      ]
      for (const [file, known] of filled) {
        if (file === null) continue
        const text = readFileSync(join(folder, 'all', file), 'utf8')
        const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name)
        assert.deepEqual(
          names.filter((name) => !known.includes(name)),
          [],
          file,
        )
      }
      // A state machine that calls nothing known calls nothing that Terraform makes.
      const calls = readFileSync(join(folder, 'all', definition), 'utf8').match(/(?<="FunctionName": ").+(?=")/g) ?? []
      assert.deepEqual([...new Set(calls)], [`\${StepFunctionArn}`], definition)
    }
  })

  test('alarms on silence: two hours beyond what the schedule leaves', () => {
    const { pipelines } = read('all')
    assert.equal(pipelines['ysh-daily-run']?.silent_hours, 26)
    assert.equal(pipelines['ysh-hourly-run']?.silent_hours, 3)
    assert.equal(pipelines['ysh-event-new']?.silent_hours, null)
  })

  test('time and memory are what the heaviest step needs, and what Lambda has', () => {
    const { step_function } = read('all')
    assert.equal(step_function.memory_mb, 2_048)
    assert.equal(step_function.timeout_seconds, 900)
    assert.ok(step_function.types.includes('ysh-aneel-fetch') && step_function.types.includes('ysh-pdf-extract'))
  })

  test('the flow stands in it by its hash', () => {
    const { sha256 } = read('all').flows.daily ?? {}
    assert.match(sha256 ?? '', /^[0-9a-f]{64}$/)
    const { source }: { source: { sha256: string } } = JSON.parse(
      readFileSync(join(folder, 'all/daily/plan.json'), 'utf8'),
    )
    assert.equal(sha256, source.sha256)
  })

  test('the same flows give the same bytes, in whatever order', async () => {
    await compile([...flows].reverse(), 'again')
    const hash = (out: string) =>
      createHash('sha256')
        .update(readFileSync(join(folder, out, 'pipeline.auto.tfvars.json')))
        .digest('hex')
    assert.equal(hash('again'), hash('all'))
  })

  test('one flow lies in the folder itself', async () => {
    assert.equal(await compile(flows.slice(0, 1), 'one'), 0)
    const { pipelines, flows: compiled } = read('one')
    assert.equal(pipelines['ysh-daily-run']?.definition, 'ysh-daily-run.asl.json')
    assert.equal(compiled.daily?.plan, 'plan.json')
  })

  test('two files of one name are refused', async () => {
    const [daily = ''] = flows
    assert.equal(await compile([daily, daily], 'twice'), 2)
    assert.match(said.at(-1) ?? '', /Two files are called daily\.json/)
  })

  test('a refused flow writes no variables', async () => {
    assert.equal(await compile([...flows.slice(0, 1), join(project, 'flows/api.json')], 'refused'), 1)
    assert.equal(existsSync(join(folder, 'refused/pipeline.auto.tfvars.json')), false)
  })
})
