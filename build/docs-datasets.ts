// Writes docs/datasets.md from the contracts: `node build/docs-datasets.ts`. A test holds that the file is up to date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AneelContract, parseAneelContract } from '../lib/steps/aneel/contract.ts'
import type { Column, Gate } from '../lib/steps/dataset/contract.ts'

const folder = new URL('../lib/steps/aneel/datasets/', import.meta.url)
/** The document this script writes. */
export const target = new URL('../docs/datasets.md', import.meta.url)

/** Every contract file, in the order of its name. */
export function contracts(): AneelContract[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => parseAneelContract(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))))
}

/** Text inside a table cell. */
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``
const row = (...cells: string[]) => `| ${cells.join(' | ')} |`
const percent = (share: number) => `${Number((share * 100).toPrecision(6))} %`
const anchor = (dataset: string) => dataset.replaceAll(/[^a-z0-9_-]/g, '')

function typeOf(column: Column): string {
  const type = column.type === 'decimal' ? `decimal, ${column.scale} places` : column.type
  return column.unit === undefined ? type : `${type} (${column.unit})`
}

function remarksOn(column: Column, contract: AneelContract): string {
  const remarks: string[] = []
  const place = contract.key.indexOf(column.name)
  if (place >= 0) remarks.push(`key ${place + 1}`)
  if (column.notNull) remarks.push('never blank')
  if (column.inHeader === 'optional') remarks.push('may be missing from the file')
  if (column.volatile) remarks.push('not part of the row')
  if (column.personal) remarks.push('**personal: dropped unless asked for**')
  if (column.mask === 'owners') remarks.push('**natural persons masked**')
  if (column.nullBeforeYear !== undefined) remarks.push(`null before ${column.nullBeforeYear}`)
  if (column.nulls.length > 0) remarks.push(`null when ${column.nulls.map(code).join(', ')}`)
  if (column.range !== undefined) remarks.push(`expected ${column.range[0]} to ${column.range[1]}`)
  if (column.aliases.length > 0) remarks.push(`also named ${column.aliases.map(code).join(', ')}`)
  return remarks.join('; ')
}

function gateInWords(gate: Gate): string {
  switch (gate.gate) {
    case 'rows':
      return (
        `at least ${percent(gate.atLeastOfLast)} of the rows of the last good version` +
        (gate.atLeast === undefined ? '' : `, and at least ${gate.atLeast}`)
      )
    case 'exists':
      return `at least one row with ${code(gate.column)} = “${gate.equals}”`
    case 'range':
      return `at most ${percent(gate.maxShare)} of ${code(gate.column)} outside the expected range (${gate.level})`
    case 'magnitude':
      return `mean of ${code(gate.column)} within a factor of ${gate.factor} of the last good version (${gate.level})`
  }
}

function section(contract: AneelContract): string[] {
  const { resource } = contract
  const parted = resource.file.includes('(?<part>')
  const loads = { latest: 'the latest file', 'latest-two': 'the two latest files', all: 'all files' }[resource.parts]
  return [
    `## ${contract.dataset}`,
    '',
    `**${contract.title['en-US']}** / *${contract.title['pt-BR']}*`,
    '',
    `- Portal: package ${code(contract.slug)}, file ${code(resource.file)}${resource.id === undefined ? '' : `, resource ${code(resource.id)}`}` +
      (resource.parquetId === undefined ? '' : `, Parquet ${code(resource.parquetId)}`),
    ...(parted
      ? [`- In parts, one a file; the view has a last column ${code('parte')}. Loads ${loads} when nothing is said.`]
      : []),
    ...(contract.cadence === undefined ? [] : [`- Published: ${contract.cadence}`]),
    `- Key: ${contract.key.length === 0 ? 'the whole row' : contract.key.map(code).join(', ')}; a second row of one key is ` +
      (contract.repeats === 'number' ? 'kept and numbered' : 'put into quarantine'),
    `- Gates: ${contract.gates.map(gateInWords).join('; ')}; at most ${percent(contract.maxQuarantineShare)} of the rows in quarantine` +
      (contract.maxReplacementShare > 0
        ? `; at most ${percent(contract.maxReplacementShare)} of the rows with broken characters`
        : '; no broken characters'),
    ...contract.notes.map((note) => `- ${note}`),
    '',
    row('column', 'in the file', 'type', 'remarks', 'description', 'descrição'),
    row('---', '---', '---', '---', '---', '---'),
    ...contract.columns.map((column) =>
      row(
        code(column.name),
        code(column.source),
        cell(typeOf(column)),
        cell(remarksOn(column, contract)),
        cell(column.description?.['en-US'] ?? ''),
        cell(column.description?.['pt-BR'] ?? ''),
      ),
    ),
    '',
  ]
}

/** The whole document. */
export function datasetsMarkdown(all: readonly AneelContract[]): string {
  return [
    '<!-- Written by build/docs-datasets.ts from lib/steps/aneel/datasets/*.json. Do not edit. -->',
    '# Datasets',
    '',
    'The datasets of ANEEL that the package knows, one contract file each in `lib/steps/aneel/datasets/`. Adding a dataset is',
    'adding a file. Any other dataset of the portal works by its slug, with text columns. What is derived from them is in',
    '[views.md](views.md). Data: ANEEL, Open Data Commons Open Database License (ODbL); name the source where you show it.',
    '',
    '*Os conjuntos da ANEEL que o pacote conhece, um contrato por arquivo. Acrescentar um conjunto é acrescentar um arquivo.*',
    '',
    'A column that is *not part of the row* is left out of the row identity and of the table: it changes on every publication',
    'without meaning. Of these, the day on which the file was generated is shown by the view, from the version. Values outside',
    'an *expected* range are kept and counted. Blank means absent and is never zero; “Não se aplica” is a value.',
    '',
    row('dataset', 'what', 'o quê', 'package', 'published', 'columns'),
    row('---', '---', '---', '---', '---', '---'),
    ...all.map((contract) =>
      row(
        `[${contract.dataset}](#${anchor(contract.dataset)})`,
        cell(contract.title['en-US']),
        cell(contract.title['pt-BR']),
        code(contract.slug),
        contract.cadence ?? '',
        String(contract.columns.length),
      ),
    ),
    '',
    ...all.flatMap(section),
  ].join('\n')
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(target, datasetsMarkdown(contracts()))
}
