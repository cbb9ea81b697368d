import type { VectorPoint } from './port.ts'

/** When a batch is full. */
export interface BatchLimits {
  points: number
  bytes: number
}

/**
 * Points in batches, each id once in a batch, the last one given. `prepare` says what a point is sent as, and its bytes. Nothing is read ahead:
 * the source waits while a batch is written.
 */
export async function* batches<T>(
  points: Iterable<VectorPoint> | AsyncIterable<VectorPoint>,
  limits: BatchLimits,
  prepare: (point: VectorPoint) => { id: string; bytes: number; item: T },
): AsyncGenerator<T[]> {
  let batch = new Map<string, T>()
  let size = 0
  for await (const point of points) {
    const { id, bytes, item } = prepare(point)
    if (batch.size > 0 && size + bytes > limits.bytes) {
      yield [...batch.values()]
      batch = new Map()
      size = 0
    }
    batch.set(id, item)
    size += bytes
    if (batch.size < limits.points) continue
    yield [...batch.values()]
    batch = new Map()
    size = 0
  }
  if (batch.size > 0) yield [...batch.values()]
}
