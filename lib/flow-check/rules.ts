import type { Rule } from './rule.ts'
import { callWithoutCatch, callWithoutDeadline, callWithoutRetry } from './rules/calls.ts'
import { catchLoop } from './rules/catch-loop.ts'
import { clearText, missingConfig, noReceiver } from './rules/config.ts'
import { openEndpoint } from './rules/endpoints.ts'
import { eachWithoutJoin, implicitJoin, itemsReachEnd, joinWithoutEach } from './rules/joins.ts'
import { notPortable } from './rules/portable.ts'
import { openEnd, runWithoutEnd } from './rules/runs.ts'
import { literalSecret, secretToDebug } from './rules/secrets.ts'

/** Every rule, in the order of their findings. */
export const rules: readonly Rule[] = [
  missingConfig,
  literalSecret,
  secretToDebug,
  runWithoutEnd,
  openEnd,
  eachWithoutJoin,
  itemsReachEnd,
  joinWithoutEach,
  implicitJoin,
  catchLoop,
  callWithoutCatch,
  callWithoutRetry,
  callWithoutDeadline,
  openEndpoint,
  clearText,
  noReceiver,
  notPortable,
]
