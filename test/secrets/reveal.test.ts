import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { PipelineError } from '../../lib/errors.ts'
import { parseReference } from '../../lib/secrets/reference.ts'
import { reveal } from '../../lib/secrets/reveal.ts'
import { awsKeys } from '../../lib/stores/aws/client.ts'
import { code } from '../helpers/pipeline-error.ts'
import { type AwsDouble, startAwsDouble } from './aws-double.ts'

describe('secrets by reference', () => {
  let folder: string
  let aws: AwsDouble
  const kept = { ...process.env }
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ysh-secrets-'))
    aws = await startAwsDouble()
    Object.assign(process.env, aws.env())
  })
  afterEach(() => {
    aws.failing = undefined
    aws.asked.length = 0
  })
  after(async () => {
    process.env = kept
    rmSync(folder, { recursive: true })
    await aws.close()
  })

  test('what is no reference is the secret itself', async () => {
    for (const value of ['', 'pa:ss', 'file', 'postgresql://u:p@h/db', ' envy:x'])
      assert.equal(await reveal(value), value)
  })

  test('one that is misspelt is refused, and its words are not repeated', () => {
    for (const value of [
      'env:not a name',
      'file:relative/path',
      'ssm:',
      'ssm:/a b',
      'secretsmanager:#hidden',
      'env:A-B',
    ])
      assert.throws(
        () => parseReference(value),
        (thrown: unknown) => {
          assert.ok(thrown instanceof PipelineError && thrown.code === 'SECRET_REFERENCE')
          const rest = value.slice(value.indexOf(':') + 1)
          assert.ok(rest === '' || !thrown.message.includes(rest))
          return true
        },
      )
  })

  test('a file: without the line end, read anew each time', async () => {
    const path = join(folder, 'password')
    writeFileSync(path, 'with a blank \n')
    assert.equal(await reveal(`file:${path}`), 'with a blank ')
    assert.equal(await reveal(`file://${path}`), 'with a blank ')
    writeFileSync(path, 'rotated\r\n')
    assert.equal(await reveal(`file:${path}`), 'rotated')
  })

  test('a file that is not there, a folder, empty, too large', async () => {
    const path = join(folder, 'odd')
    await assert.rejects(reveal(`file:${path}`), code('SECRET_MISSING', /odd .*not there/))
    await assert.rejects(reveal(`file:${folder}`), code('SECRET_INVALID', /no file/))
    writeFileSync(path, '\n')
    await assert.rejects(reveal(`file:${path}`), code('SECRET_INVALID', /empty/))
    writeFileSync(path, 'x'.repeat(70_000))
    await assert.rejects(reveal(`file:${path}`), code('SECRET_INVALID', /70000 bytes/))
  })

  test('a file of another user', { skip: process.getuid?.() !== 0 && 'needs root to become somebody else' }, () => {
    const path = join(folder, 'of-root')
    writeFileSync(path, 'x')
    chmodSync(path, 0o600)
    chmodSync(folder, 0o755)
    const script = `process.setuid(65534); const { reveal } = await import(${JSON.stringify(new URL('../../lib/secrets/reveal.ts', import.meta.url).href)}); await reveal('file:${path}').catch((e) => console.log(e.code))`
    // the module is loaded before the user is changed, for its folder may be root's
    const swapped = script.replace(/^(process\.setuid\(65534\); )(const .*?; )/, '$2$1')
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', swapped], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    assert.equal(stdout.trim(), 'SECRET_DENIED', stderr)
  })

  test('a variable, its file, and a variable that is a reference itself', async () => {
    process.env.YSH_TEST_SECRET = 'from-variable'
    assert.equal(await reveal('env:YSH_TEST_SECRET'), 'from-variable')
    delete process.env.YSH_TEST_SECRET
    await assert.rejects(reveal('env:YSH_TEST_SECRET'), code('SECRET_MISSING', /YSH_TEST_SECRET_FILE/))
    process.env.YSH_TEST_SECRET_FILE = join(folder, 'v')
    writeFileSync(process.env.YSH_TEST_SECRET_FILE, 'from-file\n')
    assert.equal(await reveal('env:YSH_TEST_SECRET'), 'from-file')
    aws.parameters.set('/a/b', 'from-ssm')
    process.env.YSH_TEST_SECRET = 'ssm:/a/b'
    assert.equal(await reveal('env:YSH_TEST_SECRET'), 'from-ssm')
    process.env.YSH_TEST_SECRET = 'env:YSH_TEST_SECRET'
    await assert.rejects(reveal('env:YSH_TEST_SECRET'), code('SECRET_REFERENCE', /another variable/))
  })

  test('a parameter is decrypted, asked for once by all who want it at the same time, and kept a while', async () => {
    aws.parameters.set('/ysh/smtp', 'decrypted')
    const both = await Promise.all([reveal('ssm:/ysh/smtp'), reveal('ssm:/ysh/smtp')])
    assert.deepEqual(both, ['decrypted', 'decrypted'])
    assert.equal(await reveal('ssm:/ysh/smtp'), 'decrypted')
    assert.deepEqual(aws.asked, ['AmazonSSM.GetParameter /ysh/smtp'])
  })

  test('a managed secret, whole and by key', async () => {
    aws.secrets.set('prod/db', JSON.stringify({ password: 'of-key', port: 5432, nested: {} }))
    assert.equal(await reveal('secretsmanager:prod/db#password'), 'of-key')
    assert.equal(await reveal('secretsmanager:prod/db#port'), '5432')
    assert.match(await reveal('secretsmanager:prod/db'), /of-key/)
    await assert.rejects(reveal('secretsmanager:prod/db#nested'), code('SECRET_MISSING', /#nested/))
    aws.secrets.set('text', 'canary-text')
    await assert.rejects(reveal('secretsmanager:text#a'), (thrown: unknown) => {
      assert.ok(code('SECRET_INVALID', /no JSON object/)(thrown))
      assert.doesNotMatch(String(thrown), /canary/)
      return true
    })
  })

  test('what AWS refuses says what to do, and the next look-up asks again', async () => {
    const cases: [number, string, string, RegExp][] = [
      [400, 'ParameterNotFound', 'SECRET_MISSING', /region and account/],
      [400, 'AccessDeniedException', 'SECRET_DENIED', /ssm:GetParameter/],
      [400, 'ValidationException', 'SECRET_INVALID', /refuses/],
    ]
    for (const [status, type, expected, words] of cases) {
      aws.failing = { status, type }
      await assert.rejects(reveal('ssm:/refused'), code(expected, words))
    }
    aws.failing = undefined
    aws.parameters.set('/refused', 'after all')
    assert.equal(await reveal('ssm:/refused'), 'after all')
  })

  test('AWS that is down is to be tried again; whoever is stopped does not wait', async () => {
    aws.failing = { status: 500, type: 'InternalServerError' }
    await assert.rejects(reveal('ssm:/down'), (thrown: unknown) => {
      assert.ok(code('SECRET_UNAVAILABLE', /just now/)(thrown))
      assert.ok(thrown instanceof PipelineError && thrown.retryable)
      return true
    })
    aws.silent = true
    try {
      const started = performance.now()
      await assert.rejects(reveal('ssm:/silent', AbortSignal.timeout(100)))
      assert.ok(performance.now() - started < 5_000)
    } finally {
      aws.silent = false
    }
  })

  test('the keys of AWS clients may be references; plain ones are handed on as they are', async () => {
    const plain = { accessKeyId: 'AKID', secretAccessKey: 'plain' }
    assert.equal(awsKeys(plain), plain)
    writeFileSync(join(folder, 's3'), 'of-file')
    const provider = awsKeys({ accessKeyId: 'AKID', secretAccessKey: `file:${join(folder, 's3')}` })
    assert.ok(typeof provider === 'function')
    const { expiration, ...keys } = await provider()
    assert.deepEqual(keys, { accessKeyId: 'AKID', secretAccessKey: 'of-file' })
    assert.ok(expiration.getTime() > Date.now())
  })
})
