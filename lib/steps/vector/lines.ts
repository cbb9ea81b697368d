import { PipelineError } from '../../errors.ts'
import { getArtifact } from '../../stores/objects/artifacts.ts'
import type { ObjectStore } from '../../stores/objects/port.ts'

/** Bytes of a line, and of a text that is read whole. */
export const mostBytes = 67_108_864

/** SHA-256 of an artifact that is named by its key, by itself, or by a reference. Throws INDEX_INPUT for a key of anything else. */
export function hashOf(reference: string | { sha256: string }): string {
  const sha256 = typeof reference === 'string' ? /(?:^|\/)([0-9a-f]{64})$/.exec(reference)?.[1] : reference.sha256
  if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new PipelineError('INDEX_INPUT', `Not a stored artifact: ${JSON.stringify(reference)}`)
  }
  return sha256
}

/**
 * Lines of an artifact of JSON lines, each parsed. Its bytes are checked on their way. Throws OBJECT_NOT_FOUND, ARTIFACT_CORRUPT, INDEX_CONTENT,
 * INDEX_TOO_LARGE.
 */
export async function* jsonLines(objects: ObjectStore, sha256: string, signal: AbortSignal): AsyncGenerator<unknown> {
  const { body } = await getArtifact(objects, sha256, { verify: true, signal })
  let open: Buffer[] = []
  let length = 0
  const close = (): unknown => {
    const text = Buffer.concat(open).toString('utf8').trim()
    open = []
    length = 0
    return text === '' ? undefined : parse(text, sha256)
  }
  try {
    for await (const chunk of body) {
      let rest: Buffer = chunk
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        open.push(rest.subarray(0, end))
        rest = rest.subarray(end + 1)
        const line = close()
        if (line !== undefined) yield line
      }
      open.push(rest)
      length += rest.length
      if (length > mostBytes) throw tooLarge(sha256)
    }
    const line = close()
    if (line !== undefined) yield line
  } finally {
    body.destroy()
  }
}

function parse(text: string, sha256: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PipelineError('INDEX_CONTENT', `A line of the artifact ${sha256} is no JSON`, { cause })
  }
}

/** An artifact's text, whole. Throws OBJECT_NOT_FOUND, ARTIFACT_CORRUPT, INDEX_TOO_LARGE. */
export async function wholeText(objects: ObjectStore, sha256: string, signal: AbortSignal): Promise<string> {
  const { info, body } = await getArtifact(objects, sha256, { verify: true, signal })
  if (info.bytes > mostBytes) {
    body.destroy()
    throw tooLarge(sha256)
  }
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function tooLarge(sha256: string): PipelineError {
  return new PipelineError('INDEX_TOO_LARGE', `The artifact ${sha256} has more than ${mostBytes} bytes in one text`)
}
