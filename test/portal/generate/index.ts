/** Files like ANEEL's, of any size, from a seed. */
export { type CleanOptions, cleanRows, cleanValue, writeClean } from './clean.ts'
export { type Damage, damagedRows, keptRows } from './damage.ts'
export { DATASETS, type DatasetName, isDataset } from './datasets.ts'
export { c1ToCp1252, type Dialect, encode, PORTAL } from './dialect.ts'
export { DAILY, type Shares } from './publication.ts'
export {
  type Change,
  changes,
  columnsOf,
  countRows,
  type Difference,
  difference,
  FIRST_DAY,
  type FileOptions,
  header,
  partsOf,
  publicationDay,
  rows,
} from './rows.ts'
export type { ColumnType, TableColumn } from './table.ts'
export { type TariffCase, tariffCases } from './tables/tariff-cases.ts'
export { bytesOf, type Source, source, type WriteOptions, type Written, write, writeCsv } from './write.ts'
export { type ZipLies, ZipStream } from './zip.ts'
