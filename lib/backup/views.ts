import type { Queryable } from '../stores/postgres/port.ts'

/** A view, with its definition; without one when it reads what is not part of the backup. */
interface View extends Record<string, unknown> {
  name: string
  text: string
  comment: string | null
}

/** The views of some schemas, the left-out ones without a text. `tables` are the oids that are taken. */
export async function readViews(tx: Queryable, schemas: readonly string[], tables: readonly string[]): Promise<View[]> {
  const { rows } = await tx.query<View & { oid: string; reads: string[] }>(
    `select c.oid::text, format('%I.%I', n.nspname, c.relname) as name,
       format('create view %I.%I as %s', n.nspname, c.relname, rtrim(pg_get_viewdef(c.oid), ';')) as text,
       'comment on view ' || format('%I.%I', n.nspname, c.relname) || ' is ' || quote_literal(obj_description(c.oid, 'pg_class')) as comment,
       array(select distinct d.refobjid::text from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
         join pg_class o on d.refclassid = 'pg_class'::regclass and o.oid = d.refobjid
         join pg_namespace s on s.oid = o.relnamespace
         where r.ev_class = c.oid and o.oid <> c.oid and s.nspname not in ('pg_catalog', 'information_schema')) as reads
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'v' and n.nspname = any($1) order by n.nspname, c.relname`,
    [schemas],
  )
  const { rows: stored } = await tx.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'm' and n.nspname = any($1) order by 1`,
    [schemas],
  )
  const known = new Set([...tables, ...rows.map(({ oid }) => oid)])
  // A view over one that is left out is left out too.
  for (let before = 0; before !== known.size; ) {
    before = known.size
    for (const { oid, reads } of rows) if (reads.some((each) => !known.has(each))) known.delete(oid)
  }
  const views = rows.map(({ oid, name, text, comment }) =>
    known.has(oid) ? { name, text, comment } : { name, text: '', comment: null },
  )
  return [...views, ...stored.map(({ name }) => ({ name, text: '', comment: null }))]
}
