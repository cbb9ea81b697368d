import { PipelineError } from '../../errors.ts'
import type { CloudWatchOptions } from './sender.ts'

/**
 * How the environment wants metrics to be sent, for a process without Node-RED such as a Lambda function: YSH_CLOUDWATCH (`off`, `emf`,
 * `put`), YSH_CLOUDWATCH_FILE, YSH_CLOUDWATCH_MORE (names with commas), YSH_PIPELINE. Undefined for off. Throws CONFIG.
 */
export function cloudWatchFrom(
  env: Readonly<Record<string, string | undefined>>,
): Pick<CloudWatchOptions, 'way' | 'pipeline' | 'file' | 'more' | 'aws'> | undefined {
  const way = env.YSH_CLOUDWATCH ?? ''
  if (way === '' || way === 'off') return undefined
  if (way !== 'emf' && way !== 'put') throw new PipelineError('CONFIG', 'YSH_CLOUDWATCH is off, emf or put')
  const more = (env.YSH_CLOUDWATCH_MORE ?? '').split(',').map((name) => name.trim())
  return {
    way,
    pipeline: env.YSH_PIPELINE || 'ysh',
    file: env.YSH_CLOUDWATCH_FILE ?? '',
    more: more.filter((name) => name !== ''),
    aws: {},
  }
}
