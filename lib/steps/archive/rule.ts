import type { LifecycleRule, TransitionDefaultMinimumObjectSize } from '@aws-sdk/client-s3'
import { PipelineError } from '../../errors.ts'
import { awsError, awsFailure } from '../../stores/aws/errors.ts'
import type { S3Objects } from '../../stores/objects/s3.ts'
import type { ArchiveConfig } from './step-schema.ts'

type Wanted = Pick<ArchiveConfig, 'prefix' | 'storageClass' | 'ruleDays'>

interface Rules {
  rules: LifecycleRule[]
  smallest: TransitionDefaultMinimumObjectSize | undefined
}

/**
 * Looks for the lifecycle rule that moves the archive's files to their class, and with `put` puts it. A bucket has one set of rules that
 * is only ever replaced as a whole: all others are sent back as they were, and looked for afterwards. Throws ARCHIVE_RULE (retryable when
 * somebody else changed the rules meanwhile), STORE_DENIED.
 */
export async function ensureRule(
  { connection }: S3Objects,
  wanted: Wanted,
  mode: 'check' | 'put',
  signal: AbortSignal,
): Promise<'there' | 'put'> {
  const { client, sdk, bucket, send } = connection
  const own = ruleOf(wanted, sdk)
  const look = async (): Promise<Rules> => {
    try {
      const answer = await send(`reading the lifecycle rules of ${bucket}`, signal, (options) =>
        client.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket: bucket }), options),
      )
      return { rules: answer.Rules ?? [], smallest: answer.TransitionDefaultMinimumObjectSize }
    } catch (error) {
      if (awsFailure(error).name === 'NoSuchLifecycleConfiguration') return { rules: [], smallest: undefined }
      throw awsError(error, `Reading the lifecycle rules of ${bucket}`)
    }
  }
  const before = await look()
  if (before.rules.some((rule) => same(rule, own))) return 'there'
  if (mode === 'check') {
    throw new PipelineError(
      'ARCHIVE_RULE',
      `The bucket ${bucket} has no rule that moves ${wanted.prefix || 'everything'} to ${wanted.storageClass} after ${wanted.ruleDays} days`,
      { details: { rules: before.rules.map(({ ID }) => ID ?? '') } },
    )
  }
  const others = before.rules.filter(({ ID }) => ID !== own.ID)
  try {
    await send(`putting a lifecycle rule of ${bucket}`, signal, (options) =>
      client.send(
        new sdk.PutBucketLifecycleConfigurationCommand({
          Bucket: bucket,
          LifecycleConfiguration: { Rules: [...others, own] },
          ...(before.smallest === undefined ? {} : { TransitionDefaultMinimumObjectSize: before.smallest }),
        }),
        options,
      ),
    )
  } catch (error) {
    throw awsError(error, `Putting a lifecycle rule of ${bucket}`)
  }
  const after = await look()
  const lost = others.filter(({ ID }) => !after.rules.some((rule) => rule.ID === ID))
  if (lost.length > 0 || !after.rules.some((rule) => same(rule, own))) {
    throw new PipelineError('ARCHIVE_RULE', `The rules of ${bucket} were changed by somebody else at the same time`, {
      retryable: true,
      details: { lost: lost.map(({ ID }) => ID ?? '') },
    })
  }
  return 'put'
}

function ruleOf({ prefix, storageClass, ruleDays }: Wanted, sdk: S3Objects['connection']['sdk']): LifecycleRule {
  const target = Object.values(sdk.TransitionStorageClass).find((each) => each === storageClass)
  if (target === undefined) {
    throw new PipelineError('ARCHIVE_RULE', `No rule moves files to ${storageClass}: choose a class below STANDARD`)
  }
  const folder = prefix.replace(/^\/+|\/+$/g, '')
  return {
    ID: `ysh-archive ${folder}`.trim().slice(0, 255),
    Status: 'Enabled',
    Filter: { Prefix: folder === '' ? '' : `${folder}/` },
    Transitions: [{ Days: ruleDays, StorageClass: target }],
  }
}

/** Whether a rule does what is wanted, whoever put it. */
function same(rule: LifecycleRule, own: LifecycleRule): boolean {
  const prefix = rule.Filter?.Prefix ?? (rule.Filter === undefined ? rule.Prefix : undefined)
  const [target] = own.Transitions ?? []
  return (
    rule.Status === 'Enabled' &&
    prefix === own.Filter?.Prefix &&
    (rule.Transitions ?? []).some(
      ({ Days, StorageClass }) => Days === target?.Days && StorageClass === target?.StorageClass,
    )
  )
}
