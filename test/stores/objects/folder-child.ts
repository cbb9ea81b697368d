/** A process of its own for the folder store's tests, told by its arguments what to do to which folder. */
import { PassThrough, Readable } from 'node:stream'
import { PipelineError } from '../../../lib/errors.ts'
import { openFolderObjects } from '../../../lib/stores/objects/folder.ts'

const [mode = '', folder = '', own = ''] = process.argv.slice(2)
const store = await openFolderObjects({ folder })
const tell = (message: unknown) => process.send?.(message)

if (mode === 'stall') {
  // Starts a put whose end never comes, and tells when bytes are on their way.
  setInterval(() => {}, 60_000) // stays until it is killed
  const source = new PassThrough()
  const put = store.put('stalled/object', source, { metadata: { own } })
  for (let i = 0; i < 20; i++)
    if (!source.write(Buffer.alloc(100_000))) await new Promise((go) => source.once('drain', go))
  tell('streaming')
  await put
} else if (mode === 'replace') {
  // Replaces three objects for ever, with metadata that names the content.
  tell('replacing')
  for (let n = 0; ; n++) {
    const content = `${own}-${n}`
    const key = `replaced/${n % 3}`
    if (n % 7 === 6) await store.delete(key)
    else await store.put(key, Readable.from([content.repeat(5_000)]), { metadata: { content } })
  }
} else if (mode === 'race') {
  const won: string[] = []
  for (let n = 0; n < 100; n++) {
    const key = `race/${n}/object`
    try {
      await store.put(key, Buffer.from(own), { ifAbsent: true, metadata: { own } })
      won.push(key)
    } catch (error) {
      if (!(error instanceof PipelineError) || error.code !== 'OBJECT_EXISTS') throw error
    }
  }
  tell(won)
  process.disconnect()
} else if (mode === 'fill') {
  const outcome = await store
    .put('too/big', Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(100_000))))
    .then(
      () => 'stored',
      (error: unknown) => PipelineError.from(error).code,
    )
  await store.put('small', Buffer.from('fits'))
  const { objects } = await store.list('')
  console.log(JSON.stringify({ outcome, keys: objects.map((object) => object.key) }))
} else {
  throw new Error(`unknown mode ${mode}`)
}
