import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import type { ObjectStore } from '../../../lib/stores/objects/port.ts'
import { concurrency } from './conformance-concurrency.ts'
import { contents } from './conformance-contents.ts'
import { failures } from './conformance-failures.ts'
import { keys } from './conformance-keys.ts'

/** An adapter under test, opened over an empty place of its own. */
export interface Opened {
  store: ObjectStore
  dispose(): Promise<void>
  /** Puts many objects, each with its key as content, where one put after the other takes too long. */
  fill?(keys: readonly string[]): void
}

/** What the parts of the suite work with. */
export interface Subject {
  open(): Promise<Opened>
  readonly store: ObjectStore
  readonly fill: Opened['fill']
  /** A folder for local files. */
  readonly scratch: string
}

/** What every adapter of the object port does; only `parts` of it where what is behind the adapter is less than it should be. */
export function objectsConformance(
  name: string,
  open: () => Promise<Opened>,
  parts: ((subject: Subject) => void)[] = [contents, keys, concurrency, failures],
) {
  describe(`object port: ${name}`, { timeout: 120_000 }, () => {
    let opened: Opened
    let scratch = ''
    before(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'objects-conformance-'))
      opened = await open()
    })
    after(async () => {
      await opened.store.close()
      await opened.dispose()
      await rm(scratch, { recursive: true, force: true })
    })
    const subject: Subject = {
      open,
      get store() {
        return opened.store
      },
      get fill() {
        return opened.fill
      },
      get scratch() {
        return scratch
      },
    }
    for (const part of parts) part(subject)
  })
}
