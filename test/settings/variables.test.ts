import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { settingsMarkdown, target } from '../../build/docs-settings.ts'
import { commandVariables, processVariables, settingsVariables } from '../../settings/variables.ts'
import { filesUnder, read } from '../package/package-files.ts'

const declared = new Set([...settingsVariables, ...processVariables, ...commandVariables].map(({ name }) => name))
const names = (text: string) => [...new Set(text.match(/\b(?:YSH|NODE_RED)_[A-Z0-9]+(?:_[A-Z0-9]+)*\b/g) ?? [])]

describe('the variables of the environment', () => {
  test('docs/settings.md is up to date', () => {
    const text = readFileSync(target, 'utf8')
    assert.equal(settingsMarkdown(text), text, 'the variables have changed: run `node build/docs-settings.ts`')
  })

  test('what the code reads is declared', () => {
    const sources = ['lib', 'nodes', 'settings'].flatMap((folder) => filesUnder(folder, '.ts'))
    const asked = sources.flatMap((file) =>
      [...read(file).matchAll(/\benv\.((?:YSH|NODE_RED)_\w+)/g)].map(([, name = '']) => name),
    )
    assert.ok(asked.length > 2)
    assert.deepEqual(
      asked.filter((name) => !declared.has(name)),
      [],
    )
  })

  test('documents name only variables that exist', () => {
    const flows = filesUnder('flows', '.json').map(read).join('\n')
    const known = new Set([
      ...declared,
      ...names(flows),
      ...names(read('compose.yaml')),
      ...names(read('Dockerfile')),
      ...names(read('deploy/airflow/dags/ysh_runner.py')),
      ...names(read('test/portable/airflow/verify.ts')),
    ])
    const documents = ['README.md', ...filesUnder('docs', '.md')]
    const unknown = documents.flatMap((file) =>
      names(read(file))
        .filter((name) => !known.has(name) && !known.has(name.replace(/_FILE$/, '')))
        .map((name) => `${file}: ${name}`),
    )
    assert.deepEqual(unknown, [])
  })
})
