import { createHash } from 'node:crypto'
import { PipelineError } from '../../../errors.ts'
import { fold } from '../../../fold.ts'
import type { Column, Contract } from '../contract.ts'
import type { ParserColumn, ParserPlan } from '../parser/parser.ts'
import { maskOwners } from './owners.ts'

/** How a file's columns meet a contract: the table they fill and how the parser reads them. */
export interface LoadPlan {
  contract: Contract
  /** Columns of the table in its physical order: key first, then the rest of the row's identity. */
  columns: Column[]
  /** Field index in the file of each of `columns`, -1 when the file lacks it. */
  sources: number[]
  key: number
  /** Names from the header that the contract did not know and that became text columns. */
  extra: string[]
  /** Fields of the file that hold personal data which is not kept; blanked in quarantine. */
  personalFields: number[]
  /** Field that holds the file's generation date, -1 when there is none. */
  generatedField: number
  fields: number
  warnings: string[]
  /** Equal fingerprints mean that row hashes can be compared. */
  fingerprint: string
}

// Raised when the encoding of values changes, so that old row hashes are not compared with new ones.
const ENCODING_VERSION = 1
const PERSONAL = /cpf|titular|cep$|e-?mail|telefone|celular|nascimento/i

/** `NumCNPJDistribuidora` -> `num_cnpj_distribuidora`. */
export function snakeCase(name: string): string {
  const plain = fold(name)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return (/^[a-z]/.test(plain) ? plain : `c_${plain}`).slice(0, 60)
}

function textColumn(name: string, source: string): Column {
  return {
    name,
    source,
    aliases: [],
    type: 'text',
    inHeader: 'optional',
    notNull: false,
    volatile: false,
    personal: false,
    nulls: [],
  }
}

/** A contract for a dataset that has none: every column of the header as text, the whole row its identity. */
export function openContract(
  { dataset, title, attribution }: { dataset: string; title: string; attribution: string },
  header: readonly string[],
): Contract {
  const used = new Set<string>()
  return {
    dataset,
    title: { 'pt-BR': title, 'en-US': title },
    attribution,
    columns: header.map((source) => {
      let name = snakeCase(source)
      for (let n = 2; used.has(name); n++) name = `${snakeCase(source)}_${n}`
      used.add(name)
      return {
        ...textColumn(name, source),
        volatile: name === 'dat_geracao_conjunto_dados' || source === '_id',
        type: name === 'dat_geracao_conjunto_dados' ? ('date' as const) : ('text' as const),
        personal: PERSONAL.test(source),
      }
    }),
    key: [],
    repeats: 'number',
    gates: [{ gate: 'rows', atLeastOfLast: 0.5, atLeast: 1 }],
    maxQuarantineShare: 0.005,
    maxReplacementShare: 1,
    notes: [],
  }
}

/**
 * Matches a header with a contract. Throws HEADER_COLUMNS when required columns are missing, HEADER_REPEATED when one name
 * stands twice.
 */
export function planLoad(
  contract: Contract,
  header: readonly string[],
  keepPersonal: readonly string[] = [],
): LoadPlan {
  const names = header.map((name) => name.trim().toLowerCase())
  const twice = names.find((name, index) => name !== '' && names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new PipelineError(
      'HEADER_REPEATED',
      `${contract.dataset}: the column "${twice}" stands twice in the header`,
      {
        details: { header },
      },
    )
  }
  const taken = new Set<number>()
  const find = (column: Column): number => {
    for (const candidate of [column.source, ...column.aliases]) {
      const index = names.indexOf(candidate.toLowerCase())
      if (index >= 0) {
        taken.add(index)
        return index
      }
    }
    return -1
  }
  const found = contract.columns.map((column) => ({ column, source: find(column) }))
  const missing = found.filter(({ column, source }) => source < 0 && column.inHeader === 'required')
  const unknown = header.filter((_, index) => !taken.has(index))
  if (missing.length > 0) {
    throw new PipelineError(
      'HEADER_COLUMNS',
      `${contract.dataset}: the file lacks ${missing.map(({ column }) => column.source).join(', ')}` +
        (unknown.length > 0 ? `; it has, unknown to the contract, ${unknown.join(', ')}` : '') +
        `. Its header: ${header.join(';')}`,
      { details: { missing: missing.map(({ column }) => column.source), unknown, header } },
    )
  }
  const warnings: string[] = []
  const personalFields: number[] = []
  const extra: string[] = []
  const used = new Set(contract.columns.map((column) => column.name))
  header.forEach((source, index) => {
    if (taken.has(index)) return
    if (PERSONAL.test(source)) {
      personalFields.push(index)
      warnings.push(`New column ${source} looks like personal data and was dropped`)
      return
    }
    let name = snakeCase(source)
    while (used.has(name)) name = `${name}_x`
    used.add(name)
    extra.push(source)
    found.push({ column: textColumn(name, source), source: index })
    warnings.push(`New column ${source} is not in the contract; kept as text in ${name}`)
  })
  let generatedField = -1
  const kept = found.filter(({ column, source }) => {
    if (column.volatile) {
      if (column.type === 'date' && generatedField < 0) generatedField = source
      return false
    }
    if (column.personal && !keepPersonal.includes(column.name)) {
      if (source >= 0) personalFields.push(source)
      return false
    }
    return true
  })
  const inKey = (name: string) => contract.key.includes(name)
  const ordered = [
    ...contract.key.flatMap((name) => kept.filter(({ column }) => column.name === name)),
    ...kept.filter(({ column }) => !inKey(column.name)),
  ]
  const columns = ordered.map(({ column }) => column)
  const identity = columns.map((c) => [c.name, c.type, c.scale, c.nulls, c.nullBeforeYear, c.mask])
  return {
    contract,
    columns,
    sources: ordered.map(({ source }) => source),
    key: contract.key.length,
    extra,
    personalFields,
    generatedField,
    fields: header.length,
    warnings,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([ENCODING_VERSION, identity, contract.key, contract.repeats]))
      .digest('hex'),
  }
}

const CP1252_EXTRA = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** `text` in the file's encoding. */
function encode(text: string, encoding: ParserPlan['encoding']): Uint8Array {
  if (encoding === 'utf-8') return Buffer.from(text, 'utf8')
  return Uint8Array.from(text, (char) => {
    const extra = CP1252_EXTRA.indexOf(char)
    return extra >= 0 ? 0x80 + extra : char.charCodeAt(0)
  })
}

/** The parser's view of a plan. */
export function parserPlan(
  plan: LoadPlan,
  file: { delimiter: string; encoding: ParserPlan['encoding']; firstLine: number },
  compare: boolean,
): ParserPlan {
  const columns = plan.columns.map((column, index): ParserColumn => {
    const [low, high] = column.range ?? []
    return {
      source: plan.sources[index] ?? -1,
      type: column.type,
      scale: column.scale ?? 0,
      notNull: column.notNull,
      range: low === undefined || high === undefined ? undefined : [low, high],
      nullBeforeYear: column.nullBeforeYear,
      nulls: column.nulls.map((text) => encode(text, file.encoding)),
      hook: column.mask === 'owners' ? maskOwners : undefined,
    }
  })
  return { fields: plan.fields, columns, key: plan.key, hashed: columns.length, compare, ...file }
}
