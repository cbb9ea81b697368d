import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parse } from 'yaml'
import { isRecord } from '../../../lib/flow-check/node.ts'
import { alarms } from '../cloudwatch-files.ts'
import { providerTable } from './provider.ts'
import { type ProviderDouble, startProvider } from './provider-double.ts'
import {
  allowed,
  everything,
  program,
  resourcesOf,
  type Shown,
  varFiles,
  type Workplace,
  workplace,
} from './run-terraform.ts'
import { root } from './terraform.ts'

describe('terraform itself', {
  skip: program === undefined ? 'SKIPPED LOUDLY: neither terraform nor tofu is on this machine' : false,
}, () => {
  let place: Workplace
  before(async () => {
    place = await workplace(['daily', 'event'])
  })
  after(() => place.remove())

  test('all files are in its form', async () => {
    const { status, text } = await place.run(['fmt', '-check', '-recursive'])
    assert.equal(status, 0, text)
  })

  for (const module of ['generated', 'board']) {
    test(`modules/${module}: valid, and its own tests pass`, async () => {
      for (const args of [['init', '-backend=false'], ['validate'], ['test']]) {
        const { status, text } = await place.run([...args, '-no-color'], { place: `modules/${module}` })
        assert.equal(status, 0, text.slice(-3_000))
      }
    })
  }

  test('a placeholder that nobody fills is noticed', async () => {
    const file = join(place.folder, 'generated/daily/ysh-daily-run.asl.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('{StepFunctionArn}', '{OtherFunctionArn}'))
    const { status, text: said } = await place.run(['test', '-no-color'], { place: 'modules/generated' })
    writeFileSync(file, text)
    assert.notEqual(status, 0)
    assert.match(said, /OtherFunctionArn/)
  })

  describe('the whole, over the double of its providers', () => {
    let resources: Shown[] = []
    const one = (address: string) => {
      const found = resources.find((resource) => resource.address === address)
      assert.ok(found, address)
      return found.values
    }

    let double: ProviderDouble
    before(async () => {
      double = await startProvider(providerTable())
      writeFileSync(join(place.folder, 'own.tfvars'), everything)
      const { status, text } = await place.run(['init', '-backend=false', '-input=false', '-no-color'], double)
      assert.equal(status, 0, text.slice(-4_000))
    })
    after(() => double.close())

    test('is valid, and can be planned as it comes and with everything on', async () => {
      // As it comes nobody is told: AWS, and its schema, refuse a subscription without an address.
      writeFileSync(join(place.folder, 'none.tfvars'), '')
      for (const args of [
        ['validate', '-no-color'],
        ['plan', ...varFiles('none.tfvars')],
        ['plan', ...varFiles('own.tfvars')],
      ]) {
        const { status, text } = await place.run(args, double)
        assert.equal(status, 0, text.slice(-4_000))
      }
    })

    test('a wrong type is noticed', async () => {
      const file = join(place.folder, 'topics.tf')
      const text = readFileSync(file, 'utf8')
      assert.ok(text.includes('endpoint  = each.value'))
      writeFileSync(file, text.replace('endpoint  = each.value', 'endpoint  = [each.value]'))
      const { text: said } = await place.run(['validate', '-no-color'], double)
      writeFileSync(file, text)
      assert.match(said, /Inappropriate value for attribute\s+"endpoint"/)
    })

    test('a plan by somebody who foresees what AWS will answer', async () => {
      const oracle = await startProvider(providerTable(), { foresees: true })
      try {
        const { status, text } = await place.run(['plan', '-out=all.tfplan', ...varFiles('own.tfvars')], oracle)
        assert.equal(status, 0, text.slice(-4_000))
        const shown = await place.run(['show', '-json', 'all.tfplan'], oracle)
        resources = resourcesOf(shown.text)
      } finally {
        await oracle.close()
      }
      assert.ok(resources.length > 150, `${resources.length} resources`)
    })

    test('the alarms are those of deploy/cloudwatch, number for number', () => {
      for (const { name, threshold, evaluation_periods, comparison, treat_missing_data, queries } of alarms) {
        const key = name.replace('ysh-', '')
        const made = one(`module.alarms.aws_cloudwatch_metric_alarm.pipeline["${key}"]`)
        assert.deepEqual(
          [made.threshold, made.evaluation_periods, made.comparison_operator, made.treat_missing_data, made.alarm_name],
          [threshold, evaluation_periods, comparison, treat_missing_data, `ysh-prod-${key}`],
        )
        const asked = queries.map(({ id, metric }) => [id, metric?.name, metric?.period, metric?.stat])
        const rows = made.metric_query
        assert.ok(Array.isArray(rows))
        const planned = rows.map(({ id, metric: [metric] }) => [id, metric?.metric_name, metric?.period, metric?.stat])
        assert.deepEqual(planned.sort(), asked.sort())
        for (const { metric } of rows)
          assert.deepEqual(metric[0]?.dimensions ?? { Pipeline: 'ysh-prod' }, { Pipeline: 'ysh-prod' })
      }
    })

    test("events are posted by those that send them, to this API's stage only", () => {
      const senders = ['api[0].module.role', 'pipeline.module.deliver_role[0]', 'pipeline.module.role']
      assert.deepEqual(
        allowed(resources, 'execute-api:ManageConnections').map((address) => address.replace(/\.aws_iam.*/, '')),
        senders.map((one) => `module.${one}`),
      )
      for (const name of ['step', 'deliver[0]'])
        assert.match(
          JSON.stringify(one(`module.pipeline.aws_lambda_function.${name}`).environment),
          /"YSH_API_EVENTS_ENDPOINT":"aws_apigatewayv2_stage\.invoke_url"/,
        )
    })

    test("the machine begins with deploy/ec2's user data, and what is its own", () => {
      const text = String(one('module.nodered[0].aws_instance.nodered').user_data)
      assert.match(text, /^#cloud-config\n/)
      assert.ok(text.length < 16_384)
      const read = (from: string): CloudConfig => parse(from)
      const [made, source] = [read(text), read(readFileSync(join(root, '../ec2/user-data.yaml'), 'utf8'))]
      assert.deepEqual(made.runcmd, source.runcmd)
      assert.deepEqual(
        made.write_files.map(({ path, permissions }) => [path, permissions]),
        source.write_files.map(({ path, permissions }) => [path, permissions]),
      )
      const own = ['/etc/ysh/image', '/etc/ysh/environment', '/etc/ysh/secrets', '/etc/docker/daemon.json']
      const content = (path: string) => made.write_files.find((file) => file.path === path)?.content ?? ''
      for (const file of source.write_files)
        assert.equal(content(file.path) === file.content, !own.includes(file.path), file.path)
      assert.match(content('/etc/ysh/image'), /^IMAGE=123456789012\.dkr\.ecr\..*\nMEMORY=1440m\nMEMORY_SWAP=2880m\n$/)
      assert.match(content('/etc/ysh/environment'), /^YSH_PIPELINE=ysh-prod$/m)
      assert.match(content('/etc/ysh/environment'), /^YSH_CLOUDWATCH=emf$/m)
      assert.doesNotMatch(content('/etc/ysh/environment'), /YSH_POSTGRES_URL|=$/m)
      assert.equal(
        content('/etc/ysh/secrets'),
        ['NODE_RED_ADMIN_PASSWORD', 'NODE_RED_CREDENTIAL_SECRET', 'YSH_POSTGRES_URL']
          .map((name) => `${name} /ysh-prod/${name}\n`)
          .join(''),
      )
      assert.equal(JSON.parse(content('/etc/docker/daemon.json'))['log-opts']['awslogs-group'], '/ysh-prod/node-red')
    })

    test('who may ask the API: API Gateway and the function look at the same pool, clients and scopes', () => {
      const scope = (name: string) => `ysh-prod/${name}`
      const all = ['datasets', 'documents', 'events', 'runs'].map(scope)
      for (const path of ['all', 'root']) {
        const method = one(`module.api[0].aws_api_gateway_method.all["${path}"]`)
        assert.equal(method.authorization, 'COGNITO_USER_POOLS')
        assert.deepEqual(listed(method.authorization_scopes), all)
      }
      const server = one('module.api[0].aws_cognito_resource_server.this[0]')
      assert.equal(server.identifier, 'ysh-prod')
      const persons = one('module.api[0].aws_cognito_user_pool_client.persons[0]')
      assert.deepEqual([persons.generate_secret, persons.allowed_oauth_flows], [false, ['code']])
      assert.deepEqual(listed(persons.allowed_oauth_scopes), ['email', 'openid', ...all])
      // Cognito takes this flow with a secret only, and with no other flow.
      const program = one('module.api[0].aws_cognito_user_pool_client.program["billing"]')
      assert.deepEqual([program.generate_secret, program.allowed_oauth_flows], [true, ['client_credentials']])
      assert.deepEqual(listed(program.allowed_oauth_scopes), [scope('datasets'), scope('runs')])

      const [environment] = rows(one('module.api[0].aws_lambda_function.api["rest"]').environment)
      const variables = isRecord(environment?.variables) ? environment.variables : {}
      // what the double makes up of an id and of the pool's place
      const client = 'aws_cognito_user_pool_client.id'
      const pool = 'https://aws_cognito_user_pool.endpoint'
      assert.equal(variables.YSH_API_JWKS_URL, `${pool}/.well-known/jwks.json`)
      assert.equal(variables.YSH_API_ISSUER, pool)
      assert.equal(variables.YSH_API_AUDIENCES, `${client},${client}`)
      assert.deepEqual(String(variables.YSH_API_SCOPE_MAP).split(','), [
        ...all.map((theirs) => `${theirs}=${theirs.split('/')[1]}`),
      ])
    })

    test("only the machine may read Node-RED's own secrets; functions have one shape of role", () => {
      assert.deepEqual(allowed(resources, 'NODE_RED_CREDENTIAL_SECRET'), [
        'module.nodered[0].aws_iam_role_policy.secrets["own-parameters"]',
      ])
      const every = ['api[0].module.role', 'pipeline.module.deliver_role[0]', 'pipeline.module.role'].map(
        (one) => `module.${one}.aws_iam_role_policy.function["every"]`,
      )
      assert.deepEqual(allowed(resources, 'ec2:CreateNetworkInterface'), every)
      assert.deepEqual(allowed(resources, 'kms:GenerateDataKey'), every.slice(1))
    })
  })
})

const listed = (value: unknown) => (Array.isArray(value) ? value.map(String).sort() : [])
const rows = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : [])

interface CloudConfig {
  runcmd: unknown[]
  write_files: { path: string; permissions: string; content: string }[]
}
