/** Numbers, times and spans as a language writes them; times in the zone of whoever looks. */
export function createFormat(language: 'en-US' | 'pt-BR') {
  const number = new Intl.NumberFormat(language)
  const digits = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'medium' })
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'always', style: 'short' })
  return {
    number: (value: number) => number.format(value),
    time: (iso: string) => time.format(new Date(iso)),
    /** `3 min. ago`, `in 2 hr.` */
    ago(iso: string): string {
      const seconds = (new Date(iso).getTime() - Date.now()) / 1_000
      const size = Math.abs(seconds)
      if (size < 60) return relative.format(Math.round(seconds), 'second')
      if (size < 3_600) return relative.format(Math.round(seconds / 60), 'minute')
      if (size < 172_800) return relative.format(Math.round(seconds / 3_600), 'hour')
      return relative.format(Math.round(seconds / 86_400), 'day')
    },
    /** `250 ms`, `4.2 s`, `12 min`, `3 h`, `5 d` */
    span(seconds: number): string {
      if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1_000))} ms`
      if (seconds < 60) return `${digits.format(seconds)} s`
      if (seconds < 7_200) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
      if (seconds < 172_800) return `${digits.format(seconds / 3_600)} h`
      return `${digits.format(seconds / 86_400)} d`
    },
    /** An instant that a slot is; any other slot as it stands. */
    slot: (slot: string) =>
      slot.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/, (iso) => time.format(new Date(iso))),
  }
}

/** See {@link createFormat}. */
export type Format = ReturnType<typeof createFormat>

/** The path of an item as a person reads it. */
export function itemName(item: string): string {
  return item
    .split('/')
    .map((key) => {
      try {
        return decodeURIComponent(key)
      } catch {
        return key
      }
    })
    .join(' / ')
}
