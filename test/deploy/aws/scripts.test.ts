import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { root } from './terraform.ts'

const scripts = ['deploy.sh', 'destroy.sh']

/** Whether a program is on this machine. */
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

describe('the scripts of deploy/aws', () => {
  let folder = ''
  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')

  /** A tree like the project's, with doubles of what talks to AWS or builds; the scripts and the compiler's output are the real ones. */
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ysh-deploy-'))
    cpSync(root, join(folder, 'deploy/aws'), {
      recursive: true,
      filter: (from) => !/\.terraform|generated$/.test(from),
    })
    for (const place of ['bin', 'dist', 'dist-lambda', 'flows']) mkdirSync(join(folder, place))
    writeFileSync(join(folder, 'dist-lambda/steps.zip'), '')
    writeFileSync(join(folder, 'flows/one.json'), '[]')
    const cli = `import { mkdirSync, writeFileSync } from 'node:fs'
const out = process.argv.at(-1)
if (process.env.REFUSE) { console.error('error  CODE  a tab / a node'); process.exit(1) }
mkdirSync(out, { recursive: true })
writeFileSync(out + '/pipeline.auto.tfvars.json', '{"pipelines": {"ysh-fallback-run": {}}}')
console.error('  scheduled in all, at most: 5 transitions')
`
    writeFileSync(join(folder, 'dist/cli.js'), cli)
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
    const doubles = {
      npm: 'exit 0',
      aws: `case "$1 $2" in
'sts get-caller-identity') [ -z "$ANONYMOUS" ] || exit 255; echo '111122223333 arn:aws:iam::111122223333:user/x' ;;
'ssm get-parameter') exit 254 ;;
'ssm put-parameter') cat "\${4#file://}" >> "${folder}/put"; echo >> "${folder}/put" ;;
'stepfunctions start-execution') echo arn:execution ;;
'stepfunctions describe-execution') echo "\${STATUS:-SUCCEEDED}" ;;
esac`,
      terraform: `case "$1 $3" in
'plan '*) exit 2 ;;
'output secret_references') printf '%s\\n' "$REFERENCES" ;;
'output state_machines') echo '{"ysh-fallback-run":"arn:machine"}' ;;
'output buckets') echo '{"archive":"ysh-prod-archive-1"}' ;;
esac`,
    }
    for (const [name, body] of Object.entries(doubles)) {
      const file = join(folder, 'bin', name)
      writeFileSync(file, `#!/bin/sh\necho "${name} $*" >> "${folder}/calls"\n${body}\n`)
      chmodSync(file, 0o755)
    }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  function run(script: string, args: string[], input = '', env: Record<string, string> = {}) {
    writeFileSync(join(folder, 'calls'), '')
    writeFileSync(join(folder, 'put'), '')
    const PATH = `${join(folder, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`
    const { status, stderr } = spawnSync('bash', [join(folder, 'deploy/aws', script), ...args], {
      ...{ input, encoding: 'utf8', timeout: 30_000, env: { PATH, HOME: folder, REFERENCES: POSTGRES, ...env } },
    })
    return { status, stderr }
  }
  const puts = (): { Name: string; Value: string; Overwrite: boolean }[] =>
    readFileSync(join(folder, 'put'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const POSTGRES = '{"YSH_POSTGRES_URL":"ssm:/ysh-prod/YSH_POSTGRES_URL"}'
  const flow = () => ['--flow', join(folder, 'flows/one.json')]

  test('bash reads them', () => {
    for (const script of scripts) {
      const { status, stderr } = spawnSync('bash', ['-n', join(root, script)], { encoding: 'utf8' })
      assert.equal(status, 0, stderr)
    }
  })

  test('shellcheck finds nothing', (context) => {
    if (!has('shellcheck')) return context.skip('SKIPPED LOUDLY: shellcheck is not on this machine')
    const files = [...scripts, '../ec2/fetch-secrets.sh'].map((script) => join(root, script))
    const { status, stdout } = spawnSync('shellcheck', files, { encoding: 'utf8' })
    assert.equal(status, 0, stdout)
  })

  test('--plan plans, and changes nothing', () => {
    const { status, stderr } = run('deploy.sh', ['--plan', ...flow()])
    assert.equal(status, 0, stderr)
    assert.match(calls().join('\n'), /terraform plan/)
    assert.doesNotMatch(calls().join('\n'), /apply|put-|start-execution/)
  })

  test('no account: says what to do, before anything is built', () => {
    const { status, stderr } = run('deploy.sh', flow(), '', { ANONYMOUS: '1' })
    assert.equal(status, 1)
    assert.match(stderr, /aws configure/)
    assert.doesNotMatch(calls().join('\n'), /npm|terraform init/)
  })

  test('a refused flow ends it, with the reason', () => {
    const { status, stderr } = run('deploy.sh', flow(), '', { REFUSE: '1' })
    assert.equal(status, 1)
    assert.match(stderr, /CODE {2}a tab/)
    assert.doesNotMatch(calls().join('\n'), /terraform init/)
  })

  test('without a yes nothing is applied', () => {
    const { status, stderr } = run('deploy.sh', flow(), 'no\n')
    assert.equal(status, 1)
    assert.match(stderr, /nothing was changed/)
    assert.doesNotMatch(calls().join('\n'), /apply/)
  })

  test('applies, puts the secret past every list of processes, and starts the smoke test', () => {
    const secret = 'postgres://u:p"\\w@h/d'
    const { status, stderr } = run('deploy.sh', ['--yes', ...flow()], `${secret}\n`)
    assert.equal(status, 0, stderr)
    const wanted = { Name: '/ysh-prod/YSH_POSTGRES_URL', Value: secret, Type: 'SecureString', Overwrite: true }
    assert.deepEqual(puts(), [wanted])
    const all = calls().join('\n')
    assert.doesNotMatch(all, /postgres:/)
    assert.match(all, /start-execution --state-machine-arn arn:machine/)
    assert.doesNotMatch(stderr, /postgres:/)
  })

  test("Node-RED's own secrets are made up, differ, and never replace one that is there", () => {
    const REFERENCES = '{"NODE_RED_ADMIN_PASSWORD":"ssm:/p/a","NODE_RED_CREDENTIAL_SECRET":"ssm:/p/b"}'
    const { status, stderr } = run('deploy.sh', ['--yes', '--no-smoke', ...flow()], '', { REFERENCES })
    assert.equal(status, 0, stderr)
    const all = puts()
    assert.deepEqual(
      all.map(({ Name, Overwrite }) => [Name, Overwrite]),
      [
        ['/p/a', false],
        ['/p/b', false],
      ],
    )
    const values = all.map(({ Value }) => Value)
    assert.equal(new Set(values).size, 2)
    for (const value of values) {
      assert.match(value, /^[0-9a-f]{48}$/)
      assert.doesNotMatch(stderr + calls().join('\n'), new RegExp(value))
    }
  })

  test('a smoke test that fails fails the deployment', () => {
    const { status, stderr } = run('deploy.sh', ['--yes', ...flow()], '\n', { STATUS: 'FAILED' })
    assert.equal(status, 1)
    assert.match(stderr, /ended as FAILED/)
  })

  test('destroy.sh takes data only by its name, and never by --yes', () => {
    assert.equal(run('destroy.sh', ['--with-data', '--yes']).status, 2)
    assert.equal(run('destroy.sh', ['--with-data'], 'yes\n').status, 1)
    assert.doesNotMatch(calls().join('\n'), /apply|destroy/)
    assert.equal(run('destroy.sh', ['--with-data'], 'ysh-prod-archive-1\n').status, 0)
    assert.match(calls().join('\n'), /force_destroy=true/)
    assert.equal(run('destroy.sh', ['--yes']).status, 0)
    assert.doesNotMatch(calls().join('\n'), /force_destroy/)
  })
})
