import { readFile, stat } from 'node:fs/promises'
import { PipelineError } from '../errors.ts'
import { flowNodes } from '../flow-check/node.ts'

const maxBytes = 100_000_000

/** The nodes of a flow's file. Throws FLOW_UNREADABLE, which never quotes the file. */
export async function readFlow(file: string) {
  const unreadable = (why: string, cause?: unknown) =>
    new PipelineError('FLOW_UNREADABLE', `${file}: ${why}`, { cause })
  let text: string
  try {
    if ((await stat(file)).size > maxBytes) throw unreadable(`larger than ${maxBytes / 1e6} MB`)
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw cause instanceof PipelineError ? cause : unreadable(cause instanceof Error ? cause.message : 'unknown', cause)
  }
  let content: unknown
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw unreadable('no JSON') // the parser's words would quote the file, and with it perhaps a secret
  }
  try {
    return flowNodes(content)
  } catch (cause) {
    throw unreadable(PipelineError.from(cause).message, cause)
  }
}
