import { type Governor, governor } from '../../governor/governor.ts'
import { heavyWork } from '../catalogue.ts'
import { type Reading, reading } from '../reading.ts'

/** How the governor of this process stands. */
export function governorReadings(asked: Pick<Governor, 'state'> = governor): Reading[] {
  const { free, limit, held, kinds } = asked.state()
  return [
    ...heavyWork.flatMap((work) => [
      reading('governor.active', { work }, kinds[work].active),
      reading('governor.waiting', { work }, kinds[work].waiting),
      reading('governor.waits', { work }, kinds[work].waits),
      reading('governor.room', { work }, kinds[work].room),
    ]),
    reading('governor.memory.free', {}, free),
    reading('governor.memory.limit', {}, limit),
    reading('governor.processor.held', {}, held ? 1 : 0),
  ]
}
