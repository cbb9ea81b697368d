import { type Queryable, quoteIdentifier as q } from '../stores/postgres/port.ts'
import type { Structure, TableShape } from './shape.ts'
import { readViews } from './views.ts'

/** A table of the database with what only this moment knows of it. */
export interface LiveTable {
  oid: string
  shape: TableShape
  /** Rows and what is kept out of line, in bytes. */
  bytes: number
  /** Pages of 8 KiB that rows begin in. */
  pages: number
  /** The file of the database that the pages are in; another one when the table was written anew. */
  file: string
}

/** What {@link readStructure} finds. */
export interface LiveStructure extends Structure {
  live: LiveTable[]
}

/** Schemas with all of their tables; those of datasets are named by `pipeline.version`. */
const own = ['pipeline', 'pipeline_vectors']

/**
 * Reads the structure of a pipeline in the caller's transaction, whose `search_path` is empty from then on. Of the schemas of datasets it takes the tables
 * of current versions: what a load has not published is nobody's yet.
 */
export async function readStructure(tx: Queryable): Promise<LiveStructure> {
  // So that every name in a definition comes with its schema.
  await tx.query(`set local search_path = ''`)
  const { schemas, versions } = await datasets(tx)
  const oids = await tableOids(tx, versions)
  const live = await readTables(tx, oids)
  const { rows: vectors } = await tx.query<{ schema: string; version: string }>(
    `select n.nspname as schema, e.extversion as version from pg_extension e join pg_namespace n on n.oid = e.extnamespace
     where e.extname = 'vector'`,
  )
  const { rows: routines } = await tx.query<{ text: string; comment: string | null }>(
    `select pg_get_functiondef(p.oid) as text, 'comment on function ' || p.oid::regprocedure || ' is '
       || quote_literal(obj_description(p.oid, 'pg_proc')) as comment
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any($1) and p.prokind in ('f', 'p')
       and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
     order by n.nspname, p.proname, p.oid::regprocedure::text`,
    [schemas],
  )
  const views = await readViews(tx, schemas, oids)
  return {
    schemas,
    vector: vectors[0] ?? null,
    tables: live.map(({ shape }) => shape),
    routines: routines.map(({ text }) => text),
    views: views.map(({ text }) => text).filter((text) => text !== ''),
    comments: [...routines, ...views].flatMap(({ comment }) => comment ?? []),
    leftOut: views.flatMap(({ text, name }) => (text === '' ? [name] : [])),
    live,
  }
}

/** The schemas of a pipeline that are there, and the tables of current versions. */
async function datasets(tx: Queryable): Promise<{ schemas: string[]; versions: string[] }> {
  const { rows: known } = await tx.query<{ there: boolean }>(
    `select to_regclass('pipeline.version') is not null as there`,
  )
  const { rows } =
    known[0]?.there === true
      ? await tx.query<{ schema: string; data: string; table: string }>(
          `select distinct split_part(dataset, '.', 1) as schema, table_schema as data,
             format('%I.%I', table_schema, table_name) as "table" from pipeline.version v
           where version = (select max(version) from pipeline.version n where n.dataset = v.dataset and n.part = v.part)`,
        )
      : { rows: [] }
  const named = [...own, ...rows.flatMap(({ schema, data }) => [schema, data])]
  const { rows: there } = await tx.query<{ name: string }>(
    'select nspname as name from pg_namespace where nspname = any($1) order by 1',
    [[...new Set(named)]],
  )
  return { schemas: there.map(({ name }) => name), versions: rows.map(({ table }) => table) }
}

async function tableOids(tx: Queryable, versions: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ oid: string }>(
    `select c.oid::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and (n.nspname = any($1) or c.oid in (select to_regclass(name) from unnest($2::text[]) name))
     order by n.nspname, c.relname`,
    [own, versions],
  )
  return rows.map(({ oid }) => oid)
}

interface TableRow extends Record<string, unknown> {
  oid: string
  schema: string
  name: string
  unlogged: boolean
  options: string[]
  comment: string | null
  bytes: string
  pages: number
  file: string
  columns: TableShape['columns']
  keys: string[]
  references: string[]
  indexes: string[]
  triggers: string[]
}

async function readTables(tx: Queryable, oids: readonly string[]): Promise<LiveTable[]> {
  const { rows } = await tx.query<TableRow>(
    `select c.oid::text, n.nspname as schema, c.relname as name, c.relpersistence = 'u' as unlogged,
       coalesce(c.reloptions, '{}') as options, obj_description(c.oid, 'pg_class') as comment,
       pg_table_size(c.oid)::text as bytes, (pg_relation_size(c.oid) / 8192)::int as pages,
       pg_relation_filenode(c.oid)::text as file,
       (select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
            'default', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity,
            'collation', case when a.attcollation <> t.typcollation then format('%I.%I', cn.nspname, co.collname) end,
            'storage', case when a.attstorage <> t.typstorage then
              case a.attstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end end,
            'comment', col_description(c.oid, a.attnum)) order by a.attnum), '[]')
          from pg_attribute a join pg_type t on t.oid = a.atttypid
          left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
          left join pg_collation co on co.oid = a.attcollation left join pg_namespace cn on cn.oid = co.collnamespace
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
       ${listed(`select format('alter table %I.%I add constraint %I %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid)) as text
          from pg_constraint k where k.conrelid = c.oid and k.contype in ('p', 'u', 'c', 'x')`)} as keys,
       ${listed(`select format('alter table %I.%I add constraint %I %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid)) as text
          from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0`)} as "references",
       ${listed(`select pg_get_indexdef(i.indexrelid) as text from pg_index i where i.indrelid = c.oid and i.indisvalid
          and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))`)} as indexes,
       ${listed(`select pg_get_triggerdef(g.oid) as text from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal`)} as triggers
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = any($1::oid[]) order by n.nspname, c.relname`,
    [oids],
  )
  return rows.map(({ oid, bytes, pages, file, ...shape }) => ({ oid, bytes: Number(bytes), pages, file, shape }))
}

const listed = (select: string) => `array(select text from (${select}) as found order by text)`

/** `"schema"."table"`. */
export function nameOf({ schema, name }: Pick<TableShape, 'schema' | 'name'>): string {
  return `${q(schema)}.${q(name)}`
}

/** The table with its columns, for COPY. */
export function copyTarget(table: TableShape): string {
  return `${nameOf(table)} (${columnList(table)})`
}

/** The columns of a table, quoted. */
export function columnList({ columns }: TableShape): string {
  return columns.map(({ name }) => q(name)).join(', ')
}
