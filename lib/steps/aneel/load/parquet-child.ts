// Runs in a process of its own: Parquet in, CSV (`;`, every field quoted when needed, ISO dates) on standard output.
import { DuckDBInstance } from '@duckdb/node-api'

const file = process.argv[2] ?? ''
const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '256MB' })
const connection = await instance.connect()
await connection.run('set preserve_insertion_order = true')
await connection.run(
  `copy (select * from read_parquet('${file.replaceAll("'", "''")}')) to '/dev/stdout' (format csv, delimiter ';', header true)`,
)
connection.closeSync()
