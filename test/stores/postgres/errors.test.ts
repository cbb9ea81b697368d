import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { errorMapper } from '../../../lib/stores/postgres/errors.ts'

const map = errorMapper(['p@ss word', ''])

function database(code: string, message = 'message'): pg.DatabaseError {
  const error = new pg.DatabaseError(message, message.length, 'error')
  error.code = code
  return error
}

function network(code: string, message = `connect ${code} 10.0.0.1:5432`): Error {
  return Object.assign(new Error(message), { code })
}

test('what the server says, as code and whether to try again', () => {
  const cases: [string, string, boolean][] = [
    ['57P01', 'STORE_UNAVAILABLE', true],
    ['57P03', 'STORE_UNAVAILABLE', true],
    ['08006', 'STORE_UNAVAILABLE', true],
    ['53300', 'STORE_UNAVAILABLE', true],
    ['25P03', 'STORE_UNAVAILABLE', true],
    ['53100', 'STORE_FULL', true],
    ['53200', 'STORE_FULL', false],
    ['40001', 'SQL_40001', true],
    ['40P01', 'SQL_40P01', true],
    ['55P03', 'SQL_55P03', true],
    ['23505', 'SQL_23505', false],
    ['28P01', 'SQL_28P01', false],
    ['22012', 'SQL_22012', false],
  ]
  for (const [state, code, retryable] of cases) {
    const error = map(database(state))
    assert.deepEqual([error.code, error.retryable, error.details?.sqlstate], [code, retryable, state])
  }
  assert.equal(map(database('57014', 'canceling statement due to statement timeout')).code, 'STORE_TIMEOUT')
  assert.equal(map(database('57014', 'canceling statement due to user request')).code, 'SQL_57014')
})

test('what the network says', () => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOENT']) {
    const error = map(network(code))
    assert.deepEqual([error.code, error.retryable], ['STORE_UNAVAILABLE', true], code)
    assert.match(error.message, /10\.0\.0\.1/)
  }
  const both = map(
    new AggregateError([network('ECONNREFUSED', 'connect ::1'), network('ECONNREFUSED', 'connect 127.0.0.1')]),
  )
  assert.deepEqual(
    [both.code, both.message],
    ['STORE_UNAVAILABLE', 'PostgreSQL cannot be reached: connect ::1; connect 127.0.0.1'],
  )
  assert.equal(map(new Error('Connection terminated unexpectedly')).code, 'STORE_UNAVAILABLE')
  for (const code of ['SELF_SIGNED_CERT_IN_CHAIN', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    const error = map(network(code))
    assert.deepEqual([error.code, error.retryable], ['STORE_TLS', false], code)
  }
  assert.equal(map(new TypeError('a bug')).code, 'STORE_ERROR')
})

test('passwords are blanked, plain and as a URL has them, and failing rows are left out', () => {
  const error = map(new Error('cannot read postgres://u:p%40ss%20word@h with p@ss word'))
  assert.equal(error.message, 'cannot read postgres://u:***@h with ***')
  assert.ok(!String(error.cause).includes('p@ss'))
  const failing = database('23502')
  failing.detail = 'Failing row contains (1, Maria, null).'
  assert.equal(map(failing).details?.detail, undefined)
  const load = database('22P03')
  load.where = 'COPY t, line 3, column amount'
  assert.equal(map(load).details?.column, 'amount')
})
