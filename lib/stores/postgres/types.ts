import pg from 'pg'

// pg reads `date` and `timestamp` as local time: a day off west of Greenwich, and another instant on every machine.
// Oids of PostgreSQL's catalogue; typed as numbers because pg's list of them has no arrays.
const DATE: number = 1082
const TIMESTAMP: number = 1114
const DATE_ARRAY: number = 1182
const TIMESTAMP_ARRAY: number = 1115
const TEXT_ARRAY: number = 1009

/** Type parsers of one client: `date` and `timestamp` stay strings, everything else is pg's default. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format) {
    if (format !== 'binary') {
      if (oid === DATE || oid === TIMESTAMP) return text
      if (oid === DATE_ARRAY || oid === TIMESTAMP_ARRAY) return pg.types.getTypeParser(TEXT_ARRAY, 'text')
    }
    return pg.types.getTypeParser(oid, format)
  },
}

function text(value: string): string {
  return value
}
