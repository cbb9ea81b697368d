import { fold } from '../fold.ts'
import { Type } from '../schema.ts'
import type { Provenance } from '../steps/dataset/read/port.ts'

/** {@link Provenance} as a schema, for answers. */
export const ProvenanceSchema = Type.Object(
  {
    dataset: Type.String(),
    version: Type.Integer({ description: 'Of several parts the newest' }),
    rows: Type.Integer({ description: 'In all parts, whatever was asked for' }),
    tier: Type.String({
      description: 'Where its file came from: the portal itself or a backup; of several parts the lower one',
    }),
    publishedAt: Type.String({ format: 'date-time', description: 'Here; of several parts the oldest' }),
    retrievedAt: Type.String({ format: 'date-time', description: 'When its source was last looked at' }),
    ageSeconds: Type.Number({ description: 'Since `publishedAt`' }),
    attribution: Type.String({ description: 'Source and licence' }),
    asOf: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  },
  { description: 'Where the answer comes from and how old it is' },
)

/** Provenance as headers, for answers that are no JSON. Headers have ASCII only: accents of the attribution are left out there. */
export function provenanceHeaders(provenance: Provenance): Record<string, string> {
  const { version, tier, ageSeconds, retrievedAt, attribution, asOf } = provenance
  return {
    'x-ysh-version': String(version),
    'x-ysh-tier': tier,
    'x-ysh-age': String(Math.round(ageSeconds)),
    'x-ysh-retrieved-at': retrievedAt,
    'x-ysh-attribution': fold(attribution).replaceAll(/[^\x20-\x7e]/g, '?'),
    ...(asOf === null ? {} : { 'x-ysh-as-of': asOf }),
  }
}
