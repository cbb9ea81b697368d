import { PipelineError } from '../../errors.ts'
import { artifactKey } from '../../stores/objects/artifacts.ts'
import type { ArchiveInput } from './step-schema.ts'

/** The keys of the files that an input names, each once. Throws ARCHIVE_NOTHING. */
export function keysOf({ artifact, file, parts }: ArchiveInput): string[] {
  const named = [
    ...(Array.isArray(artifact) ? artifact : [artifact]),
    file,
    ...(parts ?? []).map((part) => part.artifact),
  ]
  const keys = new Set<string>()
  for (const each of named) {
    if (each === undefined || each === null || each === '') continue
    const key = typeof each === 'string' ? each : each.key
    keys.add(/^[0-9a-f]{64}$/.test(key) ? artifactKey(key) : key)
  }
  if (keys.size === 0) {
    throw new PipelineError(
      'ARCHIVE_NOTHING',
      'payload.artifact (a key, a SHA-256, a reference or a list of them), payload.file or payload.parts is expected',
    )
  }
  return [...keys]
}
