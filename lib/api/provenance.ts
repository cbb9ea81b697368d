import { fold } from '../fold.ts'
import { TierSchema } from '../runs/fallback.ts'
import { Type } from '../schema.ts'
import type { Provenance } from '../steps/dataset/read/port.ts'

/** Where an answer comes from and how old it is; `Provenance` of lib/steps/dataset/read as a schema. */
export const ProvenanceSchema = Type.Object(
  {
    dataset: Type.String(),
    version: Type.Integer({ description: 'Of several parts the newest' }),
    rows: Type.Integer({ description: 'Rows in all parts, whatever was asked for' }),
    tier: TierSchema,
    publishedAt: Type.String({ description: 'When this version was published here; of several parts the oldest' }),
    retrievedAt: Type.String({ description: 'When the source was last looked at; of several parts the oldest' }),
    ageSeconds: Type.Number({ description: 'Since publishedAt' }),
    attribution: Type.String({ description: 'Source and licence' }),
    asOf: Type.Union([Type.String(), Type.Null()]),
  },
  { title: 'Provenance' },
)

/** Provenance as headers, for answers that are no JSON. Headers have ASCII only: accents of the attribution are left out there. */
export function provenanceHeaders(provenance: Provenance): Record<string, string> {
  const { version, tier, ageSeconds, retrievedAt, attribution, asOf } = provenance
  return {
    'x-ysh-version': String(version),
    'x-ysh-tier': tier,
    'x-ysh-age': String(Math.round(ageSeconds)),
    'x-ysh-retrieved-at': retrievedAt,
    'x-ysh-attribution': asciiOf(attribution),
    ...(asOf === null ? {} : { 'x-ysh-as-of': asOf }),
  }
}

/** Of the last attribution: there are few, and one request is like the next. */
let last = { text: '', ascii: '' }

function asciiOf(text: string): string {
  if (last.text !== text) last = { text, ascii: fold(text).replaceAll(/[^\x20-\x7e]/g, '?') }
  return last.ascii
}
