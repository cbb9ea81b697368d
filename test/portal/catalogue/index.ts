import { generation } from './generation.ts'
import type { PackageEntry, PartsOf } from './model.ts'
import { otherPackages } from './others.ts'
import { quality } from './quality.ts'
import { tariffs } from './tariffs.ts'

export type { Content, PackageEntry, PartsOf, ResourceEntry } from './model.ts'

/** All 71 packages, the ones with a contract first; with the real ids where public files show them. */
export function catalogue(partsOf: PartsOf): PackageEntry[] {
  return [...tariffs(partsOf), ...generation(), ...quality(partsOf), ...otherPackages()]
}
