import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { packageFolder } from '../helpers/node-red.ts'
import { type Step, stages } from './dockerfile.ts'

/** What the Dockerfile makes, in a folder. */
export interface ImageRoot {
  /** Holds what the last stage copies into its base image, and nothing of that image. */
  folder: string
  /** What the steps of the build wrote. */
  output: string
  remove(): void
}

/**
 * Builds the image's own files by the very steps of the Dockerfile, without an engine. What differs from a real build:
 * - the base images are this machine: its Node runs the build, and {@link startContainer} puts its libraries under the root;
 * - `npm ci` is this repository's node_modules, which npm made from the same lock file, and `npm run build` its dist/;
 * - the build's commands run in the build's folder and not in a root of their own; `/out` stands in that folder.
 * A step of another kind, or another command, fails: somebody has to decide what it means here.
 */
export function buildImageRoot(): ImageRoot {
  const base = mkdtempSync(join(tmpdir(), 'ysh-image-'))
  const remove = () => rmSync(base, { recursive: true, force: true })
  try {
    const [build = [], image = [], ...more] = stages()
    if (more.length > 0) throw new Error('The Dockerfile has more stages than this knows')
    const source = join(base, 'src')
    const out = join(base, 'out')
    const output = build.map((step) => buildStep(step, source, out)).join('')
    const folder = join(base, 'root')
    mkdirSync(folder)
    for (const step of image) if (step.keyword === 'COPY') copyStep(step, out, folder)
    chmodSync(base, 0o755)
    return { folder, output, remove }
  } catch (error) {
    remove()
    throw error
  }
}

function buildStep({ keyword, text }: Step, source: string, out: string): string {
  switch (`${keyword} ${text}`) {
    case 'WORKDIR /src':
      mkdirSync(source)
      return ''
    case 'COPY package.json package-lock.json ./':
      for (const name of text.split(' ').slice(0, 2)) link(name, source)
      return ''
    case 'RUN npm ci --ignore-scripts --no-audit --no-fund':
      symlinkSync(join(packageFolder, 'node_modules'), join(source, 'node_modules'))
      return ''
    case 'COPY . .':
      for (const name of contextFiles()) link(name, source)
      return ''
    case 'RUN npm run build':
      for (const name of ['dist', 'examples/Pipelines', 'examples/Subflows to edit'])
        cpSync(join(packageFolder, name), join(source, name), { recursive: true })
      return ''
    case 'RUN node build/image.ts /out': {
      const words = ['build/image.ts', out]
      const run = spawnSync(process.execPath, words, { cwd: source, encoding: 'utf8', timeout: 180_000 })
      if (run.status !== 0) throw new Error(`${text}: ${run.stderr}`)
      return run.stdout
    }
    default:
      if (keyword === 'FROM') return ''
      throw new Error(`Nobody has said what "${keyword} ${text}" is in this test`)
  }
}

function link(name: string, source: string): void {
  const target = join(source, name)
  mkdirSync(dirname(target), { recursive: true })
  rmSync(target, { force: true })
  linkSync(join(packageFolder, name), target)
}

/** What git knows of, or would, without what .dockerignore keeps back: by git's own rules, which are the same for what stands in there. */
export function contextFiles(): string[] {
  const list = (...words: string[]) =>
    spawnSync('git', ['ls-files', '-z', ...words], { cwd: packageFolder, encoding: 'utf8' }).stdout.split('\0')
  const ignored = new Set(
    ['--cached', '--others'].flatMap((which) => list(which, '--ignored', '--exclude-from=.dockerignore')),
  )
  return list('--cached', '--others', '--exclude-standard').filter((name) => name !== '' && !ignored.has(name))
}

/** A COPY of the last stage; the engine makes what it copies root's, unless it is told otherwise. */
function copyStep({ text, flags }: Step, out: string, root: string): void {
  const [from = '', to = '', ...more] = text.split(' ')
  if (flags.from !== 'build' || !from.startsWith('/out/') || more.length > 0) throw new Error(`COPY ${text}`)
  renameSync(join(dirname(out), from), join(root, to))
  const [uid, gid] = (flags.chown ?? '0:0').split(':').map(Number)
  if (process.getuid?.() === 0 && uid !== undefined && gid !== undefined && flags.chown !== undefined) {
    chownSync(join(root, to), uid, gid)
  }
}

/** Files that every Debian has, for a root without one. */
export function furnish(root: string): void {
  for (const name of ['usr', 'proc', 'dev', 'etc', 'tmp', 'home/node']) mkdirSync(join(root, name), { recursive: true })
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(root, name))
  writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n')
  writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\nnode:x:1000:\n')
  writeFileSync(join(root, 'etc', 'hosts'), '127.0.0.1 localhost\n')
}
