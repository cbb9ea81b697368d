/** What a key or token may allow. */
export const scopes = ['datasets', 'documents', 'runs', 'events'] as const
/**
 * `datasets`: rows, schemas, tariffs, flags, distributed generation. `documents`: documents and search. `runs`: runs and their errors.
 * `events`: subscriptions; each topic needs its own scope as well.
 */
export type Scope = (typeof scopes)[number]

/** Who asks, once that is known. */
export interface Caller {
  /** Stable and no secret, for logs and the rate limit: `key:<id>`, `token:<issuer>|<subject>`. */
  id: string
  /** A name for people. */
  name: string
  scopes: ReadonlySet<Scope>
  /** When the key or token is no longer good; left out: it has no end. A subscription ends then. */
  expires?: Date
}
