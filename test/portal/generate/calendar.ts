/** Civil dates as whole days since 1970-01-01 (negative before), with cached texts. */

const DAY_MS = 86_400_000
const isoCache = new Map<number, string>()
const brazilianCache = new Map<number, string>()

/** The day of a civil date; `month` is 1 to 12, and may run over. */
export function day(year: number, month: number, dayOfMonth: number): number {
  return Math.floor(Date.UTC(year, month - 1, dayOfMonth) / DAY_MS)
}

/** The day of `YYYY-MM-DD`. */
export function dayOf(isoDate: string): number {
  return Math.floor(Date.parse(`${isoDate}T00:00:00Z`) / DAY_MS)
}

/** `YYYY-MM-DD`. */
export function iso(of: number): string {
  let text = isoCache.get(of)
  if (text === undefined) {
    text = new Date(of * DAY_MS).toISOString().slice(0, 10)
    isoCache.set(of, text)
  }
  return text
}

/** `DD/MM/YYYY`, as in the subsidies file. */
export function brazilian(of: number): string {
  let text = brazilianCache.get(of)
  if (text === undefined) {
    const [year, month, date] = iso(of).split('-')
    text = `${date}/${month}/${year}`
    brazilianCache.set(of, text)
  }
  return text
}

/** Year, month (1 to 12) and day of the month. */
export function parts(of: number): { year: number; month: number; date: number } {
  const text = iso(of)
  return { year: Number(text.slice(0, 4)), month: Number(text.slice(5, 7)), date: Number(text.slice(8, 10)) }
}

/** Month names in the capitals of ANEEL's acts. */
export const MONTHS = [
  'JANEIRO',
  'FEVEREIRO',
  'MARÇO',
  'ABRIL',
  'MAIO',
  'JUNHO',
  'JULHO',
  'AGOSTO',
  'SETEMBRO',
  'OUTUBRO',
  'NOVEMBRO',
  'DEZEMBRO',
] as const

/** `20 DE MAIO DE 2025`. */
export function inWords(of: number): string {
  const { year, month, date } = parts(of)
  return `${date} DE ${MONTHS[month - 1] ?? ''} DE ${year}`
}
