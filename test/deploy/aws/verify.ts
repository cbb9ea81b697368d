import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { providerTable, tableFile } from './provider.ts'
import { startProvider } from './provider-double.ts'
import { makeTable, tableText } from './provider-table.ts'
import { allowed, everything, program, resourcesOf, varFiles, workplace } from './run-terraform.ts'

/**
 * What is too long for `npm test`, or needs the network: `npm run verify:terraform`. Each part is skipped, and says so, where it cannot be done.
 * UPDATE_PROVIDER=1 writes provider.json anew.
 */
const packages = { aws: '@cdktn/provider-aws@25.7.0', archive: '@cdktn/provider-archive@14.0.1' }

function loudly(t: { skip(why: string): void }, why: string): void {
  process.stderr.write(`\nSKIPPED: ${why}\n\n`)
  t.skip(why)
}

describe('deploy/aws', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-verify-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  test("provider.json is the providers' published schema", async (t) => {
    const folders: Record<string, string> = {}
    for (const [name, spec] of Object.entries(packages)) {
      const place = join(folder, name)
      mkdirSync(place)
      const { status, stderr } = spawnSync('npm', ['pack', '--silent', spec], {
        ...{ cwd: place, encoding: 'utf8', timeout: 300_000 },
      })
      const file = readdirSync(place).find((one) => one.endsWith('.tgz'))
      if (status !== 0 || file === undefined)
        return loudly(t, `${spec} cannot be had, so the schema was not compared: ${stderr}`)
      assert.equal(spawnSync('tar', ['xzf', file], { cwd: place, timeout: 120_000 }).status, 0)
      folders[name] = join(place, 'package')
    }
    const text = tableText(await makeTable(folders))
    if (process.env.UPDATE_PROVIDER === '1') writeFileSync(tableFile, text)
    assert.equal(readFileSync(tableFile, 'utf8'), text, 'UPDATE_PROVIDER=1 npm run verify:terraform writes it anew')
  })

  /** A list that AWS's answers decide cannot be planned: the double must make Terraform say so. */
  async function knownTooLate(place: string, plan: () => Promise<string>): Promise<void> {
    const file = join(place, 'topics.tf')
    const text = readFileSync(file, 'utf8')
    assert.ok(text.includes('toset(var.emails)'))
    writeFileSync(file, text.replace('toset(var.emails)', 'toset([aws_sns_topic.alarms.arn])'))
    assert.match(await plan(), /Invalid for_each argument/)
    writeFileSync(file, text)
  }

  const variants = {
    'as it comes': '',
    'everything on': everything,
    'as little as there can be':
      'api = false\nmetadata_table = false\nbudget_dollars = 0\nanomaly_dollars = 0\nschedules_enabled = false\nsecret_parameters = []\n',
  }
  for (const [name, own] of Object.entries(variants)) {
    test(`applied over the double, ${name}: nothing is left to change, and all of it goes away again`, async (t) => {
      if (program === undefined) return loudly(t, 'neither terraform nor tofu is on this machine')
      const place = await workplace(['daily', 'hourly', 'event', 'fallback'])
      const double = await startProvider(providerTable())
      const run = async (status: number, ...args: string[]) => {
        const said = await place.run(args, double)
        assert.equal(said.status, status, said.text.slice(-4_000))
        return said.text
      }
      try {
        writeFileSync(join(place.folder, 'own.tfvars'), own)
        const vars = varFiles('own.tfvars')
        await run(0, 'init', '-backend=false', '-input=false', '-no-color')
        if (own === '') await knownTooLate(place.folder, () => run(1, 'plan', ...vars))
        await run(0, 'apply', '-auto-approve', ...vars)
        await run(0, 'plan', '-detailed-exitcode', ...vars)
        const resources = resourcesOf(await run(0, 'show', '-json'))
        for (const { address, values } of resources.filter(({ type }) => type === 'aws_iam_role_policy')) {
          const { Statement }: { Statement: { Action: string[] }[] } = JSON.parse(String(values.policy))
          assert.ok(!Statement.some(({ Action }) => Action.some((action) => action.includes('*'))), address)
        }
        const puller = allowed(resources, 'arn:aws:ecr:sa-east-1:123456789012:repository/ysh/pipeline')
        assert.deepEqual(puller, own === everything ? ['module.nodered[0].aws_iam_role_policy.nodered'] : [])
        await run(0, 'destroy', '-auto-approve', ...vars)
      } finally {
        await double.close()
        place.remove()
      }
    })
  }

  test('valid by the real providers', async (t) => {
    if (program === undefined) return loudly(t, 'neither terraform nor tofu is on this machine')
    const place = await workplace(['daily'])
    try {
      const { status, text } = await place.run(['init', '-backend=false', '-input=false', '-no-color'])
      if (status !== 0) {
        const why = /Error: (.*)/.exec(text)?.[1] ?? ''
        return loudly(t, `no provider can be downloaded here, so nothing was checked by AWS's own: ${why}`)
      }
      const valid = await place.run(['validate', '-no-color'])
      assert.equal(valid.status, 0, valid.text)
    } finally {
      place.remove()
    }
  })
})
