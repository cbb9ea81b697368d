// Extracting a page keeps a thread busy for up to seconds, and a hostile file for ever: both happen here.
import { parentPort } from 'node:worker_threads'
import { ready } from '../../start-thread.ts'
import { type FromThread, mostUnderWay, type ToThread } from './job.ts'
import { runJob } from './run-job.ts'

const port = parentPort
if (port === null) throw new Error('worker is a worker thread')

let underWay = 0
let room: (() => void) | undefined

/** Hands a message over, and waits while too many pages have not been taken. */
async function say(message: FromThread): Promise<void> {
  port?.postMessage(message)
  if (message.type !== 'page') return
  underWay += 1
  if (underWay < mostUnderWay) return
  const { promise, resolve } = Promise.withResolvers<void>()
  room = resolve
  await promise
}

// pdf.js leaves promises of its own behind when a file is damaged; the one that is waited for decides
process.on('unhandledRejection', () => undefined)

port.on('message', (message: ToThread) => {
  if (message.type === 'taken') {
    underWay -= 1
    room?.()
    room = undefined
    return
  }
  underWay = 0
  void runJob(message.job, say)
})
port.postMessage(ready)
