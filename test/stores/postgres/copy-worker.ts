import { workerData } from 'node:worker_threads'
import { openConnection } from '../../../lib/stores/postgres/connection.ts'
import { binaryRows } from '../../helpers/binary-copy.ts'

// Loads 1,000 rows from a thread of its own, over the target that the test hands in.
const connection = await openConnection(workerData.target)
const sink = await connection.copyIn('"from_worker"')
await sink.write(binaryRows(Array.from({ length: 1_000 }, (_, at) => [at, `row ${at}`])))
await sink.end()
await connection.close()
