import { PipelineError } from '../../errors.ts'
import { preparing } from '../../stores/postgres/prepare.ts'
import { defineStep, type StepContext } from '../step.ts'
import { archiveMigrations } from './catalogue.ts'
import { keysOf } from './items.ts'
import { keepFile } from './keep.ts'
import { openPlace, type Place } from './place.ts'
import { restoreFile } from './restore.ts'
import { ensureRule } from './rule.ts'
import {
  type ArchiveConfig,
  ArchiveConfigSchema,
  type ArchivedItem,
  ArchiveInputSchema,
  ArchiveOutputSchema,
} from './step-schema.ts'

const order: readonly ArchivedItem['outcome'][] = ['requested', 'in progress', 'archived', 'restored', 'unchanged']

/**
 * Puts files into an archive (a bucket with a storage class, or a folder), content-addressed and proved, or asks for them back. Errors:
 * docs/errors.md, "Archive".
 */
export const archiveStep = defineStep({
  name: 'archive',
  version: 1,
  config: ArchiveConfigSchema,
  input: ArchiveInputSchema,
  output: ArchiveOutputSchema,
  async run(input, config, context) {
    checkArchive(config)
    const keys = keysOf(input)
    const { stores, progress } = context
    await prepared(stores.postgres)
    const place = await openPlace(config, stores.objects, stores.scratch)
    try {
      const rule = await ruleOf(place, config, context)
      const items: ArchivedItem[] = []
      for (const key of keys) {
        progress({ phase: config.action, done: items.length, total: keys.length, unit: 'items' })
        items.push(
          config.action === 'archive'
            ? await keepFile(key, input.source ?? '', place, config, context)
            : await restoreFile(key, place, config, context),
        )
      }
      const outcomes = items.map(({ outcome }) => outcome)
      return {
        action: config.action,
        outcome: order.find((each) => outcomes.includes(each)) ?? 'unchanged',
        place: place.objects.location,
        files: items.length,
        bytes: items.reduce((sum, { bytes }) => sum + bytes, 0),
        waiting: outcomes.filter((each) => each === 'requested' || each === 'in progress').length,
        rule,
        items,
        artifact: items.map(({ key }) => key),
        look: (input.look ?? 0) + 1,
      }
    } finally {
      await place.objects.close()
    }
  },
})

const prepared = preparing(archiveMigrations)

/** What the schema cannot say. Throws CONFIG. */
export function checkArchive({ action, tier, storageClass, rule, bucket }: ArchiveConfig): void {
  if (action === 'restore' && tier === 'Expedited' && storageClass === 'DEEP_ARCHIVE') {
    throw new PipelineError('CONFIG', 'Nothing comes back Expedited from DEEP_ARCHIVE: choose Standard or Bulk')
  }
  if (rule !== 'none' && (storageClass === 'STANDARD' || bucket === '')) {
    throw new PipelineError('CONFIG', 'A lifecycle rule needs a bucket, and a class below STANDARD')
  }
}

async function ruleOf(
  { s3 }: Place,
  config: ArchiveConfig,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<'none' | 'there' | 'put'> {
  const { rule, action } = config
  if (s3 === undefined || rule === 'none' || action !== 'archive') return 'none'
  return await ensureRule(s3, config, rule, signal)
}
