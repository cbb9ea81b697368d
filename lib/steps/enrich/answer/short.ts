/** Words for a list of reasons: on one line, not too long, and without the half of a character, which JSON columns refuse. */
export function short(words: string, most = 200): string {
  return words.slice(0, most).toWellFormed().replaceAll('\0', '').replaceAll(/\s+/g, ' ').trim()
}
