import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../../../lib/cli/main.ts'
import { root } from './terraform.ts'

/** terraform, else tofu; undefined where there is neither. */
export const program = ['terraform', 'tofu'].find((name) => spawnSync(name, ['version']).status === 0)

const flows = join(import.meta.dirname, '../../../flows')

/** A copy of deploy/ with compiled flows, and terraform in it. */
export interface Workplace {
  /** deploy/aws. */
  folder: string
  /** Runs terraform; a provider's double by `reattach`. Ends it after ten minutes. */
  run(
    args: readonly string[],
    more?: { place?: string; reattach?: string },
  ): Promise<{ status: number | null; text: string }>
  remove(): void
}

export async function workplace(names: readonly string[]): Promise<Workplace> {
  const top = mkdtempSync(join(tmpdir(), 'ysh-terraform-'))
  const folder = join(top, 'deploy', 'aws')
  writeFileSync(join(top, 'none.tfrc'), '')
  for (const part of ['aws', 'cloudwatch', 'ec2']) {
    cpSync(join(root, '..', part), join(top, 'deploy', part), {
      recursive: true,
      filter: (from) => !/\.terraform|generated$/.test(from) || from.endsWith('modules/generated'),
    })
  }
  mkdirSync(join(top, 'dist-lambda'))
  writeFileSync(join(top, 'dist-lambda', 'steps.zip'), '')
  const files = names.map((name) => join(flows, `${name}.json`))
  const io = { env: {}, out: () => {}, err: () => {} }
  assert.equal(
    await main(['compile', ...files, '--target', 'step-functions', '--out', join(folder, 'generated')], io),
    0,
  )
  return {
    folder,
    run: (args, { place = '.', reattach } = {}) =>
      new Promise((resolve, reject) => {
        // No settings of this machine, such as a mirror of providers.
        const env = {
          ...{ PATH: process.env.PATH, HOME: top, TF_CLI_CONFIG_FILE: join(top, 'none.tfrc'), NO_COLOR: '1' },
          ...(reattach === undefined ? {} : { TF_REATTACH_PROVIDERS: reattach }),
        }
        const child = spawn(program ?? '', args, { cwd: join(folder, place), env, timeout: 600_000 })
        const parts: Buffer[] = []
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => parts.push(part))
        child.on('error', reject)
        child.on('close', (status) => resolve({ status, text: Buffer.concat(parts).toString() }))
      }),
    remove: () => rmSync(top, { recursive: true, force: true }),
  }
}

/** Everything that can be switched on. */
export const everything = `
emails = ["you@example.com"]
nodered = true
image = "123456789012.dkr.ecr.sa-east-1.amazonaws.com/ysh/pipeline:1"
websocket = true
waf = true
customer_key = true
nat = true
functions_in_vpc = true
endpoints = ["ssm", "logs"]
managed_secrets = ["YSH_REDIS_URL"]
flow_log_days = 7
callback_urls = ["https://example.com/"]
programs = { billing = ["datasets", "runs"] }
`

/** Arguments that name the compiler's variables and a file of ours beside them. */
export const varFiles = (own: string) => [
  ...['-input=false', '-no-color', '-var-file=generated/pipeline.auto.tfvars.json', `-var-file=${own}`],
]

/** A resource as `terraform show -json` has it. */
export interface Shown {
  address: string
  type: string
  values: Record<string, unknown>
}
interface Part {
  resources?: Shown[]
  child_modules?: Part[]
}

/** Everything in a shown plan or state. */
export function resourcesOf(text: string): Shown[] {
  const below = ({ resources = [], child_modules: inner = [] }: Part): Shown[] => [
    ...resources,
    ...inner.flatMap(below),
  ]
  const shown: { planned_values?: { root_module: Part }; values?: { root_module: Part } } = JSON.parse(text)
  return below((shown.planned_values ?? shown.values)?.root_module ?? {})
}

/** Policies of roles that hold these words. */
export const allowed = (resources: readonly Shown[], words: string) =>
  resources
    .filter(({ type, values }) => type === 'aws_iam_role_policy' && String(values.policy).includes(words))
    .map(({ address }) => address)
    .sort()
