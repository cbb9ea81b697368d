import type { Argument, Block, ProviderTable } from './provider.ts'
import { asBody, asList, type Body, blocks, codeOf, type Hcl, type Module, type Resource } from './terraform.ts'

export interface Finding {
  rule: string
  where: string
  what: string
}

type Rule = (modules: readonly Module[], table: ProviderTable) => Finding[]

/** What every resource and module knows without declaring it. */
const meta = new Set(['for_each', 'count', 'depends_on', 'lifecycle', 'provider', 'dynamic'])

/** Actions that AWS knows no resource for (service authorization reference). */
const withoutResource = new Set([
  ...['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets'],
  ...['logs:CreateLogDelivery', 'logs:GetLogDelivery', 'logs:UpdateLogDelivery', 'logs:DeleteLogDelivery'],
  ...['logs:ListLogDeliveries', 'logs:PutResourcePolicy', 'logs:DescribeResourcePolicies', 'logs:DescribeLogGroups'],
  ...[
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
  ],
  ...[
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
    'cloudwatch:PutMetricData',
    'ecr:GetAuthorizationToken',
  ],
  ...['ssm:UpdateInstanceInformation', 'ssmmessages:CreateControlChannel', 'ssmmessages:CreateDataChannel'],
  ...['ssmmessages:OpenControlChannel', 'ssmmessages:OpenDataChannel'],
])

const nameOf = ({ mode, type, name }: Resource) => `${mode === 'data' ? 'data.' : ''}${type}.${name}`
const whereOf = (module: Module, what: string) => (module.path === '' ? what : `${module.path}: ${what}`)

/** Each resource of each module, of a type when one is given. */
function each(
  modules: readonly Module[],
  visit: (resource: Resource, module: Module) => string | undefined,
  type?: string,
) {
  return (rule: string) =>
    modules.flatMap((module) =>
      module.resources.flatMap((resource) => {
        if (type !== undefined && (resource.type !== type || resource.mode !== 'resource')) return []
        const what = visit(resource, module)
        return what === undefined ? [] : [{ rule, where: whereOf(module, nameOf(resource)), what }]
      }),
    )
}

const argumentsRule: Rule = (modules, table) =>
  modules.flatMap((module) =>
    module.resources.flatMap((resource) => {
      if (!resource.type.startsWith('aws_')) return []
      const where = whereOf(module, nameOf(resource))
      const schema = table[resource.mode][resource.type]
      if (schema === undefined) return [{ rule: 'arguments', where, what: 'is not in provider.json' }]
      return wrongArguments(resource.body, schema, '').map((what) => ({ rule: 'arguments', where, what }))
    }),
  )

function wrongArguments(body: Body, { takes }: Block, place: string): string[] {
  const dynamic = asBody(body.dynamic)
  const given = [...Object.keys(body).filter((name) => !meta.has(name)), ...Object.keys(dynamic)]
  const unknown = given.filter((name) => takes[name] === undefined).map((name) => `takes no ${place}${name}`)
  const missing = Object.entries(takes)
    .filter(([name, { required }]) => required === true && !given.includes(name))
    .map(([name]) => `lacks ${place}${name}`)
  const inner = Object.entries(takes).flatMap(([name, argument]) => nested(body, name, argument, place))
  return [...unknown, ...missing, ...inner]
}

function nested(body: Body, name: string, argument: Argument, place: string): string[] {
  const { takes } = argument
  if (takes === undefined) return asBody(body.dynamic)[name] === undefined ? [] : [`${place}${name} is no block`]
  return blocks(body, name).flatMap((one) => wrongArguments(one, { takes }, `${place}${name}.`))
}

const referencesRule: Rule = (modules, table) =>
  modules.flatMap((module) => {
    const parts: [string, Hcl][] = [
      ...module.resources.map((one): [string, Hcl] => [nameOf(one), one.body]),
      ['provider', module.providers],
      ...Object.entries(module.locals).map(([name, value]): [string, Hcl] => [`local.${name}`, value]),
      ...Object.entries(module.outputs).map(([name, value]): [string, Hcl] => [`output.${name}`, value]),
      ...Object.entries(module.calls).map(([name, value]): [string, Hcl] => [`module.${name}`, value]),
      ...Object.entries(module.variables).map(([name, { validation = null }]): [string, Hcl] => [
        `var.${name}`,
        validation,
      ]),
    ]
    return parts.flatMap(([place, value]) =>
      unresolved(codeOf(value), module, modules, table).map((what) => ({
        ...{ rule: 'references', where: whereOf(module, place), what },
      })),
    )
  })

function unresolved(code: string, module: Module, modules: readonly Module[], table: ProviderTable): string[] {
  const wrong: string[] = []
  for (const [whole, kind = '', name = ''] of code.matchAll(/(?<![\w.])(var|local)\.(\w+)/g)) {
    const known = kind === 'var' ? module.variables : module.locals
    if (known[name] === undefined) wrong.push(`${whole} is not declared`)
  }
  for (const [whole, name = '', output] of code.matchAll(/(?<![\w.])module\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?/g)) {
    const target = called(module, name, modules)
    if (target === undefined) wrong.push(`${whole}: no such module`)
    else if (output !== undefined && target.outputs[output] === undefined) wrong.push(`${whole} is no output`)
  }
  const pattern = /(?<![\w.])(data\.)?((?:aws|archive)_\w+)\.(\w+)(?:\[[^\]]*\])*(?:\.(\w+))?/g
  for (const [whole, data, type = '', name, attribute] of code.matchAll(pattern)) {
    const mode = data === undefined ? 'resource' : 'data'
    const found = module.resources.some((one) => one.mode === mode && one.type === type && one.name === name)
    if (!found) wrong.push(`${whole} is not declared`)
    const schema = table[mode][type]
    if (attribute !== undefined && schema !== undefined && !(attribute in schema.gives || attribute in schema.takes))
      wrong.push(`${whole} is no attribute`)
  }
  return wrong
}

function called(module: Module, name: string, modules: readonly Module[]): Module | undefined {
  const source = module.calls[name]?.source
  if (typeof source !== 'string') return undefined
  const path = source.startsWith('../') ? `modules/${source.slice(3)}` : source.replace(/^\.\//, '')
  return modules.find((one) => one.path === path)
}

const modulesRule: Rule = (modules) =>
  modules.flatMap((module) =>
    Object.entries(module.calls).flatMap(([name, call]) => {
      const target = called(module, name, modules)
      const where = whereOf(module, `module.${name}`)
      if (target === undefined) return [{ rule: 'modules', where, what: 'leads nowhere' }]
      const given = Object.keys(call).filter((one) => one !== 'source' && !meta.has(one))
      const unknown = given.filter((one) => target.variables[one] === undefined).map((one) => `takes no ${one}`)
      const missing = Object.entries(target.variables)
        .filter(([one, body]) => !('default' in body) && !given.includes(one))
        .map(([one]) => `lacks ${one}`)
      return [...unknown, ...missing].map((what) => ({ rule: 'modules', where, what }))
    }),
  )

const unusedRule: Rule = (modules) =>
  modules.flatMap((module) => {
    const { locals, outputs, calls, providers } = module
    const code = codeOf([...module.resources.map(({ body }) => body), locals, outputs, calls, providers])
    const used = (name: string) => new RegExp(`(?<![\\w.])var\\.${name}\\b`).test(code)
    return Object.keys(module.variables)
      .filter((name) => !used(name))
      .map((name) => ({ rule: 'unused', where: whereOf(module, `var.${name}`), what: 'is used by nobody' }))
  })

const descriptionsRule: Rule = (modules) =>
  modules.flatMap((module) => {
    const declared = [
      ...Object.entries(module.variables).map(([name, body]) => ({ place: `var.${name}`, body, typed: true })),
      ...Object.entries(module.outputs).map(([name, body]) => ({ place: `output.${name}`, body, typed: false })),
    ]
    return declared
      .filter(({ body, typed }) => typeof body.description !== 'string' || (typed && body.type === undefined))
      .map(({ place }) => ({ rule: 'descriptions', where: whereOf(module, place), what: 'has no description or type' }))
  })

const iamRule: Rule = (modules) =>
  each(modules, ({ type, mode, body }) => {
    if (mode !== 'data' || type !== 'aws_iam_policy_document') return undefined
    for (const statement of blocks(body, 'statement')) {
      const actions = asList(statement.actions).map(String)
      const wild = actions.find((action) => action.includes('*'))
      if (wild !== undefined || statement.not_actions !== undefined) return `allows ${wild ?? 'all but some'}`
      const all = asList(statement.resources).includes('*')
      const named = actions.find((action) => !withoutResource.has(action))
      // In a key's policy the resource is the key.
      const ofKey = actions.every((action) => action.startsWith('kms:')) && statement.principals !== undefined
      if (all && !ofKey && named !== undefined) return `${named} on every resource`
      const anybody = blocks(statement, 'principals').some(({ identifiers }) => asList(identifiers).includes('*'))
      if (anybody && statement.effect !== 'Deny') return 'lets anybody in'
    }
    return undefined
  })('iam')

const logsRule: Rule = (modules) =>
  each(
    modules,
    ({ body }) => (body.retention_in_days === undefined ? 'keeps logs for ever' : undefined),
    'aws_cloudwatch_log_group',
  )('logs')

/** For each bucket a resource of each of these types, over the same instances. */
const besideBuckets = [
  'aws_s3_bucket_public_access_block',
  'aws_s3_bucket_server_side_encryption_configuration',
  'aws_s3_bucket_versioning',
  'aws_s3_bucket_policy',
  'aws_s3_bucket_lifecycle_configuration',
  'aws_s3_bucket_ownership_controls',
]
const blocking = ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets']

const bucketsRule: Rule = (modules) =>
  each(
    modules,
    ({ name, body }, module) => {
      for (const type of besideBuckets) {
        const beside = module.resources.find((one) => {
          return one.type === type && codeOf(one.body.bucket).includes(`aws_s3_bucket.${name}[`)
        })
        if (beside === undefined) return `has no ${type}`
        if (beside.body.for_each !== body.for_each) return `${type} is not there for each`
        if (type === besideBuckets[0] && blocking.some((one) => beside.body[one] !== true)) return 'may be public'
      }
      const tls = module.resources.some(
        (one) => one.type === 'aws_iam_policy_document' && JSON.stringify(one.body).includes('aws:SecureTransport'),
      )
      return tls ? undefined : 'answers without TLS'
    },
    'aws_s3_bucket',
  )('buckets')

const queuesRule: Rule = (modules) =>
  each(
    modules,
    ({ body }) =>
      body.sqs_managed_sse_enabled === undefined || body.sqs_managed_sse_enabled === false
        ? 'is not encrypted'
        : undefined,
    'aws_sqs_queue',
  )('queues')

const tagsRule: Rule = (modules, table) =>
  each(modules, ({ mode, type, body }) => {
    const taggable = mode === 'resource' && table.resource[type]?.takes.tags !== undefined
    return taggable && body.tags === undefined ? 'has no tags' : undefined
  })('tags')

const tablesRule: Rule = (modules) =>
  each(
    modules,
    ({ body }) => {
      if (body.billing_mode !== 'PROVISIONED') return 'is not PROVISIONED, and so not free'
      return asBody(body.ttl).enabled === true ? undefined : 'keeps items for ever'
    },
    'aws_dynamodb_table',
  )('tables')

const secretName = /password|secret_value|secret$|token$|api_?key|private_key|credential/i
const secretsRule: Rule = (modules) => [
  ...modules.flatMap((module) =>
    Object.entries({ ...module.variables, ...module.outputs })
      .filter(([name, body]) => secretName.test(name) && body.sensitive !== true)
      .map(([name]) => ({ rule: 'secrets', where: whereOf(module, name), what: 'is not sensitive' })),
  ),
  ...each(modules, ({ mode, type }) =>
    mode === 'resource' && ['aws_ssm_parameter', 'aws_secretsmanager_secret_version'].includes(type)
      ? 'writes a secret into the state'
      : undefined,
  )('secrets'),
]

const machinesRule: Rule = (modules) =>
  each(
    modules,
    ({ body }) => {
      if (asBody(body.metadata_options).http_tokens !== 'required') return 'answers to IMDSv1'
      if (asBody(body.root_block_device).encrypted !== true) return 'has a disk that is not encrypted'
      return body.key_name === undefined ? undefined : 'has an SSH key'
    },
    'aws_instance',
  )('machines')

const ingressRule: Rule = (modules) =>
  each(
    modules,
    ({ body }) =>
      ['0.0.0.0/0', '::/0'].includes(String(body.cidr_ipv4 ?? body.cidr_ipv6)) ? 'lets the internet in' : undefined,
    'aws_vpc_security_group_ingress_rule',
  )('ingress')

const watchedRule: Rule = (modules) => [
  ...each(
    modules,
    ({ body }) =>
      body.logging_configuration === undefined || asBody(body.tracing_configuration).enabled !== true
        ? 'writes no log or no trace'
        : undefined,
    'aws_sfn_state_machine',
  )('watched'),
  ...each(
    modules,
    ({ body }) =>
      body.tracing_config === undefined || body.logging_config === undefined ? 'writes no log or no trace' : undefined,
    'aws_lambda_function',
  )('watched'),
  ...each(
    modules,
    ({ body }) => (body.access_log_settings === undefined ? 'has no access log' : undefined),
    'aws_api_gateway_stage',
  )('watched'),
]

/** Without scopes a user pool's authorizer takes ID tokens, which say who somebody is and not what they may. */
const authorizedRule: Rule = (modules) =>
  each(
    modules,
    ({ body }) =>
      String(body.authorization).includes('COGNITO_USER_POOLS') && body.authorization_scopes === undefined
        ? 'takes ID tokens'
        : undefined,
    'aws_api_gateway_method',
  )('authorized')

const versionsRule: Rule = (modules, table) =>
  modules.flatMap(({ path, terraform, resources }) => {
    const where = path === '' ? 'root' : path
    const providers = asBody(terraform.required_providers)
    const wrong = terraform.required_version === '>= 1.6' ? [] : ['does not say required_version >= 1.6']
    for (const provider of new Set(resources.map(({ type }) => type.split('_')[0] ?? ''))) {
      const version = asBody(providers[provider]).version
      if (typeof version !== 'string' || !version.startsWith('~> ')) wrong.push(`does not pin ${provider}`)
      const [major, minor] = table.version.split('.')
      if (provider === 'aws' && version !== `~> ${major}.${minor}`) wrong.push(`pins aws otherwise than provider.json`)
    }
    return wrong.map((what) => ({ rule: 'versions', where, what }))
  })

/** Our rules over deploy/aws, by name. */
export const rules: Record<string, Rule> = {
  ...{ arguments: argumentsRule, references: referencesRule, modules: modulesRule, unused: unusedRule },
  ...{ descriptions: descriptionsRule, iam: iamRule, logs: logsRule, buckets: bucketsRule, queues: queuesRule },
  ...{ tags: tagsRule, tables: tablesRule, secrets: secretsRule, machines: machinesRule, ingress: ingressRule },
  ...{ watched: watchedRule, authorized: authorizedRule, versions: versionsRule },
}

/** What all rules find. */
export function check(modules: readonly Module[], table: ProviderTable): Finding[] {
  return Object.values(rules).flatMap((rule) => rule(modules, table))
}
