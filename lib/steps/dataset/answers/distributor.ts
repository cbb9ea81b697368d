import { PipelineError } from '../../../errors.ts'
import { fold } from '../../../fold.ts'
import { Type } from '../../../schema.ts'
import type { Ask } from './question.ts'

/** A distributor as parameter. */
export const Distributor = Type.String({
  minLength: 2,
  maxLength: 60,
  description: 'CNPJ, with or without its signs, or the abbreviation, such as CEMIG-D',
})

/**
 * The CNPJs that a distributor's abbreviation has had in a dataset, or the CNPJ itself. Throws DISTRIBUTOR_UNKNOWN, which names those that
 * sound alike.
 */
export async function distributorOf(
  ask: Ask,
  given: string,
  table: { name: 'aneel.tarifas' | 'aneel.componentes_tarifarias' | 'aneel.mmgd'; cnpj: string; sig: string },
): Promise<string[]> {
  const digits = given.replaceAll(/[./\s-]/g, '')
  if (/^\d{8,14}$/.test(digits)) return [digits.padStart(14, '0')]
  const { rows } = await ask<{ cnpj: string; sig: string }>(
    `select distinct ${table.cnpj} as cnpj, ${table.sig} as sig from ${table.name} where ${table.cnpj} is not null and ${table.sig} is not null`,
  )
  const wanted = plain(given)
  const exact = rows.filter(({ sig }) => plain(sig) === wanted)
  if (exact.length > 0) return [...new Set(exact.map(({ cnpj }) => cnpj))]
  const near = [...new Set(rows.filter(({ sig }) => plain(sig).includes(wanted)).map(({ sig }) => sig))].slice(0, 10)
  const hint = near.length > 0 ? `; near are ${near.join(', ')}` : ''
  throw new PipelineError(
    'DISTRIBUTOR_UNKNOWN',
    `${table.name} has no distributor called ${JSON.stringify(given)}${hint}`,
    {
      details: { near },
    },
  )
}

/** Small letters and digits only: `CEMIG-D` and `cemig d` are the same. */
function plain(text: string): string {
  return fold(text)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
}
