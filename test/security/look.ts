import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import pg from 'pg'

/** Every table of a database, as text; names and values of the columns. */
export async function tablesOf(url: string): Promise<Map<string, string>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    )
    const tables = new Map<string, string>()
    for (const { name } of rows) {
      const found = await client.query<{ line: string }>(`select t::text as line from ${name} t`)
      tables.set(`table ${name}`, found.rows.map(({ line }) => line).join('\n'))
    }
    return tables
  } finally {
    await client.end()
  }
}

/** Every file below a folder, packed ones unpacked as well; links are not followed. */
export function filesOf(folder: string): Map<string, string> {
  const files = new Map<string, string>()
  const look = (at: string) => {
    for (const name of readdirSync(at)) {
      const path = join(at, name)
      // removed meanwhile
      if (!existsSync(path)) continue
      const facts = lstatSync(path)
      if (facts.isDirectory()) look(path)
      if (!facts.isFile()) continue
      const bytes = readFileSync(path)
      files.set(`file ${relative(folder, path)}`, `${name}\n${bytes.toString('latin1')}${unpacked(bytes)}`)
    }
  }
  look(folder)
  return files
}

function unpacked(bytes: Buffer): string {
  const start = bytes.subarray(0, 4).toString('hex')
  if (start.startsWith('1f8b')) return gunzipSync(bytes).toString('latin1')
  if (start === '28b52ffd') return zstdDecompressSync(bytes).toString('latin1')
  return ''
}
