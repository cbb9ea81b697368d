export { ByteWriter, ParquetWriter, type Writer } from 'hyparquet-writer'
