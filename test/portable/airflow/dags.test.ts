import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { retriesOf } from '../../../lib/portable/airflow/arguments.ts'
import { newNotes } from '../../../lib/portable/airflow/notes.ts'
import type { Retry } from '../../../lib/portable/plan/schema.ts'
import { cases } from '../cases.ts'
import { compiled, graphOf, runPython, shipped } from './engine.ts'
import { checkGraph } from './graph.ts'

const golden = new URL('golden/', import.meta.url)
const dagOf = {
  daily: 'daily_full_ingestion',
  hourly: 'hourly_incremental',
  event: 'pdf_processing',
  fallback: 'fallback_recovery',
}

describe('the shipped flows as DAGs', () => {
  for (const [name, dagId] of Object.entries(dagOf)) {
    test(`${name} is the golden file (UPDATE_GOLDEN=1 writes it anew)`, async (t) => {
      const { files } = await compiled(t, shipped(name), name)
      const own = [`ysh_${name}.dags.json`, `ysh_${name}.plan.json`, `ysh_${name}.py`]
      assert.deepEqual(Object.keys(files).sort(), [...own, 'ysh_deliver_dag.py', 'ysh_runner.py'].sort())
      const source = files[`ysh_${name}.py`] ?? ''
      const file = new URL(`ysh_${name}.py`, golden)
      if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(file, source)
      assert.equal(source, readFileSync(file, 'utf8'))
    })

    test(`${name} loads for Airflow before and after 3.2, and its graph is the plan's`, async (t) => {
      const dags = await compiled(t, shipped(name), name)
      for (const version of ['3.0.6', '3.4.0']) {
        const graph = await graphOf(dags, version)
        assert.ok(dagId in graph)
        for (const [at, pipeline] of dags.plan.pipelines.entries()) {
          const dag = graph[dags.dags[at]?.dagId ?? '']
          assert.ok(dag)
          checkGraph(pipeline, dag.tasks)
        }
      }
    })
  }

  test('the schedule, its zone, and what the overlap means', async (t) => {
    const { daily_full_ingestion: dag, ysh_daily_alerts: alerts } = await graphOf(await compiled(t, shipped('daily')))
    assert.deepEqual(dag?.arguments.schedule, { cron: '0 2 * * *', timezone: 'America/Sao_Paulo' })
    assert.deepEqual([dag?.arguments.catchup, dag?.arguments.max_active_runs], [false, 1])
    assert.deepEqual([alerts?.arguments.schedule, alerts?.arguments.max_active_runs], [null, 16])
    const fetch = dag?.tasks['ysh-daily-each.ysh-daily-fetch']?.arguments
    assert.deepEqual(
      [fetch?.retries, fetch?.retry_delay, fetch?.execution_timeout, fetch?.max_active_tis_per_dagrun],
      [3, '0:01:00', '4:01:00', 4],
    )
  })
})

const exponential: Retry = {
  ...{ node: 'r', maxRetries: 4, law: 'exponential', baseSeconds: 2, capSeconds: 60, jitter: 'none' },
  ...{ deadlineSeconds: 600, on: { errors: 'retryable' } },
}
const place = { node: 'n', name: 'n', type: 't', tab: 'tab' }

describe('what Airflow has other words for', () => {
  test('waits that double are a flag or a factor, by the version that runs', async (t) => {
    const notes = newNotes()
    assert.deepEqual(retriesOf(exponential, place, notes), {
      retries: '4',
      retry_delay: 'timedelta(seconds=2)',
      max_retry_delay: 'timedelta(seconds=60)',
      retry_exponential_backoff: 'doubling()',
    })
    assert.deepEqual(
      notes.all.map(({ code, severity }) => [code, severity]),
      [['RETRY_JITTER', 'warning']],
    )
    const flow = cases()
      .find(({ what }) => what.startsWith('twice retryable'))
      ?.flow.map((node) => (node.type === 'ysh-retry-backoff' ? { ...node, backoff: 'exponential' } : node))
    const dags = await compiled(t, flow ?? [])
    const factor = async (version: string) =>
      Object.values((await graphOf(dags, version)).run?.tasks ?? {}).find((task) => 'retries' in task.arguments)
        ?.arguments.retry_exponential_backoff
    assert.deepEqual([await factor('3.1.8'), await factor('3.2.0'), await factor('3.10.0')], [true, 2, 2])
  })

  test('a linear wait is refused by the node', async (t) => {
    const flow = cases()
      .find(({ what }) => what.startsWith('twice retryable'))
      ?.flow.map((node) => (node.type === 'ysh-retry-backoff' ? { ...node, backoff: 'linear' } : node))
    const { notes, files } = await compiled(t, flow ?? [])
    assert.deepEqual(
      notes.map(({ code, severity, node }) => [code, severity, node]),
      [['RETRY_LINEAR', 'error', 'a']],
    )
    assert.deepEqual(files, {})
  })

  test('names are ids of Airflow and of Python, whatever they are called', async (t) => {
    const flow = cases()[0]?.flow.map((node) =>
      node.type === 'ysh-scripted'
        ? { ...node, name: 'a "quote" \\ """ \n {x} ☃' }
        : node.type === 'tab'
          ? { ...node, label: "l'été\u2028" }
          : node,
    )
    const dags = await compiled(t, flow ?? [])
    assert.equal(Object.keys((await graphOf(dags)).run?.tasks ?? {}).length, 2)
  })
})

describe('the stub refuses what Airflow would', () => {
  const broken = [
    ['an unknown argument', 'retry_delay=', 'retry_delays='],
    ['an ill-typed argument', 'retries=3', 'retries="3"'],
    ['an unknown trigger rule', 'none_failed_min_one_success', 'none_failed_or_skipped'],
    ['an illegal id', 'task_id="ysh-daily-end"', 'task_id="ysh daily"'],
    ['an id that is there twice', 'task_id="ysh-daily-end"', 'task_id="ysh-daily-mail"'],
    ['a cycle', 'ysh_daily_end = do_', 'ysh_daily_mail >> ysh_daily_aneel\n    ysh_daily_end = do_'],
    ['an argument of a step that is missing', 'do_ysh_daily_end([', 'do_ysh_daily_end(*['],
  ] as const
  for (const [what, from, to] of broken) {
    test(what, async (t) => {
      const dags = await compiled(t, shipped('daily'), 'daily')
      const source = dags.files['ysh_daily.py'] ?? ''
      assert.ok(source.includes(from), from)
      mkdirSync(join(dags.folder, 'broken'))
      writeFileSync(join(dags.folder, 'broken', 'ysh_runner.py'), dags.files['ysh_runner.py'] ?? '')
      const file = join(dags.folder, 'broken', 'ysh_daily.py')
      writeFileSync(file, source.replace(from, to))
      await assert.rejects(graphOf({ ...dags, file }), /TypeError|ValueError/)
    })
  }

  test('the files compile', async (t) => {
    const { folder } = await compiled(t, shipped('daily'), 'daily')
    await runPython(['-m', 'py_compile', join(folder, 'ysh_daily.py'), join(folder, 'ysh_runner.py')])
  })
})
