import { readdirSync, readFileSync } from 'node:fs'
import { PipelineError } from '../../../errors.ts'
import { type Queryable, quoteIdentifier as q } from '../../../stores/postgres/port.ts'
import type { Contract } from '../contract.ts'
import { currentParts, type Version } from './registry.ts'

const folder = new URL('../views/', import.meta.url)

/** Derived views that ship with the package, in the order of their files, with the datasets they read. */
export function derivedViews(): { name: string; requires: string[]; sql: string }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(name, folder), 'utf8')
      const requires = /^-- requires:\s*(.*)$/m.exec(sql)?.[1] ?? ''
      return {
        name,
        requires: requires
          .split(',')
          .map((r) => r.trim())
          .filter((r) => r !== ''),
        sql,
      }
    })
}

function columnsOf(contract: Contract, parts: readonly Version[]): { name: string; type: string }[] {
  const types = new Map(parts.flatMap((part) => part.columns.map((column) => [column.name, column.type] as const)))
  const declared = contract.columns.filter((column) => types.has(column.name)).map((column) => column.name)
  const extra = [...types.keys()].filter((name) => !declared.includes(name))
  return [...declared, ...extra].map((name) => ({ name, type: types.get(name) ?? 'text' }))
}

/**
 * Points the dataset's view at its parts' tables, in the caller's transaction, so that readers go from one whole version to the
 * next. When the columns change, derived views are dropped and made again; answers
 * warnings about those that could not be.
 */
export async function switchView(tx: Queryable, contract: Contract): Promise<string[]> {
  const [schema = '', name = ''] = contract.dataset.split('.')
  const parts = await currentParts(tx, contract.dataset)
  if (parts.length === 0) throw new PipelineError('NO_VERSION', `${contract.dataset} has no version to show`)
  const columns = columnsOf(contract, parts)
  const generated = contract.columns.find((column) => column.volatile && column.type === 'date')
  const inParts = parts.length > 1 || parts.some((part) => part.part !== '')
  const selects = parts.map((part) => {
    const own = new Set(part.columns.map((column) => column.name))
    const list = columns.map(({ name, type }) => (own.has(name) ? `t.${q(name)}` : `null::${type} as ${q(name)}`))
    if (generated) {
      list.push(
        `(select v.generated_on from pipeline.version v where v.dataset = ${literal(contract.dataset)} and v.part = ${literal(part.part)} order by v.version desc limit 1) as ${q(generated.name)}`,
      )
    }
    if (inParts) list.push(`${literal(part.part)}::text as parte`)
    return `select ${list.join(', ')} from ${q(part.schema)}.${q(part.table)} t`
  })
  const wanted = [
    ...columns.map((column) => column.name),
    ...(generated ? [generated.name] : []),
    ...(inParts ? ['parte'] : []),
  ]
  await tx.query(`create schema if not exists ${q(schema)}`)
  const existing = await tx.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [`${q(schema)}.${q(name)}`],
  )
  const fits = existing.rows.every((row, index) => wanted[index] === row.name)
  if (!fits) await tx.query(`drop view ${q(schema)}.${q(name)} cascade`)
  await tx.query(`create or replace view ${q(schema)}.${q(name)} as ${selects.join(' union all ')}`)
  await tx.query(
    `comment on view ${q(schema)}.${q(name)} is ${literal([contract.title['pt-BR'], contract.attribution].filter((text) => text !== '').join('. '))}`,
  )
  return await applyDerivedViews(tx, contract.dataset)
}

/** Makes the derived views that read `dataset`, as far as everything they read exists. */
export async function applyDerivedViews(tx: Queryable, dataset: string): Promise<string[]> {
  const warnings: string[] = []
  for (const view of derivedViews()) {
    if (!view.requires.includes(dataset)) continue
    const { rows } = await tx.query<{ missing: boolean }>(
      `select exists (select 1 from unnest($1::text[]) r(name) where to_regclass(r.name) is null) as missing`,
      [view.requires],
    )
    if (rows[0]?.missing !== false) continue
    // a derived view that cannot be made must not hold up the data it reads
    await tx.query('savepoint derived')
    try {
      await tx.query(view.sql)
      await tx.query('release savepoint derived')
    } catch (error) {
      await tx.query('rollback to savepoint derived')
      warnings.push(`The derived view ${view.name} could not be made: ${PipelineError.from(error).message}`)
    }
  }
  return warnings
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
