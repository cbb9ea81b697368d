import { knownPackages, type PartsOf } from './known.ts'
import type { PackageEntry } from './model.ts'
import { otherPackages } from './others.ts'

export type { PartsOf } from './known.ts'
export type { Content, PackageEntry, ResourceEntry } from './model.ts'

/** All 71 packages, the ones with a contract first. */
export function catalogue(partsOf: PartsOf): PackageEntry[] {
  return [...knownPackages(partsOf), ...otherPackages()]
}
