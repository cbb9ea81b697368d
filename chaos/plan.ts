import type { FailPoint } from '../lib/fail-point.ts'
import type { Dice } from './seed.ts'

/** How a process is to die. */
export type Kill =
  /** By itself, at a passing of a fail point. */
  | { how: 'point'; point: FailPoint; passing: number }
  /** From outside, so many milliseconds after it was started, or after the first run that it took up. */
  | { how: 'time'; after: 'start' | 'work'; ms: number; target: 'process' | 'group' }

/** A fail point, and its passing at most. */
export type Aim = readonly [FailPoint, number]

/** The next kill at one of these points. */
export function atPoint(dice: Dice, aims: readonly [Aim, ...Aim[]]): Kill {
  const [point, most] = dice.pick(aims)
  return { how: 'point', point, passing: dice.between(1, most) }
}

/** The next kill at any time; one in six hits the start. */
export function atAnyTime(dice: Dice, targets: readonly ['process' | 'group', ...('process' | 'group')[]]): Kill {
  const target = dice.pick(targets)
  return dice.roll() < 1 / 6
    ? { how: 'time', after: 'start', ms: dice.between(100, 1_500), target }
    : { how: 'time', after: 'work', ms: dice.between(0, 900), target }
}
