import { PipelineError } from '../../../lib/errors.ts'
import { createEmbedded, openPostgres } from '../../../lib/stores/postgres/index.ts'

// Another process over the same folder, told what to do by its arguments. It answers on its standard output, a line each.
const [what, folder = '', from = '0'] = process.argv.slice(2)

try {
  if (what === 'create') {
    await createEmbedded(folder)
    say('created')
  } else {
    const store = await openPostgres({ kind: 'embedded', folder })
    say('open')
    if (what === 'sleep') {
      const sleeping = store.query('select pg_sleep(60)')
      say('sleeping')
      await sleeping
    }
    // Only what the store has acknowledged is said.
    for (let id = Number(from); what === 'write'; id += 1) {
      if (id % 2 === 0) await store.query('insert into written values ($1, $2)', [id, 'x'.repeat(id % 3_000)])
      else {
        await store.transaction(async (tx) => {
          await tx.query('insert into written values ($1)', [id])
          await tx.query('update written set body = $2 where id = $1', [id, 'in two steps'])
        })
      }
      say(String(id))
    }
    await store.close()
  }
} catch (error) {
  say(`error ${JSON.stringify(PipelineError.from(error))}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
