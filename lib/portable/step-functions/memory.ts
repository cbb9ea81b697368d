import type { Pipeline, StepNode } from '../plan/schema.ts'

/** Documents and models of their own need memory; the rest waits for others. */
const heavy = new Set(['ysh-pdf-extract', 'ysh-vector-index', 'ysh-aneel-fetch'])

/** MB of the function that does the steps of these pipelines. 1,769 MB are one processor. */
export function memoryOf(pipelines: readonly Pipeline[]): number {
  return stepsOf(pipelines).some(({ type }) => heavy.has(type)) ? 2_048 : 1_024
}

/** All steps of these pipelines. */
export function stepsOf(pipelines: readonly Pipeline[]): StepNode[] {
  const nodes = pipelines.flatMap(({ regions }) => regions.flatMap((region) => region.nodes))
  return nodes.filter((node): node is StepNode => node.kind === 'step')
}
