// Loaded into Node-RED (`--require`) while it is measured. Answers on the socket that ENDURE_PROBE names, after collecting garbage:
// `GET /` what is in the process, `GET /count` with how many objects of some kinds (slow), `GET /snapshot?<file>` after writing a heap
// snapshot there. Node-RED itself has no such thing.
const { isMainThread } = require('node:worker_threads')
const path = process.env.ENDURE_PROBE
if (isMainThread && path !== undefined && /red\.js$/.test(process.argv[1] ?? '')) {
  const { createServer } = require('node:http')
  const net = require('node:net')
  const v8 = require('node:v8')
  const { runInNewContext } = require('node:vm')
  v8.setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const timers = Object.getPrototypeOf(setTimeout(() => {}, 0)).constructor
  const kinds = { timers, sockets: net.Socket, signals: AbortSignal }

  const measure = async (counting) => {
    // What is freed only by a finaliser, or a promise's turn, needs more than one pass.
    for (let pass = 0; pass < 4; pass += 1) {
      collect()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const { rss, heapUsed: all, external, arrayBuffers } = process.memoryUsage()
    // What V8 has compiled grows for hours as more functions get hot, and is bounded by the program: two snapshots show nothing else.
    const compiled = v8
      .getHeapSpaceStatistics()
      .filter(({ space_name: name }) => /code|trusted/.test(name))
      .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0)
    const heapUsed = all - compiled
    const handles = {}
    for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1
    const objects = {}
    // Each count walks the whole heap.
    for (const [name, kind] of counting ? Object.entries(kinds) : [])
      objects[name] = v8.queryObjects(kind, { format: 'count' })
    const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
    return { rss, heapUsed, external, arrayBuffers, handles, objects, listeners }
  }

  createServer(async (request, response) => {
    try {
      const [route, file] = (request.url ?? '/').split('?')
      if (route === '/snapshot') v8.writeHeapSnapshot(decodeURIComponent(file))
      response.end(JSON.stringify(await measure(route === '/count')))
    } catch (error) {
      response.statusCode = 500
      response.end(String(error))
    }
  })
    .listen(path)
    .unref()
}
