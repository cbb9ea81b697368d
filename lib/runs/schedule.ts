import { Cron } from 'croner'
import { PipelineError } from '../errors.ts'
import { type Infer, Type } from '../schema.ts'

/** When a flow runs. */
export const ScheduleSchema = Type.Object(
  {
    expression: Type.String({
      default: '0 2 * * *',
      maxLength: 200,
      title: 'Schedule',
      description:
        'Cron: minute, hour, day of month, month, day of week; with seconds in front when there are six fields',
    }),
    timeZone: Type.String({
      default: 'America/Sao_Paulo',
      title: 'Time zone',
      description: 'IANA name of the zone in which the schedule is meant',
    }),
    catchUp: Type.Enum(['skip', 'last', 'all'], {
      default: 'last',
      title: 'Missed slots',
      description: 'What to do with slots that passed while nothing ran: none, the last one, or all (at most 1,000)',
    }),
  },
  { additionalProperties: false },
)
/** {@link ScheduleSchema} as a type. */
export type Schedule = Infer<typeof ScheduleSchema>

/** More missed slots than this are never made up. */
export const maxCatchUp = 1_000
/** With catch-up `skip` a slot this late (ms) still counts as on time: the loop looks at least this often. */
export const graceMs = 60_000

/** The instants of a schedule. */
export interface Calendar {
  /** The first instant strictly after `after`; undefined when there is none any more. */
  next(after: Date): Date | undefined
  /** The instants in (after, until], oldest first; only the newest {@link maxCatchUp}, and `dropped` says if there were more. */
  due(after: Date, until: Date): { slots: Date[]; dropped: boolean }
}

/**
 * Reads a schedule. Each occurrence is the UTC instant that croner gives it: a fixed time inside a spring gap happens right
 * after the gap, a fixed time that occurs twice happens once, wildcards follow the wall clock (twice in a repeated hour).
 * Throws SCHEDULE_INVALID naming the field.
 */
export function calendar(expression: string, timeZone: string): Calendar {
  const cron = read(expression, timeZone)
  const next = (after: Date): Date | undefined => cron.nextRun(after) ?? undefined
  if (next(new Date()) === undefined) throw invalid('schedule', `"${expression}" never happens`)
  return {
    next,
    due(after, until) {
      const slots: Date[] = []
      for (let slot = next(after); slot !== undefined && slot <= until; slot = next(slot)) {
        if (slots.length === maxCatchUp) return { slots: newest(cron, until), dropped: true }
        slots.push(slot)
      }
      return { slots, dropped: false }
    },
  }
}

/** The newest {@link maxCatchUp} instants up to and including `until`, oldest first. */
function newest(cron: Cron, until: Date): Date[] {
  // previousRuns wants instants before a reference, in whole seconds.
  const reference = new Date(Math.floor(until.getTime() / 1_000) * 1_000 + 1_000)
  return cron.previousRuns(maxCatchUp, reference).reverse()
}

/** Which of the due slots are to run now. */
export function choose(catchUp: Schedule['catchUp'], due: readonly Date[], now: Date): Date[] {
  if (catchUp === 'all') return [...due]
  const last = due.at(-1)
  if (last === undefined) return []
  return catchUp === 'last' || now.getTime() - last.getTime() <= graceMs ? [last] : []
}

const fiveFields = ['minute', 'hour', 'day of month', 'month', 'day of week']

function read(expression: string, timeZone: string): Cron {
  const fields = expression.trim().split(/\s+/)
  const names = fields.length === 6 ? ['second', ...fiveFields] : fiveFields
  if (fields.length !== names.length) {
    throw invalid('schedule', `"${expression}" has ${fields[0] === '' ? 0 : fields.length} fields instead of 5 or 6`)
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    throw invalid('time zone', `"${timeZone}" is no IANA time zone, such as America/Sao_Paulo`)
  }
  for (const [index, field] of fields.entries()) {
    const alone = names.map((_, other) => (other === index ? field : '*')).join(' ')
    try {
      new Cron(alone, { mode: '5-or-6-parts', paused: true })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : String(cause)
      throw invalid(names[index] ?? 'schedule', `"${field}" is not valid (${reason})`, cause)
    }
  }
  return new Cron(fields.join(' '), { mode: '5-or-6-parts', timezone: timeZone, paused: true })
}

function invalid(field: string, problem: string, cause?: unknown): PipelineError {
  return new PipelineError('SCHEDULE_INVALID', `The ${field} of the schedule is wrong: ${problem}`, {
    details: { field },
    cause,
  })
}
