// Parsing a large page takes longer than an event loop may stand still, and a careless pattern can take for ever: both happen here.
import { parentPort } from 'node:worker_threads'
import { ready } from '../../start-thread.ts'
import type { ReadJob } from './read-job.ts'
import { readPageJob } from './read-page.ts'

const port = parentPort
if (port === null) throw new Error('read-worker is a worker thread')
port.on('message', (job: ReadJob) => port.postMessage(readPageJob(job)))
port.postMessage(ready)
