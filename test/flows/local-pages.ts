import { parser, Type } from '../../lib/schema.ts'
import { recipeOf } from '../../lib/steps/utility/scrape.ts'
import { ScrapeConfigSchema } from '../../lib/steps/utility/scrape-schema.ts'
import type { FlowNode } from '../helpers/node-red.ts'

const configs = parser(ScrapeConfigSchema, 'A config')
const items = parser(
  Type.Array(Type.Object({ name: Type.String(), recipe: Type.String(), page: Type.Optional(Type.String()) })),
  'The pages of the flow',
)

/** The daily flow's change node that holds the list of pages. */
export const pagesNode = 'ysh-daily-aneel'

/** The node with its pages at another server's addresses, and only those that are wanted. */
export function localPages(node: FlowNode, server: string, wanted: (name: string) => boolean = () => true): FlowNode {
  const { rules } = node
  if (node.id !== pagesNode || !Array.isArray(rules)) return node
  return {
    ...node,
    rules: rules.map((rule) => (rule.p === 'payload' ? { ...rule, to: localList(rule.to, server, wanted) } : rule)),
  }
}

function localList(json: string, server: string, wanted: (name: string) => boolean): string {
  const local = items
    .parse(JSON.parse(json))
    .filter(({ name }) => wanted(name))
    .map((item) => {
      const pages = recipeOf(configs.parse({ recipe: item.recipe }))?.pages ?? []
      const page = pages.find((each) => each.page === item.page) ?? pages[0]
      return { ...item, url: `${server}${new URL(page?.url ?? server).pathname}` }
    })
  return JSON.stringify(local)
}
