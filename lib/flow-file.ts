import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What became of the flow file: `kept` is one that a person has changed, while the package has other flows than it began with. */
export type FlowFileState = 'made' | 'same' | 'updated' | 'kept'

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/**
 * Puts the package's flows into a user folder as `flows.json`. As long as nobody has changed them there, they follow the package at every
 * start; from the first deploy on the file is the user's and is never touched. `.ysh-flows` holds the hash of what was put there; a file
 * without one counts as changed. Each file is written whole or not at all. Throws what the file system says.
 */
export function provideFlows(shipped: string, userDir: string): FlowFileState {
  const flows = join(userDir, 'flows.json')
  const mark = join(userDir, '.ysh-flows')
  const bytes = readFileSync(shipped)
  const hash = hashOf(bytes)
  const put = () => {
    // the mark first: killed in between, the file counts as changed, and is kept
    write(mark, `${hash}\n`)
    write(flows, bytes)
  }
  if (!existsSync(flows)) {
    put()
    return 'made'
  }
  const there = hashOf(readFileSync(flows))
  const began = existsSync(mark) ? readFileSync(mark, 'utf8').trim() : undefined
  if (there === hash) {
    if (began !== hash) write(mark, `${hash}\n`)
    return 'same'
  }
  if (began === there) {
    put()
    return 'updated'
  }
  return began === hash || began === undefined ? 'same' : 'kept'
}

function write(path: string, content: string | Buffer): void {
  const aside = `${path}.${process.pid}.part`
  writeFileSync(aside, content)
  renameSync(aside, path)
}
