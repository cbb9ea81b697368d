import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { flowNodes } from '../../lib/flow-check/node.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import type { Plan } from '../../lib/portable/plan/schema.ts'
import { eventBridgeCron } from '../../lib/portable/step-functions/cron.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { filledIn } from '../../lib/portable/step-functions/names.ts'
import type { State } from '../../lib/portable/step-functions/states.ts'
import { runMachine, statesIn } from './asl.ts'
import { cases, scriptedSteps } from './cases.ts'
import { ScriptedRuntime, sha256 } from './scripted.ts'
import { problemsOf } from './validators.ts'

const shipped = ['daily', 'hourly', 'event', 'fallback']
const planOf = (name: string): Plan => {
  const text = readFileSync(new URL(`../../flows/${name}.json`, import.meta.url), 'utf8')
  const { plan } = compile(flowNodes(JSON.parse(text)), { sha256 })
  assert.ok(plan)
  return plan
}
const filled = (definition: object) =>
  JSON.parse(
    JSON.stringify(definition).replaceAll(
      filledIn('StepFunctionArn'),
      'arn:aws:lambda:us-east-1:123456789012:function:step',
    ),
  )

describe('three validators take', () => {
  for (const name of shipped) {
    for (const fuse of [false, true]) {
      test(`${name}${fuse ? ', fused' : ''}`, async () => {
        for (const { definition } of Object.values(emitStepFunctions(planOf(name), { fuse }).machines)) {
          assert.deepEqual(await problemsOf(filled(definition)), [])
          for (const { name: state } of statesIn(definition)) assert.ok(state.length <= 80, state)
        }
      })
    }
  }

  test('the conformance flows, with distributed maps too', async () => {
    // One of each kind of node: they take a second each.
    const kinds = /fallback of two|number: between|null and by not|a wait|list, all well|inside a list|branches and/
    for (const { what, flow } of cases().filter((one) => kinds.test(one.what))) {
      const { plan } = compile(flow, { steps: scriptedSteps })
      assert.ok(plan)
      for (const options of what.includes('all well') ? [{}, { distributedAbove: 1 }] : [{}]) {
        for (const { definition } of Object.values(emitStepFunctions(plan, options).machines)) {
          assert.deepEqual(await problemsOf(filled(definition)), [], what)
        }
      }
    }
  })

  test('and they do refuse: a state that is not there, a jitter that is none, States.ALL beside others', async () => {
    const [machine] = Object.values(emitStepFunctions(planOf('event')).machines)
    assert.ok(machine)
    const broken = (change: (state: Record<string, unknown>) => void) => {
      const definition = filled(machine.definition)
      const task = Object.values<Record<string, unknown>>(definition.States).find((state) => 'Catch' in state)
      assert.ok(task)
      change(task)
      return problemsOf(definition)
    }
    const all: ((state: Record<string, unknown>) => void)[] = [
      (state) => Object.assign(state, { Next: 'nowhere' }),
      (state) => Object.assign(state, { Retry: [{ ErrorEquals: ['x'], JitterStrategy: 'SOME' }] }),
      (state) => Object.assign(state, { Retry: [{ ErrorEquals: ['States.ALL', 'x'] }] }),
    ]
    for (const change of all) assert.ok((await broken(change)).length > 0, String(change))
  })
})

describe('schedules and events', () => {
  test('cron in the words of EventBridge', () => {
    const cron = (text: string) => {
      const found = eventBridgeCron(text)
      return 'expression' in found ? [found.expression, found.perMonth] : found
    }
    assert.deepEqual(cron('0 2 * * *'), ['cron(0 2 * * ? *)', 31])
    assert.deepEqual(cron('0 * * * *'), ['cron(0 * * * ? *)', 744])
    assert.deepEqual(cron('*/15 8-10 * * 1-5'), ['cron(0,15,30,45 8,9,10 ? * 2,3,4,5,6 *)', 265.71])
    assert.deepEqual(cron('0 0 * * 0'), cron('0 0 * * 7'))
    assert.deepEqual(cron('0 0 * * SUN'), ['cron(0 0 ? * 1 *)', 4.43])
    assert.deepEqual(cron('5 4 1,15 JAN-MAR *'), ['cron(5 4 1,15 1,2,3 ? *)', 0.5])
    assert.deepEqual(cron('0 2 1 * 1'), { days: true })
    for (const field of ['L', '1W', '5#2', '60', '5-2', 'x', '']) {
      assert.ok('field' in eventBridgeCron(`${field || '*'} ${field} * * *`), field)
    }
  })

  test('the daily schedule, with its time zone and slot', () => {
    const { files } = emitStepFunctions(planOf('daily'))
    const schedule = JSON.parse(files['ysh-daily-run.schedule.json'] ?? '')
    assert.equal(schedule.ScheduleExpression, 'cron(0 2 * * ? *)')
    assert.equal(schedule.ScheduleExpressionTimezone, 'America/Sao_Paulo')
    assert.deepEqual(JSON.parse(schedule.Target.Input), {
      ...{ trigger: 'schedule', slot: '<aws.scheduler.scheduled-time>' },
      message: { payload: {} },
    })
  })

  test('new PDFs of a bucket', () => {
    const { files } = emitStepFunctions(planOf('event'))
    const rule = JSON.parse(files['ysh-event-new.rule.json'] ?? '')
    assert.deepEqual(rule.EventPattern.detail.object, { key: [{ suffix: '.pdf' }] })
    assert.deepEqual(rule.EventPattern['detail-type'], ['Object Created'])
  })
})

describe('retries and limits', () => {
  const tasks = (name: string): Map<string, State> => {
    const [machine] = Object.values(emitStepFunctions(planOf(name)).machines)
    return new Map(statesIn(machine?.definition).map(({ name: state, state: content }) => [state, content]))
  }
  test('60 s, three times, by the names of the step runtime; a Lambda is stopped after 900 s', () => {
    const fetch = [...tasks('daily')].find(([name]) => name.includes('(ysh-daily-fetch)'))?.[1]
    assert.ok(Array.isArray(fetch?.Retry))
    assert.deepEqual(fetch.Retry[0], {
      ErrorEquals: ['RetryableError', 'TimeoutError', 'States.Timeout', 'Sandbox.Timedout'],
      ...{ IntervalSeconds: 60, MaxAttempts: 3, BackoffRate: 1, JitterStrategy: 'NONE' },
    })
    assert.equal(fetch.TimeoutSeconds, 910)
  })

  test('fusing makes fewer calls and changes no step', () => {
    const units = (fuse: boolean) => {
      const [machine] = Object.values(emitStepFunctions(planOf('daily'), { fuse }).machines)
      const calls = statesIn(machine?.definition).filter(({ state }) => state.Type === 'Task')
      return calls.map(({ state }) => JSON.parse(JSON.stringify(state)).Parameters.Payload.units)
    }
    assert.deepEqual(units(true).flat().sort(), units(false).flat().sort())
    assert.ok(units(true).length < units(false).length - 4)
    assert.ok(units(true).some((list) => list.join() === 'ysh-daily-each#close,ysh-daily-aneel,ysh-daily-pages#open'))
  })
})

describe('the estimate', () => {
  test('counts what the executor enters', async () => {
    const left = new Set<string>()
    for (const { what, flow } of cases()) {
      const { plan } = compile(flow, { steps: scriptedSteps })
      const [pipeline] = plan?.pipelines ?? []
      assert.ok(plan && pipeline)
      for (const fuse of [false, true]) {
        const { machines, cost } = emitStepFunctions(plan, { fuse })
        const machine = machines[pipeline.id]
        assert.ok(machine)
        const runtime = new ScriptedRuntime(pipeline, {})
        let failures = 0
        const run = await runMachine(machine, { message: { payload: pipeline.payload } }, (call) =>
          runtime.call(call).catch((error: unknown) => {
            failures += 1
            throw error
          }),
        )
        const [one] = cost.pipelines
        // The estimate is of the ways without errors.
        assert.ok(one)
        if (failures > 0) {
          left.add(what)
          continue
        }
        const { least, transitions } = one
        assert.ok(
          run.entered.length >= least && run.entered.length <= transitions,
          `${what}: ${run.entered.join(' ')} (${least}-${transitions})`,
        )
      }
    }
    // Without their script these have no list.
    assert.deepEqual(
      [...left],
      [
        'a list that a step has made',
        'an empty list',
        'no list where one should be',
        'a list that is none, and a Catch of it',
      ],
    )
  })

  test('daily fits the free transitions, hourly does not; the price list has a date', () => {
    const { pipelines, month, priceList } = emitStepFunctions(planOf('daily')).cost
    assert.ok(month.transitions < 4_000 && month.beyondFreeDollars === 0)
    assert.equal(pipelines[0]?.runs, 31)
    assert.match(priceList.date, /^\d{4}-\d\d-\d\d$/)
    assert.ok((emitStepFunctions(planOf('hourly')).cost.pipelines[0]?.leastMonth ?? 0) > 4_000)
  })
})
