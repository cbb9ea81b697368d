import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { packageFolder } from './node-red.ts'

/** An npm registry on loopback. */
export interface LocalRegistry {
  url: string
  /** Names it was asked for and does not have. */
  missing: string[]
  close(): Promise<void>
}

interface Packed {
  folder: string
  manifest: { name: string; version: string } & Record<string, unknown>
}

/** What is needed at run time, as package-lock.json says, where it is installed. */
function installed(): Packed[] {
  const lock: { packages: Record<string, { dev?: boolean }> } = JSON.parse(
    readFileSync(join(packageFolder, 'package-lock.json'), 'utf8'),
  )
  return Object.entries(lock.packages).flatMap(([path, { dev = false }]) => {
    const folder = join(packageFolder, path)
    // packages for other platforms are in the lock only
    if (path === '' || dev || !existsSync(join(folder, 'package.json'))) return []
    return [{ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }]
  })
}

/**
 * Serves the packages of this repository's node_modules to npm, so that a real `npm install` of our tarball works without the outside.
 * It has what the lock file says and nothing else: a dependency that is used and not declared is missing there too.
 */
export async function startRegistry(): Promise<LocalRegistry> {
  const all = installed()
  const missing: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname).slice(1)
    const [, number] = /^-\/(\d+)\.tgz$/.exec(path) ?? []
    const packed = number === undefined ? undefined : all[Number(number)]
    if (packed !== undefined) {
      const from = ['-C', packed.folder, '--exclude=./node_modules', '--transform=s,^\\.,package,', '.']
      spawn('tar', ['-cf', '-', ...from], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout.pipe(response)
      return
    }
    const versions = all.flatMap(({ manifest }, index) =>
      manifest.name === path
        ? [[manifest.version, { ...manifest, dist: { tarball: `${registry.url}/-/${index}.tgz` } }] as const]
        : [],
    )
    const [latest] = versions
    if (latest === undefined) {
      missing.push(path)
      response.writeHead(404).end('{}')
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ name: path, 'dist-tags': { latest: latest[0] }, versions: Object.fromEntries(versions) }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const registry: LocalRegistry = {
    url: `http://127.0.0.1:${port}`,
    missing,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return registry
}
