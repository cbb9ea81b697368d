import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Codes that the sources give to a PipelineError, as far as they stand there as text. */
function codes(): Map<string, string> {
  const found = new Map<string, string>()
  for (const folder of ['lib', 'nodes', 'settings', 'lambda']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!entry.endsWith('.ts')) continue
      const source = readFileSync(join(root, folder, entry), 'utf8')
      const calls = /(?:new PipelineError|PipelineError\.from)\(([^)]*)/g
      for (const [, call = ''] of source.matchAll(calls)) {
        for (const [, code = ''] of call.slice(0, 400).matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)'/g)) {
          if (code.length > 3) found.set(code, join(folder, entry))
        }
      }
    }
  }
  return found
}

test('every error code has a line in docs/errors.md that says what to do', () => {
  const found = codes()
  assert.ok(found.size > 60, `only ${found.size} codes were found: the search is broken`)
  const documented = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const missing = [...found].filter(([code]) => !documented.includes(`\`${code}\``) && !/^(HTTP|SQL)_/.test(code))
  assert.deepEqual(missing, [])
})
