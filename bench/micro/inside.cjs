// Loaded into the measured Node-RED: the longest times for which its event loop stood still, every second, as a line of numbers (ms) on file 3.
const { writeSync } = require('node:fs')
const { isMainThread } = require('node:worker_threads')

if (isMainThread) {
  let last = performance.now()
  let delays = []
  setInterval(() => {
    const now = performance.now()
    delays.push(Math.max(0, now - last - 20))
    last = now
    if (delays.length < 50) return
    try {
      writeSync(3, `${delays.map((ms) => ms.toFixed(1)).join(' ')}\n`)
    } catch {
      // nobody listens
    }
    delays = []
  }, 20).unref()
}
