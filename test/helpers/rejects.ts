import assert from 'node:assert/strict'
import { PipelineError } from '../../lib/errors.ts'

/** Asserts that `promise` rejects with a PipelineError of that code, and hands it on for a closer look. */
export async function rejectsWith(promise: Promise<unknown>, code: string): Promise<PipelineError> {
  const error = await promise.then(
    (value) => assert.fail(`expected ${code}, but it resolved with ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof PipelineError, `expected a PipelineError, got ${String(error)}`)
  assert.equal(error.code, code, error.message)
  return error
}
