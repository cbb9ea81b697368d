import { ParquetWriter } from 'hyparquet-writer'

export { ByteWriter, type ColumnSource, type Writer } from 'hyparquet-writer'
export { ParquetWriter }
/** A column of a file, or its root. */
export type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]
