import assert from 'node:assert/strict'
import { taskId } from '../../../lib/portable/airflow/tasks.ts'
import { followers } from '../../../lib/portable/plan/graph.ts'
import type { Pipeline, PlanNode } from '../../../lib/portable/plan/schema.ts'
import type { graphOf } from './engine.ts'

type Tasks = Awaited<ReturnType<typeof graphOf>>[string]['tasks']

/** Every way of the plan is one of edges, and every edge of a state is a way of the plan: counted without the emitter's own code. */
export function checkGraph(pipeline: Pipeline, tasks: Tasks): void {
  const expected = new Map<string, Set<string>>()
  const [run] = pipeline.regions
  assert.ok(run)
  const expect = (id: string, before: Iterable<string>) => expected.set(id, new Set(before))
  const walk = (regionId: string, group: string | undefined, entry: string | undefined): string[] => {
    const region = pipeline.regions.find(({ id }) => id === regionId)
    assert.ok(region)
    const full = (own: string) => (group === undefined ? own : `${group}.${own}`)
    const isWhole = (node: PlanNode) => node.kind === 'map' && group === undefined
    /** Tasks whose state may come to a node, or leave the region. */
    const from = new Map<string | null, Set<string>>()
    const byId = new Map(region.nodes.map((node) => [node.id, node]))
    const come = (task: string, to: string | null): void => {
      from.set(to, (from.get(to) ?? new Set()).add(task))
      const node = to === null ? undefined : byId.get(to)
      if (node?.kind === 'choice') for (const next of followers(node)) come(task, next)
    }
    if (entry !== undefined) come(entry, region.start)
    for (const node of region.nodes) {
      const own = full(taskId(node.id))
      const before = [...(from.get(node.id) ?? [])]
      const choices = region.nodes.filter((one) => one.kind === 'choice' && followers(one).includes(node.id))
      const all = [...before, ...choices.map(({ id }) => full(taskId(id)))]
      if (node.kind === 'map' && isWhole(node)) {
        expect(`${own}__open`, all)
        expect(`${own}__items`, [`${own}__open`])
        const ended = walk(node.region, own, `${own}__items`)
        expect(`${own}__close`, [`${own}__open`, ...ended])
        if (node.empty !== node.next) come(`${own}__open`, node.empty)
        come(`${own}__close`, node.next)
        if (node.catch !== null) for (const task of [`${own}__open`, `${own}__close`]) come(task, node.catch.to)
      } else {
        expect(own, all)
        if (node.kind !== 'choice') for (const to of followers(node)) come(own, to)
        // What nobody catches ends an item.
        if (group !== undefined && 'catch' in node && node.catch === null) come(own, null)
      }
    }
    return [...(from.get(null) ?? [])]
  }
  const begin = Object.keys(tasks).find((id) => id.endsWith('__begin'))
  if (begin !== undefined) expect(begin, [])
  walk('', undefined, begin)
  assert.deepEqual(
    Object.fromEntries(Object.entries(tasks).map(([id, { upstream }]) => [id, upstream])),
    Object.fromEntries([...expected].map(([id, before]) => [id, [...before].sort()])),
  )
}
