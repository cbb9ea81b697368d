import { once } from 'node:events'
import { createServer } from 'node:http'

/** A server that fails at everything and repeats whatever it was sent: what a proxy's debug page does. */
export interface Hostile {
  port: number
  /** Bodies that it was sent, by path; the headers are not among them. */
  readonly got: { path: string; body: string }[]
  close(): Promise<void>
}

/** A page that can be read: success, too, must not keep the token in its address. */
const page = `<html><head><title>T</title></head><body><h2>Tarifa convencional</h2>
<table><tr><th>Subgrupo</th><th>Energia (R$/kWh)</th></tr><tr><td>B1</td><td>0,61791</td></tr></table>
<a href="/nd1.pdf">Norma 1</a></body></html>`

/** Starts it on loopback. `/moved` redirects with the query; `/hook` takes what it gets; everything else is refused with an echo. */
export async function startHostile(): Promise<Hostile> {
  const got: Hostile['got'] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (data: Buffer) => {
      body += data.toString()
    })
    request.on('end', () => {
      const { pathname, search } = new URL(request.url ?? '/', 'http://x')
      if (got.length < 1_000) got.push({ path: pathname, body })
      const short = { '/taken': 204, '/robots.txt': 404, '/moved': 302 }[pathname]
      if (short !== undefined) {
        response.writeHead(short, short === 302 ? { location: `/again${search}` } : {}).end()
        return
      }
      if (pathname === '/good') {
        response.writeHead(200, { 'content-type': 'text/html', etag: '"1"' }).end(page)
        return
      }
      const said = `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body.slice(0, 2_000)}`
      response.writeHead(pathname === '/page' ? 403 : 400, {
        'content-type': 'application/json',
        'x-said': encodeURIComponent(said.slice(0, 2_000)),
      })
      response.end(JSON.stringify({ error: said, status: { error: said }, message: said, detail: said }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    got,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
