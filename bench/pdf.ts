// What extracting PDFs costs and how right it is: `npm run bench:pdf`. Options: --small (one round), --files WORD (only files with it in
// their name), --speed or --quality (only that part). Real documents are taken from YSH_SAMPLES or shared/samples beside the repository.
import { quality } from './pdf/quality.ts'
import { speed } from './pdf/speed.ts'

const options = process.argv.slice(2)
const both = !options.includes('--speed') && !options.includes('--quality')
const at = options.indexOf('--files')
const word = at === -1 ? '' : (options[at + 1] ?? '')

let missed = false
if (both || options.includes('--speed')) missed = (await speed({ small: options.includes('--small'), word })) || missed
if (both || options.includes('--quality')) missed = (await quality({ word })) || missed
process.exitCode = missed ? 1 : 0
