// Writing a row group down takes longer than an event loop may stand still.
import { parentPort, workerData } from 'node:worker_threads'
import { ready } from '../../start-thread.ts'
import type { ParquetAnswer, ParquetJob } from './parquet.ts'
import { ParquetFile } from './parquet-file.ts'

const port = parentPort
if (port === null) throw new Error('parquet-worker is a worker thread')
const file = new ParquetFile(workerData)
port.on('message', (job: ParquetJob) => {
  const answer: ParquetAnswer = job === undefined ? file.end() : file.add(job.columns, job.count)
  port.postMessage(answer, answer.buffer instanceof ArrayBuffer ? [answer.buffer] : [])
})
port.postMessage(ready)
