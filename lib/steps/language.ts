/** The languages of our documents. */
export type Language = 'pt' | 'en'

const portuguese = new Set(
  'de da do das dos que e em para com não uma por os as ao à é no na nos nas ou se sua seu pela pelo são será deve'.split(
    ' ',
  ),
)
const english = new Set(
  'the of and to in is for with that on be by are this or as an from shall at which not its it was will must'.split(
    ' ',
  ),
)
/** Words that are looked at. */
const enough = 2_000

/** Portuguese or English, by the small words; Portuguese when nothing tells. */
export function languageOf(text: string): Language {
  const { pt, en } = smallWords(text)
  return en > pt ? 'en' : 'pt'
}

function smallWords(text: string): Record<Language, number> {
  let pt = 0
  let en = 0
  let seen = 0
  for (const [word] of text.slice(0, 40_000).matchAll(/\p{L}+/gu)) {
    const small = word.toLowerCase()
    if (portuguese.has(small)) pt += 1
    if (english.has(small)) en += 1
    seen += 1
    if (seen === enough) break
  }
  return { pt, en }
}

/** The language of a text that leaves no doubt; undefined for short ones, tables, mixtures. */
export function clearLanguageOf(text: string): Language | undefined {
  const { pt, en } = smallWords(text)
  if (pt >= 5 && pt >= 3 * en) return 'pt'
  return en >= 5 && en >= 3 * pt ? 'en' : undefined
}
