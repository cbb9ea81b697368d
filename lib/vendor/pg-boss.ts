import { PgBoss } from 'pg-boss'

export type { Db as BossDatabase, JobInsert, JobWithMetadata } from 'pg-boss'
export { PgBoss }
