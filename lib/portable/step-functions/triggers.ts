import type { Pipeline } from '../plan/schema.ts'
import { eventBridgeCron } from './cron.ts'
import { filledIn, slug } from './names.ts'
import type { Notes } from './notes.ts'
import type { State } from './states.ts'

/** What starts a state machine, as a file for Terraform's templatefile; undefined for those that are started by call. */
export function triggerFile(
  { id, name, tab, trigger, payload }: Pipeline,
  notes: Notes,
): { kind: 'schedule' | 'rule'; content: State } | undefined {
  if (trigger.kind === 'schedule') {
    const cron = eventBridgeCron(trigger.cron)
    const place = { node: id, name, type: 'ysh-run', tab }
    if ('days' in cron) notes.add('CRON_DAYS', place, { value: trigger.cron })
    if ('field' in cron) notes.add('CRON_FIELD', place, { value: trigger.cron, field: cron.field })
    if (!('expression' in cron)) return undefined
    const content = {
      Name: slug(id).slice(0, 64),
      ScheduleExpression: cron.expression,
      ScheduleExpressionTimezone: trigger.timeZone,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: filledIn('StateMachineArn'),
        RoleArn: filledIn('SchedulerRoleArn'),
        // The slot is the nominal instant: who starts it twice makes one run.
        Input: JSON.stringify({ trigger: 'schedule', slot: '<aws.scheduler.scheduled-time>', message: { payload } }),
        RetryPolicy: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 5 },
      },
    }
    return { kind: 'schedule', content }
  }
  if (trigger.kind !== 'object') return undefined
  const types = { created: ['Object Created'], restored: ['Object Restore Completed'] }
  const { buckets, events, prefix, suffix } = trigger
  const key = keyPattern(prefix, suffix)
  const content = {
    Name: slug(id).slice(0, 64),
    EventPattern: {
      source: ['aws.s3'],
      'detail-type': events === 'both' ? [...types.created, ...types.restored] : types[events],
      detail: {
        bucket: { name: Array.isArray(buckets) ? buckets : [buckets] },
        ...(key === undefined ? {} : { object: { key: [key] } }),
      },
    },
    Target: {
      Arn: filledIn('StateMachineArn'),
      RoleArn: filledIn('EventsRoleArn'),
      InputTransformer: { InputTemplate: '{"trigger":"event","message":{"payload":<aws.events.event.json>}}' },
    },
  }
  return { kind: 'rule', content }
}

/** Both at once are one pattern: patterns beside each other would be either. */
function keyPattern(prefix: string, suffix: string): State | undefined {
  if (prefix === '') return suffix === '' ? undefined : { suffix }
  if (suffix === '') return { prefix }
  const literal = (text: string) => text.replaceAll(/[*\\]/g, (sign) => `\\${sign}`)
  return { wildcard: `${literal(prefix)}*${literal(suffix)}` }
}
