import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { main } from '../../../lib/cli/main.ts'
import { runPython } from './engine.ts'

const flow = fileURLToPath(new URL('../../../flows/fallback.json', import.meta.url))

async function cli(...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = await main(['compile', ...args], {
    env: {},
    out: (text) => out.push(text),
    err: (text) => err.push(text),
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('ysh-pipeline compile --target airflow', () => {
  test('writes the DAG file, the plan and the runner, the same bytes each time', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'ysh-dags-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const first = await cli(flow, '--target', 'airflow', '--out', folder)
    assert.deepEqual([first.code, first.err], [0, ''])
    const read = () => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])
    const files = read()
    assert.deepEqual(
      files.map(([name]) => name),
      ['ysh_deliver_dag.py', 'ysh_fallback.dags.json', 'ysh_fallback.plan.json', 'ysh_fallback.py', 'ysh_runner.py'],
    )
    await cli(flow, '--target', 'airflow', '--out', folder)
    assert.deepEqual(read(), files)
    await runPython(['-m', 'py_compile', join(folder, 'ysh_fallback.py')])
    await cli(flow, '--target', 'airflow', '--out', folder, '--start-date', '2026-03-09')
    assert.match(
      readFileSync(join(folder, 'ysh_fallback.py'), 'utf8'),
      /start_date=datetime\(2026, 3, 9, tzinfo=timezone.utc\)/,
    )
  })

  test('says what is wrong with the options', async () => {
    const noFolder = await cli(flow, '--target', 'airflow')
    assert.deepEqual(
      [noFolder.code, noFolder.err],
      [2, 'CLI_USAGE: --target airflow makes several files: give their folder, --out DIR'],
    )
    const noDate = await cli(flow, '--target', 'airflow', '--out', 'x', '--start-date', '2026-13-01')
    assert.deepEqual([noDate.code, noDate.err], [2, 'CLI_USAGE: --start-date is YYYY-MM-DD'])
  })
})
