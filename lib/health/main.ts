// What Docker's HEALTHCHECK runs every half minute: unlike the whole command line it loads next to nothing.
import { health } from './command.ts'

process.exitCode = await health(process.argv.slice(2), {
  env: process.env,
  out: (text) => console.log(text),
  err: (text) => console.error(text),
})
