import { TierSchema } from '../runs/fallback.ts'
import { Type } from '../schema.ts'

/** Where an answer comes from and how old it is; `Provenance` of lib/steps/dataset/read as a schema. */
export const ProvenanceSchema = Type.Object({
  dataset: Type.String(),
  version: Type.Integer({ description: 'Of several parts the newest' }),
  rows: Type.Integer({ description: 'Rows in all parts, whatever was asked for' }),
  tier: TierSchema,
  publishedAt: Type.String({ description: 'When this version was published here; of several parts the oldest' }),
  retrievedAt: Type.String({ description: 'When the source was last looked at; of several parts the oldest' }),
  ageSeconds: Type.Number({ description: 'Since publishedAt' }),
  attribution: Type.String({ description: 'Source and licence' }),
  asOf: Type.Union([Type.String(), Type.Null()]),
})
