import type { PlanNode } from './schema.ts'

/** What can follow a node in its region; null leaves the region. The way after an error is the last one. */
export function followers(node: PlanNode): (string | null)[] {
  const own =
    node.kind === 'step'
      ? Object.values(node.ports)
      : node.kind === 'choice'
        ? [...node.rules.map(({ to }) => to), node.otherwise]
        : node.kind === 'map'
          ? [node.next, node.empty]
          : node.kind === 'wait'
            ? [node.next]
            : []
  const caught = 'catch' in node && node.catch !== null ? [node.catch.to] : []
  return [...own, ...caught]
}

/** The nodes of a region, each before those that follow it; or a node that a way leads back to. Linear in nodes and ways. */
export function inOrder(nodes: ReadonlyMap<string, PlanNode>, start: string | null): PlanNode[] | { loop: string } {
  const state = new Map<string, 'open' | 'done'>()
  const done: PlanNode[] = []
  const stack: { id: string; next: (string | null)[] }[] = []
  const open = (id: string) => {
    const node = nodes.get(id)
    if (node === undefined) return
    state.set(id, 'open')
    // The last one first, so that the order reads as the ways are written.
    stack.push({ id, next: followers(node) })
  }
  if (start !== null) open(start)
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.next.pop()
    if (next === undefined) {
      stack.pop()
      state.set(top.id, 'done')
      const node = nodes.get(top.id)
      if (node !== undefined) done.push(node)
    } else if (next !== null) {
      const known = state.get(next)
      if (known === 'open') return { loop: next }
      if (known === undefined) open(next)
    }
  }
  return done.reverse()
}

/** Whether the ways from some nodes have no node in common. */
export function areApart(nodes: ReadonlyMap<string, PlanNode>, starts: readonly string[]): boolean {
  const owner = new Map<string, number>()
  for (const [branch, start] of starts.entries()) {
    const todo = [start]
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      const known = owner.get(id)
      if (known === branch) continue
      if (known !== undefined) return false
      owner.set(id, branch)
      const node = nodes.get(id)
      if (node !== undefined) for (const next of followers(node)) if (next !== null) todo.push(next)
    }
  }
  return true
}
