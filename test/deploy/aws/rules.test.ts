import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scopes } from '../../../lib/api/access/caller.ts'
import { catalogue, metricNames } from '../../../lib/metrics/catalogue.ts'
import { cloudwatchName } from '../../../lib/metrics/cloudwatch/datum.ts'
import { alarmMetrics, alarms } from '../cloudwatch-files.ts'
import { providerTable } from './provider.ts'
import { check, rules } from './rules.ts'
import { loadModules, root, sources } from './terraform.ts'

const table = providerTable()

describe('deploy/aws', () => {
  test('is HCL, and follows all rules', async () => {
    const modules = await loadModules()
    const resources = modules.flatMap((one) => one.resources)
    assert.ok(modules.length >= 12 && resources.length > 100, 'all of it was read')
    assert.deepEqual(check(modules, table), [])
  })

  test('a broken file is named with line and column', async () => {
    const files = { ...sources(), 'main.tf': 'resource "aws_sns_topic" "x" {\n  name = \n}\n' }
    await assert.rejects(loadModules(files), /main\.tf:2/)
  })

  test('alarms and dashboard name metrics of the catalogue that CloudWatch gets', () => {
    const sent = metricNames.filter((name) => 'cloudwatch' in catalogue[name])
    assert.ok(sent.length > 0 && sent.length <= 10, `${sent.length} metrics are sent`)
    const known = sent.map(cloudwatchName)
    const board = readFileSync(join(root, 'modules/board/main.tf'), 'utf8')
    const shown = [...board.matchAll(/^ {4}"([a-z0-9_.]+)" += "/gm)].map(([, name = '']) => name)
    const named = [...alarmMetrics().map(({ name }) => name), ...shown]
    assert.ok(named.length >= 10)
    assert.deepEqual(
      named.filter((name) => !known.includes(name)),
      [],
    )
  })

  test('the alarms are those of deploy/cloudwatch, and the module drops no part of them', async () => {
    const modules = await loadModules()
    const made = modules.find(({ path }) => path === '')?.calls.alarms
    assert.match(String(made?.alarms), /\/\.\.\/cloudwatch\/alarms\.json"\)/)
    // An attribute that the type does not name is dropped by Terraform without a word.
    const declared = modules.find(({ path }) => path === 'modules/alarms')?.variables.alarms
    const type = new Set([...String(declared?.type).matchAll(/(\w+)\s*=/g)].map(([, name = '']) => name))
    const names = new Set<string>()
    JSON.stringify(alarms, (key, value: unknown) => {
      if (!/^\d*$/.test(key) && key !== 'Pipeline') names.add(key)
      return value
    })
    assert.ok(names.has('return_data') && names.has('dimensions'))
    assert.deepEqual([...names].sort(), [...type].sort())
  })

  test("Cognito's scopes are those that the data API knows", () => {
    const cognito = readFileSync(join(root, 'modules/api/cognito.tf'), 'utf8')
    const [, declared = ''] = /\n {2}allowed = \{\n([^}]*)\}/.exec(cognito) ?? []
    const names = [...declared.matchAll(/^ +(\w+) += "/gm)].map(([, name = '']) => name)
    assert.deepEqual(names.sort(), [...scopes].sort())
  })

  test('every runbook is one that the Prometheus alerts know too', () => {
    const prometheus = readFileSync(join(root, '../prometheus/alerts.yml'), 'utf8')
    const main = readFileSync(join(root, 'modules/alarms/main.tf'), 'utf8')
    const named = [
      ...alarms.map(({ description }) => /runbooks\.md#([a-z-]+)$/.exec(description)?.[1] ?? ''),
      ...[...main.matchAll(/local\.runbooks\}#([a-z-]+)/g)].map(([, name = '']) => name),
    ]
    assert.ok(named.length >= 9)
    assert.deepEqual(
      named.filter((name) => !prometheus.includes(`runbooks.md#${name}"`)),
      [],
    )
  })
})

/** One change a rule, and what must be said of it: [rule, file, from, to, what]. */
const mutations: [string, string, string, string, RegExp][] = [
  ['arguments', 'modules/pipeline/main.tf', 'memory_size  ', 'memory_sizes ', /takes no memory_sizes/],
  ['arguments', 'modules/pipeline/triggers.tf', '    mode = ', '    mood = ', /takes no flexible_time_window.mood/],
  ['arguments', 'modules/pipeline/triggers.tf', 'arn      = aws_sfn', 'arns     = aws_sfn', /lacks target\.arn/],
  ['arguments', 'modules/network/main.tf', '"aws_eip" "nat"', '"aws_elastic_ip" "nat"', /not in provider\.json/],
  ['references', 'main.tf', 'local.tags', 'local.tag', /local\.tag is not declared/],
  ['references', 'modules/archive/main.tf', 'var.inbox_days', 'var.inbox_day', /var\.inbox_day is not declared/],
  ['references', 'outputs.tf', 'module.archive.buckets', 'module.archive.bucket', /is no output/],
  [
    'references',
    'modules/pipeline/main.tf',
    'role_arn   = aws_iam_role.machine.arn',
    'role_arn   = aws_iam_role.machines.arn',
    /not declared/,
  ],
  ['references', 'modules/pipeline/outputs.tf', 'aws_sqs_queue.dead.url', 'aws_sqs_queue.dead.link', /is no attribute/],
  [
    'references',
    'modules/pipeline/triggers.tf',
    'aws_lambda_alias.live.arn',
    'aws_lambda_alias.dead.arn',
    /not declared/,
  ],
  ['modules', 'main.tf', 'recovery_days = 7', 'recovery = 7', /takes no recovery/],
  ['modules', 'main.tf', '  recovery_days = 7\n', '', /lacks recovery_days/],
  ['unused', 'variables.tf', 'variable "waf" {', 'variable "wof" {', /used by nobody/],
  ['descriptions', 'modules/key/variables.tf', '  type        = string\n', '', /no description or type/],
  ['iam', 'modules/pipeline/iam.tf', '"lambda:InvokeFunction"', '"lambda:*"', /allows lambda:\*/],
  [
    'iam',
    'modules/pipeline/iam.tf',
    'resources = [aws_lambda_alias.live.arn]',
    'resources = ["*"]',
    /on every resource/,
  ],
  ['iam', 'topics.tf', 'effect    = "Deny"', 'effect    = "Allow"', /lets anybody in/],
  ['logs', 'modules/pipeline/main.tf', '  retention_in_days = var.log_days\n', '', /for ever/],
  [
    'buckets',
    'modules/archive/main.tf',
    'block_public_policy     = true',
    'block_public_policy     = false',
    /may be public/,
  ],
  [
    'buckets',
    'modules/archive/main.tf',
    '"aws_s3_bucket_server_side_encryption_configuration" "data"',
    '"aws_s3_bucket_cors_configuration" "data"',
    /server_side_encryption/,
  ],
  ['buckets', 'modules/archive/main.tf', 'aws:SecureTransport', 'aws:SourceIp', /without TLS/],
  [
    'queues',
    'modules/pipeline/triggers.tf',
    '  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null\n',
    '',
    /not encrypted/,
  ],
  ['tags', 'modules/network/main.tf', '  tags                 = merge(var.tags, { Name = var.name })\n', '', /no tags/],
  ['tables', 'modules/metadata/main.tf', '"PROVISIONED"', '"PAY_PER_REQUEST"', /not free/],
  ['secrets', 'variables.tf', 'variable "image" {', 'variable "database_password" {', /not sensitive/],
  [
    'secrets',
    'modules/secrets/main.tf',
    '"aws_secretsmanager_secret" "managed"',
    '"aws_ssm_parameter" "managed"',
    /into the state/,
  ],
  ['machines', 'modules/nodered-ec2/main.tf', '"required"', '"optional"', /IMDSv1/],
  [
    'machines',
    'modules/nodered-ec2/main.tf',
    'encrypted             = true',
    'encrypted             = false',
    /not encrypted/,
  ],
  [
    'ingress',
    'modules/network/main.tf',
    '  cidr_ipv4         = var.cidr\n  ip_protocol',
    '  cidr_ipv4         = "0.0.0.0/0"\n  ip_protocol',
    /lets the internet in/,
  ],
  ['watched', 'modules/pipeline/main.tf', '    enabled = true', '    enabled = false', /no log or no trace/],
  [
    'authorized',
    'modules/api/rest.tf',
    '  authorization_scopes = local.cognito ? values(local.scopes) : null\n',
    '',
    /ID tokens/,
  ],
  ['versions', 'modules/api/versions.tf', '"~> 6.66"', '">= 6"', /does not pin aws/],
  ['versions', 'versions.tf', '">= 1.6"', '">= 0.13"', /required_version/],
]

describe('each rule, broken once', () => {
  const files = sources()
  for (const [rule, file, from, to, what] of mutations) {
    test(`${rule}: ${file}, ${to.trim() === '' ? `without ${from.trim()}` : to.trim()}`, async () => {
      const text = files[file] ?? ''
      assert.ok(text.includes(from), 'the place to break is there')
      const found = check(await loadModules({ ...files, [file]: text.replace(from, to) }), table)
      assert.ok(
        found.some((one) => one.rule === rule && what.test(one.what)),
        `found: ${JSON.stringify(found)}`,
      )
    })
  }

  test('no rule is left out', () => {
    assert.deepEqual(
      Object.keys(rules).filter((rule) => !mutations.some(([name]) => name === rule)),
      [],
    )
  })
})
