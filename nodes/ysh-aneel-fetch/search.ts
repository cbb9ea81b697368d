import type { DatasetEntry } from './datasets.ts'

/** `text` without accents and case: "Geração" is found by "geracao". */
export function plain(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{Diacritic}/gu, '')
    .toLowerCase()
}

/** The entries in which every word of `query` occurs, in their order. */
export function searchDatasets(entries: readonly DatasetEntry[], query: string): DatasetEntry[] {
  const words = plain(query)
    .split(/\s+/)
    .filter((word) => word !== '')
  return entries.filter(({ title, titleEn = '', slug, value }) => {
    const text = plain(`${title} ${titleEn} ${slug} ${value}`)
    return words.every((word) => text.includes(word))
  })
}

/** The entry that a node's setting means: by value, slug, or a contract's last name part. */
export function entryOf(entries: readonly DatasetEntry[], setting: string): DatasetEntry | undefined {
  const wanted = setting.trim()
  if (wanted === '') return undefined
  return entries.find(
    ({ value, slug, contract }) => value === wanted || (contract ? value === `aneel.${wanted}` : slug === wanted),
  )
}
