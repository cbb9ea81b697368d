export { openPgVectors, type PgVectorsOptions } from './pgvector/store.ts'
export type * from './port.ts'
export type { QdrantAddress } from './qdrant/connection.ts'
export { openQdrant } from './qdrant/store.ts'
