import type { Queryable } from '../../stores/postgres/port.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import { ledgerMigrations } from '../vector/ledger/migrations.ts'
import { pdfMigrations } from './migrations.ts'
import type { PdfManifest } from './step-schema.ts'

/** A document that was read, with what its last extraction found and where it can be searched. */
export interface KnownDocument {
  sha256: string
  extractedAt: string
  manifest: PdfManifest
  /** Collections of the index that hold it now, and as what. */
  indexed: { collection: string; document: string; title: string }[]
}

/** Where a page of the list ended. */
export interface After {
  extractedAt: string
  sha256: string
}

const prepared = preparing([...pdfMigrations, ...ledgerMigrations])

/** Documents, those read last first, at most `limit`. `text` is looked for in name and source, in any case. */
export async function listDocuments(
  q: Queryable & Parameters<typeof prepared>[0],
  options: { text?: string; language?: string; after?: After; limit: number },
): Promise<KnownDocument[]> {
  await prepared(q)
  const { text, language, after, limit } = options
  const { rows } = await q.query<Line>(
    `select ${columns} from (${latest}) d
     where ($1::text is null or strpos(lower((d.manifest->>'name') || ' ' || (d.manifest->>'source')), lower($1)) > 0)
       and ($2::text is null or d.manifest->>'language' = $2)
       and ($3::timestamptz is null or (d.extracted_at, d.sha256) < ($3::timestamptz, $4))
     order by d.extracted_at desc, d.sha256 desc limit $5::int8`,
    [text ?? null, language ?? null, after?.extractedAt ?? null, after?.sha256 ?? null, limit],
  )
  return rows.map(documentOf)
}

/** A document by the SHA-256 of its bytes. */
export async function readDocument(
  q: Queryable & Parameters<typeof prepared>[0],
  sha256: string,
): Promise<KnownDocument | undefined> {
  await prepared(q)
  const { rows } = await q.query<Line>(`select ${columns} from (${latest} where sha256 = $1) d`, [sha256])
  return rows.map(documentOf)[0]
}

type Line = { sha256: string; extractedAt: string; manifest: PdfManifest; indexed: KnownDocument['indexed'] }

/** Of each document the newest extraction, whatever its settings; a clause may follow. */
const newest =
  'not exists (select 1 from pipeline.document n where n.sha256 = o.sha256 and (n.extracted_at, n.settings) > (o.extracted_at, o.settings))'
const latest = `select * from (select * from pipeline.document o where ${newest}) o`
const columns = `d.sha256, to_char(d.extracted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "extractedAt", d.manifest,
  coalesce((select json_agg(json_build_object('collection', v.collection, 'document', v.document, 'title', v.title) order by v.collection, v.document)
    from pipeline.vector_document v join pipeline.vector_collection c on c.name = v.collection
    where v.sha256 = d.sha256 and v.since <= c.version and (v.until is null or v.until > c.version)), '[]') as indexed`

function documentOf({ sha256, extractedAt, manifest, indexed }: Line): KnownDocument {
  return { sha256, extractedAt, manifest, indexed }
}
