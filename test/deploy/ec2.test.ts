import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { parse } from 'yaml'
import { packageFolder } from '../helpers/node-red.ts'

const at = (name: string) => join(packageFolder, 'deploy/ec2', name)
const read = (name: string) => readFileSync(at(name), 'utf8')
const noSystemd =
  spawnSync('systemd-analyze', ['--version']).status === 0 ? undefined : 'systemd-analyze is not on the PATH'

describe('the files for EC2', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-ec2-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('user data hold the very files, and fit', () => {
    const text = read('user-data.yaml')
    assert.match(text, /^#cloud-config\n/)
    assert.ok(text.length < 16_384, 'EC2 takes 16 KiB')
    const { write_files: files }: { write_files: { path: string; content: string }[] } = parse(text)
    const content = (path: string) => files.find((file) => file.path === path)?.content
    assert.equal(content('/usr/local/sbin/ysh-fetch-secrets'), read('fetch-secrets.sh'))
    assert.equal(content('/etc/systemd/system/ysh-pipeline.service'), read('ysh-pipeline.service'))
  })

  test('systemd takes the unit', { skip: noSystemd }, () => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', at('ysh-pipeline.service')], { encoding: 'utf8' })
    // Docker and the script are not on this machine
    const real = stderr.split('\n').filter((line) => /ysh-pipeline/.test(line) && !/docker|not executable/.test(line))
    assert.deepEqual(real, [])
  })

  test('secrets come from SSM into files that are named in the environment; a missing one stops the start', () => {
    const aws = join(folder, 'aws')
    writeFileSync(
      aws,
      '#!/bin/sh\ncase "$*" in *"--with-decryption --name /ysh/admin-password"*) echo "a secret" ;; *) echo "ParameterNotFound" >&2; exit 254 ;; esac\n',
    )
    chmodSync(aws, 0o755)
    const list = join(folder, 'list')
    const run = (lines: string) => {
      writeFileSync(list, lines)
      const env = { PATH: `${folder}:${process.env.PATH}` }
      return spawnSync('sh', [at('fetch-secrets.sh'), list, join(folder, 'run')], { env, encoding: 'utf8' })
    }
    const good = run('# which is which\n\nNODE_RED_ADMIN_PASSWORD /ysh/admin-password\n')
    assert.equal(good.status, 0, good.stderr)
    const file = join(folder, 'run/secrets/NODE_RED_ADMIN_PASSWORD')
    assert.equal(readFileSync(file, 'utf8'), 'a secret')
    assert.equal(statSync(file).mode & 0o077, 0)
    assert.equal(
      readFileSync(join(folder, 'run/environment'), 'utf8'),
      'NODE_RED_ADMIN_PASSWORD_FILE=/run/secrets/NODE_RED_ADMIN_PASSWORD\n',
    )
    const bad = run('NODE_RED_CREDENTIAL_SECRET /ysh/none\n')
    assert.notEqual(bad.status, 0)
    assert.match(bad.stderr, /ParameterNotFound/)
  })

  test('an image in ECR: Docker logs in there, by standard input, in the region of the registry', () => {
    for (const [name, body] of [
      ['aws', '[ "$*" = "ecr get-login-password --region sa-east-1" ] && echo a-password'],
      ['docker', `echo "$*" > "${folder}/docker-calls"; cat >> "${folder}/docker-calls"`],
    ] as const) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`)
      chmodSync(join(folder, name), 0o755)
    }
    writeFileSync(join(folder, 'list'), '')
    writeFileSync(join(folder, 'docker-calls'), '')
    const calls = (IMAGE: string) => {
      const env = { PATH: `${folder}:${process.env.PATH}`, IMAGE }
      const args = [at('fetch-secrets.sh'), join(folder, 'list'), join(folder, 'run')]
      assert.equal(spawnSync('sh', args, { env, encoding: 'utf8' }).status, 0)
      return readFileSync(join(folder, 'docker-calls'), 'utf8')
    }
    assert.equal(calls('ghcr.io/ysh/pipeline:1'), '')
    assert.equal(
      calls('123456789012.dkr.ecr.sa-east-1.amazonaws.com/ysh/pipeline:1'),
      'login --username AWS --password-stdin 123456789012.dkr.ecr.sa-east-1.amazonaws.com\na-password\n',
    )
  })
})
