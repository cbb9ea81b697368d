/**
 * A copy of a message whose parts may be changed without harm to the original. What cannot be copied (an HTTP response, a function)
 * is shared, as Node-RED does.
 */
export function copyOf(message: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => {
      try {
        return [name, structuredClone(value)]
      } catch {
        return [name, value]
      }
    }),
  )
}
