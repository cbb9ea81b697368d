import { stemmer } from '@orama/stemmers/portuguese'
import { fold } from '../../../fold.ts'

/** Endings that people and old systems write without their accents; the stemmer knows them only with them. */
const endings: readonly [RegExp, string][] = [
  [/cao$/, 'ção'],
  [/coes$/, 'ções'],
  [/sao$/, 'são'],
  [/soes$/, 'sões'],
  [/encia(s?)$/, 'ência$1'],
  [/ancia(s?)$/, 'ância$1'],
  [/ario(s?)$/, 'ário$1'],
  [/aria(s?)$/, 'ária$1'],
  [/orio(s?)$/, 'ório$1'],
  [/ivel$/, 'ível'],
  [/avel$/, 'ável'],
  [/iveis$/, 'íveis'],
  [/aveis$/, 'áveis'],
]

/**
 * The stem of a word of one language only: Portuguese (Snowball), then without accents, so that `distorções`, `distorção` and `DISTORCAO` meet.
 * `word` is lower case. English words lose a little too, the same everywhere.
 */
export function stemOf(word: string): string {
  return fold(meet(stemmer(accented(word))))
}

function accented(word: string): string {
  for (const [ending, proper] of endings) if (ending.test(word)) return word.replace(ending, proper)
  return word
}

/** `ção` and `ções` leave stems of their own; the plural's becomes the singular's. */
function meet(stem: string): string {
  return stem.endsWith('õ') ? `${stem.slice(0, -1)}ã` : stem
}
