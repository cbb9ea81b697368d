import type { Catalogue } from '../../build/catalogue.ts'
import type { FormRow } from '../../build/fields.ts'
import { type Rules, violation } from '../../nodes/kit/editor/check.ts'
import type { Chosen, Refused } from './seen.ts'

/** Texts of all the forms that fields want; each field takes the first that it accepts. */
const good = [
  'https://example.org/a',
  'https://example.org:8443',
  'postgresql://ysh@db.example/ysh',
  'rediss://cache.example:6380',
  'arn:aws:sns:sa-east-1:123456789012:topic',
  'aneel.tarifas',
  'robo@example.org',
  'codigo = 1',
  'nome',
  '5%',
  '10m',
  '/api/v2',
  '2026-07-01',
  'token_use=access',
  'ysh/read=datasets,runs',
]
/** Texts that some field must refuse. */
const bad = ['sem espaço, aqui não', 'http://', '?', '§ 1\u0001', 'x'.repeat(1_000)]

/** Fields whose widget takes no typed text; they have tests of their own. */
const ownWidgets = new Set(['recipe', 'ownRecipe'])

/** Values that the form must refuse, with what it must say: as many as its rules have reasons. */
export function refusals(rows: readonly FormRow[], catalogue: Catalogue): (Refused & { says: string })[] {
  return rows.flatMap(({ field, rules, origin, widget }) => {
    if (origin === 'credential' || ownWidgets.has(field) || widget === 'select' || widget === 'checkbox') return []
    const seen = new Set<string>()
    return candidates(rules).flatMap((value) => {
      const broken = violation(rules, rules.kind === 'list' ? [value] : value)
      if (broken === undefined || seen.has(broken.key)) return []
      seen.add(broken.key)
      const own = broken.key === 'check.pattern' ? catalogue.find(`fields.${field}.invalid`) : undefined
      const words = Object.entries(broken.values).reduce(
        (text, [name, limit]) => text.replace(`__${name}__`, String(limit)),
        own ?? catalogue.need(broken.key),
      )
      return [{ field, value, says: `${catalogue.need(`fields.${field}.label`)}: ${words}` }]
    })
  })
}

function candidates(rules: Rules): string[] {
  if (rules.kind !== 'integer' && rules.kind !== 'number') return bad
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below } = rules
  const beyond = [minimum && minimum - 1, minimum === 0 ? -1 : undefined, maximum && maximum + 1, above, below]
  return ['x', '1.5', ...beyond.flatMap((value) => (value === undefined ? [] : [String(value)]))]
}

/** Another right value for every field, in the `turn`-th change of the same form. */
export function others(rows: readonly FormRow[], turn: number): Chosen[] {
  return rows.flatMap((row): Chosen[] => {
    const { field, widget, rules, value } = row
    if (row.origin === 'reference' || ownWidgets.has(field)) return []
    const chosen = (other: Chosen['value']) => [{ field, widget, value: other }]
    if (row.origin === 'name') return chosen(`one more ${turn}`)
    if (row.origin === 'credential') return chosen(`secret ${turn}`)
    switch (rules.kind) {
      case 'integer':
      case 'number':
        return chosen(String(between(rules, value, turn)))
      case 'boolean':
        return chosen((value === true) === (turn % 2 === 0))
      case 'choice': {
        const choices = rules.choices ?? []
        return chosen(choices[(choices.indexOf(String(value)) + turn) % choices.length] ?? '')
      }
      case 'list':
        return chosen([rightText(rules.items ?? { kind: 'text' }, turn)])
      default:
        return chosen(rightText(rules, turn))
    }
  })
}

/** A whole number that the rules let through, and not the usual one. */
function between({ minimum = 0, maximum = 1_000_000 }: Rules, usual: unknown, turn: number): number {
  const first = Math.ceil(minimum) + turn
  return Math.min(first === usual ? first + 5 : first, maximum)
}

function rightText(rules: Rules, turn: number): string {
  const right = good.filter((text) => violation(rules, text) === undefined)
  const text = right[turn % right.length]
  if (text === undefined) throw new Error(`No text here fits ${JSON.stringify(rules)}`)
  return text
}
