import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from '../../vendor/graphql.ts'

/** Names of the fields that are asked for below this one, fragments followed; with `below`, of those below that field. */
export function selectedFields(info: GraphQLResolveInfo, below?: string): Set<string> {
  const names = new Set<string>()
  const seen = new Set<string>()
  const walk = (set: SelectionSetNode | undefined, inside: string | undefined) => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value
        if (inside === undefined) names.add(name)
        else if (name === inside) walk(selection.selectionSet, undefined)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.selectionSet, inside)
      } else {
        const name = selection.name.value
        const visit = `${inside ?? ''} ${name}`
        if (seen.has(visit)) continue
        seen.add(visit)
        walk(info.fragments[name]?.selectionSet, inside)
      }
    }
  }
  for (const node of info.fieldNodes) walk(node.selectionSet, below)
  return names
}
