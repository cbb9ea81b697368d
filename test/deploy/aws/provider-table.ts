/**
 * Makes provider.json: what each resource and data source that deploy/aws uses accepts and gives, in the published schema of the AWS provider. Its
 * source is npm's @cdktn/provider-aws, whose bindings are made from that schema:
 *
 *   npm pack @cdktn/provider-aws && tar xzf cdktn-provider-aws-*.tgz
 *   node test/deploy/aws/provider-table.ts package
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Block, ProviderTable } from './provider.ts'
import { loadModules } from './terraform.ts'

const [, , folder] = process.argv
if (folder === undefined) throw new Error('Where is the unpacked package?')
const readme = readFileSync(join(folder, 'README.md'), 'utf8')
const version = /provider version ([\d.]+)/.exec(readme)?.[1] ?? ''
const table: ProviderTable = { provider: 'hashicorp/aws', version, resource: {}, data: {} }
for (const { resources } of await loadModules()) {
  for (const { mode, type } of resources) {
    if (!type.startsWith('aws_')) continue
    table[mode][type] ??= schemaOf(`${mode === 'data' ? 'data-' : ''}${folderOf(mode, type)}`, type)
  }
}
for (const mode of ['resource', 'data'] as const) {
  table[mode] = Object.fromEntries(Object.entries(table[mode]).sort(([one], [other]) => (one < other ? -1 : 1)))
}
writeFileSync(join(import.meta.dirname, 'provider.json'), `${JSON.stringify(table, undefined, 1)}\n`)

function folderOf(mode: 'resource' | 'data', type: string): string {
  const name = type.slice(4).replaceAll('_', '-')
  return mode === 'data' ? `aws-${name}` : name
}

function schemaOf(name: string, type: string): Block & { gives: string[] } {
  const at = join(folder ?? '', 'lib', name)
  const types = readFileSync(join(at, 'index.d.ts'), 'utf8')
  const code = readFileSync(join(at, 'index.js'), 'utf8')
  const interfaces = new Map<string, string>()
  for (const [, title = '', body = ''] of types.matchAll(/^export interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm)) {
    interfaces.set(title, body)
  }
  const root = [...interfaces.keys()].find((title) =>
    types.includes(`interface ${title} extends cdktn.TerraformMetaArguments`),
  )
  if (root === undefined) throw new Error(`No schema of ${type}`)
  const main = code.slice(code.lastIndexOf(' extends cdktn.Terraform'))
  const computed = [...main.matchAll(/this\.get\w+Attribute\(['"](\w+)['"]\)|new \w+\(this, ['"](\w+)['"]/g)]
  const block = blockOf(root)
  return {
    ...block,
    gives: [...new Set([...computed.map(([, one, other]) => one ?? other ?? ''), ...Object.keys(block.takes)])].sort(),
  }

  function blockOf(title: string): Block {
    const takes: Block['takes'] = {}
    const fields = (interfaces.get(title) ?? '').matchAll(/\/\*\*([\s\S]*?)\*\/\s*readonly (\w+)(\??): ([^;]+);/g)
    for (const [, comment = '', , optional, kind = ''] of fields) {
      const snake = /#(\w+) \w+#\w+\}/.exec(comment)?.[1]
      if (snake === undefined) continue
      const inner = /([A-Z]\w+?)(\[\]| \||$)/.exec(kind.replace('cdktn.IResolvable | ', ''))?.[1]
      const nested = inner !== undefined && interfaces.has(inner) ? blockOf(inner) : undefined
      const block = /^\s*\*\s*\w+ block$/m.test(comment)
      const required = optional === ''
      takes[snake] = {
        ...(required ? { required } : {}),
        ...(nested === undefined ? {} : { ...nested, ...(block ? { block } : {}) }),
      }
    }
    return { takes }
  }
}
