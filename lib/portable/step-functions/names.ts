import { createHash } from 'node:crypto'
import type { PlanNode } from '../plan/schema.ts'

/** Step Functions refuses longer names. */
const longest = 80

/** Lower case, without accents, words joined by hyphens: `todo-dia-as-2-h`. */
export function slug(text: string): string {
  const plain = text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return plain.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '') || 'x'
}

/** A state's name: words for people, and in brackets what makes it unique. A long id keeps its end and gets a hash. */
export function stateName(node: Pick<PlanNode, 'id' | 'name'>, part = ''): string {
  const whole = `${node.id}${part}`
  const unique =
    whole.length <= longest - 12
      ? whole
      : `${createHash('sha256').update(whole).digest('hex').slice(0, 8)}…${whole.slice(-(longest - 24))}`
  const words = slug(node.name).slice(0, Math.max(longest - unique.length - 3, 1))
  return `${words} (${unique})`
}

/** A place that Terraform's templatefile fills in. */
export const filledIn = (name: string) => `\${${name}}`
