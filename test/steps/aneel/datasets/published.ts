import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { contracts as readContracts } from '../../../../build/docs-datasets.ts'
import type { AneelContract } from '../../../../lib/steps/aneel/contract.ts'
import type { Column } from '../../../../lib/steps/dataset/contract.ts'
import { samplePath } from '../samples.ts'

/** Every contract of the catalogue. */
export const contracts = readContracts()

/** The contract of a dataset. */
export function contractOf(dataset: string): AneelContract {
  const contract = contracts.find((candidate) => candidate.dataset === dataset)
  assert.ok(contract, `there is a contract ${dataset}`)
  return contract
}

/** Datasets that claim a file of a package, with the part. */
export function claims(slug: string, file: string): { dataset: string; part: string | undefined }[] {
  const base = file.replace(/\.[a-z]+$/, '')
  return contracts.flatMap((contract) => {
    const match = contract.slug === slug ? new RegExp(contract.resource.file).exec(base) : null
    return match === null ? [] : [{ dataset: contract.dataset, part: match.groups?.part }]
  })
}

/** The columns of a contract that a header's names mean, one list a name. */
export function columnsFor(contract: AneelContract, header: readonly string[]): Column[][] {
  return header.map((name) =>
    contract.columns.filter((column) =>
      [column.source, ...column.aliases].some((candidate) => candidate.toLowerCase() === name.trim().toLowerCase()),
    ),
  )
}

const REAL_DAY = (year: number, month: number, day: number) => {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
const TIME = '(?:[T ]\\d{2}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?Z?)?'
const ISO = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})${TIME}$`)
const DMY = new RegExp(`^(\\d{2})/(\\d{2})/(\\d{4})${TIME}$`)

/** Decimal places a published number really uses: `1400,50` has one, `8,5E-3` four. */
function places(number: string): number {
  const [mantissa = '', exponent = '0'] = number.split(/[eE]/)
  const fraction = (mantissa.split(/[.,]/)[1] ?? '').replace(/0+$/, '')
  return Math.max(0, fraction.length - Number(exponent))
}

/**
 * What is wrong with a published value under a column, or undefined. Written apart from the loader's parser, on purpose.
 * `noise`: the source carries binary noise in this column, so more places than the scale are expected.
 */
export function objection(column: Column, raw: string, noise = false): string | undefined {
  const text = raw.trim()
  const none = text === '' || column.nulls.includes(text)
  if (none) return column.notNull ? `${column.name} must not be blank` : undefined
  const wrong = `${column.name} (${column.type}): "${raw}"`
  switch (column.type) {
    case 'text':
      return undefined
    case 'integer':
      return /^-?\d{1,18}$/.test(text) ? undefined : wrong
    case 'decimal':
      if (!/^[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d{1,2})?$/.test(text)) return wrong
      if (!noise && places(text) > (column.scale ?? 0)) return `${wrong} loses digits at ${column.scale} places`
      return undefined
    case 'cnpj':
      return /^\d{1,14}$/.test(text.replaceAll(/[./-]/g, '')) ? undefined : wrong
    case 'month':
    case 'date':
    case 'timestamp': {
      const month = column.type === 'month' ? /^(\d{2})\/(\d{4})$/.exec(text) : null
      if (month) return Number(month[1]) >= 1 && Number(month[1]) <= 12 ? undefined : wrong
      const iso = ISO.exec(text)
      const dmy = DMY.exec(text)
      const [y, m, d] = iso ? [iso[1], iso[2], iso[3]] : dmy ? [dmy[3], dmy[2], dmy[1]] : []
      return REAL_DAY(Number(y), Number(m), Number(d)) ? undefined : wrong
    }
  }
}

export function readSample(file: string): { header: string[]; rows: string[][] } {
  const bytes = readFileSync(samplePath(file))
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    text = new TextDecoder('windows-1252').decode(bytes)
  }
  const first = text.slice(0, text.search(/\r?\n/))
  const delimiter = first.includes(';') ? ';' : ','
  const [header = [], ...rows]: string[][] = parse(text, { delimiter })
  return { header, rows }
}
