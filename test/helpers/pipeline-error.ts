import assert from 'node:assert/strict'
import { PipelineError } from '../../lib/errors.ts'

/** A validator for `assert.rejects`: a PipelineError with this code, whose message has these words. */
export function code(expected: string, message?: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof PipelineError, `a PipelineError, not ${String(error)}`)
    assert.equal(error.code, expected, error.message)
    if (message !== undefined) assert.match(error.message, message)
    return true
  }
}
