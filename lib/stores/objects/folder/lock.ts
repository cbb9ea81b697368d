/** Runs `work` alone among those of the same key in this process; the map holds only keys in use. */
export type KeyLock = <T>(key: string, work: () => Promise<T>) => Promise<T>

/** Makes a {@link KeyLock}. Between processes the file system's own atomic steps decide. */
export function keyLock(): KeyLock {
  const tails = new Map<string, Promise<unknown>>()
  return async (key, work) => {
    const before = tails.get(key)
    const mine = before === undefined ? work() : before.then(work, work)
    tails.set(key, mine)
    try {
      return await mine
    } finally {
      if (tails.get(key) === mine) tails.delete(key)
    }
  }
}
