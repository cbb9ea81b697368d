import { open } from 'node:fs/promises'
import { PipelineError } from '../errors.ts'
import { maxSecretBytes, type SecretSource } from './port.ts'

/** The text of a file without the line end after it. Read anew each time: whoever rotates a secret only writes the file. */
export const readSecretFile: SecretSource<'file'> = async ({ path }) => {
  try {
    const file = await open(path, 'r')
    try {
      const facts = await file.stat()
      if (!facts.isFile()) throw new PipelineError('SECRET_INVALID', `${path} is no file`)
      if (facts.size > maxSecretBytes) {
        throw new PipelineError(
          'SECRET_INVALID',
          `${path} has ${facts.size} bytes; a secret has ${maxSecretBytes} at most`,
        )
      }
      return (await file.readFile('utf8')).replace(/\r?\n$/, '')
    } finally {
      await file.close()
    }
  } catch (thrown) {
    if (thrown instanceof PipelineError) throw thrown
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new PipelineError('SECRET_MISSING', `The file ${path} that holds a secret is not there`)
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new PipelineError('SECRET_DENIED', `The file ${path} that holds a secret may not be read by this user`)
    }
    throw new PipelineError('SECRET_UNAVAILABLE', `The file ${path} that holds a secret cannot be read (${code})`, {
      retryable: true,
    })
  }
}
