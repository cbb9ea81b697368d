import { hasRetryNode, retryType } from './flows.ts'
import { type Aim, atAnyTime, atPoint, type Kill } from './plan.ts'
import type { Dice } from './seed.ts'
import type { StoreKind } from './stores.ts'

/** What is done to the processes of a scenario. */
export type Blow =
  /** Kills one after the other, each followed by a start. */
  | { kind: 'kills'; next(dice: Dice): Kill }
  /** Two replicas; one is killed, and started again at once, or when the other has taken its runs over. */
  | { kind: 'replicas'; back: 'at once' | 'after take-over' }
  /** Two replicas; one is stopped (SIGSTOP) until the other has its runs, and goes on then. */
  | { kind: 'frozen' }
  /** The database goes away and comes back. */
  | { kind: 'database' }
  | { kind: 'deploy'; type: 'full' | 'nodes' | 'flows' }
  | { kind: 'sigterm' }

/** One way of disturbing one workload. */
export interface Scenario {
  name: string
  workload: 'dense' | 'fetch'
  stores: readonly StoreKind[]
  blow: Blow
  /** Share of the kills; those that kill nobody have `blows` instead. */
  share: number
  /** Disturbances in a run of 200 kills, where they are no kills. */
  blows?: number
  /** So many first tries of each item fail, or so many requests for each file. */
  failures?: number
  /** How a failed message comes back in the dense flow. */
  retry?: 'delay' | 'node'
  /** A short run on both stores leaves out the embedded one, where little but the store is another. */
  shortRunOnServer?: boolean
  /** Why it cannot be run here. */
  skipped?: string
}

const both = ['postgres', 'embedded'] as const
const server = ['postgres'] as const

function points(name: string, workload: Scenario['workload'], share: number, aims: readonly [Aim, ...Aim[]]): Scenario {
  return { name, workload, stores: both, share, blow: { kind: 'kills', next: (dice) => atPoint(dice, aims) } }
}

/** All scenarios. */
export const scenarios: readonly Scenario[] = [
  { ...points('download', 'fetch', 7, [['download', 8]]), shortRunOnServer: true },
  points('copy', 'fetch', 9, [
    ['copy', 1],
    ['copy-end', 1],
    ['staged', 1],
  ]),
  points('before-commit', 'fetch', 6, [['publish-before-commit', 1]]),
  points('after-commit', 'fetch', 6, [['publish-after-commit', 1]]),
  points('journal', 'dense', 22, [
    ['step-before-commit', 9],
    ['step-after-commit', 9],
  ]),
  { ...points('send', 'dense', 14, [['before-send', 12]]), shortRunOnServer: true },
  points('join', 'dense', 18, [
    ['each-open', 3],
    ['join-recorded', 9],
    ['join-complete', 3],
  ]),
  {
    ...points('start-and-end', 'dense', 12, [
      ['run-started', 4],
      ['run-ended', 3],
    ]),
    shortRunOnServer: true,
  },
  { ...points('retry-wait', 'fetch', 5, [['retry-wait', 1]]), failures: 2, shortRunOnServer: true },
  {
    name: 'retry-node',
    workload: 'dense',
    stores: both,
    share: 8,
    failures: 2,
    shortRunOnServer: true,
    retry: 'node',
    // Its waits of 1.5 s are most of each run: that is where the kills hit.
    blow: {
      kind: 'kills',
      next: (dice) => ({ how: 'time', after: 'work', ms: dice.between(300, 1_600), target: 'process' }),
    },
    ...(hasRetryNode ? {} : { skipped: `this package has no node ${retryType}` }),
  },
  {
    name: 'random',
    workload: 'dense',
    stores: both,
    share: 44,
    blow: { kind: 'kills', next: (dice) => atAnyTime(dice, ['process']) },
  },
  {
    name: 'group',
    workload: 'dense',
    stores: ['embedded'],
    share: 18,
    blow: { kind: 'kills', next: (dice) => atAnyTime(dice, ['group', 'process']) },
  },
  {
    name: 'replicas',
    workload: 'dense',
    stores: server,
    share: 14,
    blow: { kind: 'replicas', back: 'at once' },
  },
  {
    name: 'take-over',
    workload: 'dense',
    stores: server,
    share: 3,
    blow: { kind: 'replicas', back: 'after take-over' },
  },
  { name: 'frozen', workload: 'dense', stores: server, share: 0, blows: 1, blow: { kind: 'frozen' } },
  { name: 'database', workload: 'dense', stores: both, share: 0, blows: 4, blow: { kind: 'database' } },
  ...(['full', 'nodes', 'flows'] as const).map(
    (type): Scenario => ({
      name: `deploy-${type}`,
      workload: 'dense',
      stores: both,
      share: 0,
      blows: 6,
      shortRunOnServer: type !== 'full',
      blow: { kind: 'deploy', type },
    }),
  ),
  { name: 'sigterm', workload: 'dense', stores: both, share: 0, blows: 4, blow: { kind: 'sigterm' } },
]
