import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { validate } from 'dockerfile-utils'
import { runtimePackages } from '../../build/image/packages.ts'
import { packageFolder } from '../helpers/node-red.ts'
import { dockerfileText, imageSteps, stages, wordsOf } from './dockerfile.ts'
import { contextFiles } from './image-root.ts'

describe('the Dockerfile', () => {
  test('has nothing that a linter minds', () => {
    assert.deepEqual(validate(dockerfileText), [])
    assert.notDeepEqual(validate('FROM x\nCOPYY a b'), [], 'the linter looks at nothing')
  })

  test('pins its base images, the same in each stage', () => {
    const bases = stages().map(([from]) => from?.text.split(' ')[0] ?? '')
    for (const base of bases) assert.match(base, /:\d+\.\d+\.\d+-\w+-slim$/)
    assert.equal(new Set(bases).size, 1)
  })

  test('runs node itself, as a user by number, watched, and makes nothing in the last stage', () => {
    assert.equal(wordsOf(imageSteps('ENTRYPOINT').at(-1))[0], 'node')
    assert.equal(wordsOf(imageSteps('HEALTHCHECK').at(-1))[0], 'node')
    assert.equal(imageSteps('USER').at(-1)?.text, '1000:1000')
    assert.deepEqual(imageSteps('RUN'), [])
    assert.deepEqual(imageSteps('ADD'), [])
    for (const step of imageSteps('COPY')) assert.equal(step.flags.from, 'build')
  })

  test('sends no secret, no test and no repository into the build', () => {
    const files = contextFiles()
    assert.ok(files.includes('build/image.ts') && files.includes('flows/daily.json'))
    assert.deepEqual(
      files.filter((name) => /^(test|bench|chaos|\.git|secrets|node_modules|dist|\.env)/.test(name)),
      files.filter((name) => name === '.gitignore'),
    )
  })

  test('installs on amd64 and arm64: each package with binaries is in the lock file for both', () => {
    const lock = JSON.parse(readFileSync(join(packageFolder, 'package-lock.json'), 'utf8'))
    const families = new Map<string, Set<string>>()
    for (const { path, os, cpu, libc } of runtimePackages(lock, ['node-red'])) {
      if (!os?.includes('linux') || cpu === undefined || libc?.includes('musl')) continue
      const family = path.replace(/-linux-.*/, '')
      families.set(family, new Set([...(families.get(family) ?? []), ...cpu]))
    }
    assert.ok(families.size >= 2)
    for (const [family, cpus] of families) assert.ok(cpus.has('x64') && cpus.has('arm64'), family)
  })
})
