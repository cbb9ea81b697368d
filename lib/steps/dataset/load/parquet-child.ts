// Runs in a process of its own: Parquet in, CSV (`;`, ISO dates, decimal point) on standard output.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

const text = (value: string) => `'${value.replaceAll("'", "''")}'`

// DuckDB writes to a path, and our standard output may be a socket, which has none: a pipe with a name stands between
const folder = mkdtempSync(join(tmpdir(), 'ysh-parquet-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const pipe = join(folder, 'rows.csv')
execFileSync('mkfifo', [pipe])
const cat = spawn('cat', [pipe], { stdio: ['ignore', 'inherit', 'inherit'] })
const ended = new Promise<number | null>((resolve) => cat.once('exit', resolve))
try {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '256MB' })
  const connection = await instance.connect()
  await connection.run('set preserve_insertion_order = true')
  await connection.run(
    `copy (select * from read_parquet(${text(process.argv[2] ?? '')})) to ${text(pipe)} (format csv, delimiter ';', header true)`,
  )
  connection.closeSync()
  process.exitCode = (await ended) === 0 ? 0 : 1
} catch (error) {
  cat.kill()
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
