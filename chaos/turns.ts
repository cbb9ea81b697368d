/** Does all work, so many units of it at a time at most, the first ones first. Rejects with the first error, when all have ended. */
export async function inTurns<T>(units: number, work: readonly { weight: number; run(): Promise<T> }[]): Promise<T[]> {
  const waiting = work.map((each, at) => ({ ...each, at }))
  const results: T[] = []
  const errors: unknown[] = []
  let free = units
  let wake = Promise.withResolvers<void>()
  const running = new Set<Promise<void>>()
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ weight }) => weight <= free || free === units)
    const [taken] = next < 0 ? [] : waiting.splice(next, 1)
    if (taken === undefined) {
      await wake.promise
      wake = Promise.withResolvers()
      continue
    }
    free -= taken.weight
    const promise = taken
      .run()
      .then(
        (result) => {
          results[taken.at] = result
        },
        (error: unknown) => {
          errors.push(error)
        },
      )
      .finally(() => {
        free += taken.weight
        running.delete(promise)
        wake.resolve()
      })
    running.add(promise)
  }
  await Promise.all(running)
  if (errors.length > 0) throw errors[0]
  return results
}
