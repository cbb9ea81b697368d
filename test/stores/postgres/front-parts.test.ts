import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Answer } from '../../../lib/stores/postgres/embedded/answer.ts'
import { CopyChunks } from '../../../lib/stores/postgres/embedded/copy-chunks.ts'
import { inspect } from '../../../lib/stores/postgres/embedded/inspect.ts'
import { statements } from '../../../lib/stores/postgres/embedded/tokens.ts'
import {
  commandComplete,
  errorResponse,
  MessageReader,
  message,
  readyForQuery,
} from '../../../lib/stores/postgres/embedded/wire.ts'
import { binaryRows } from '../../helpers/binary-copy.ts'

/** Every way to cut bytes into pieces of one size, and the pieces. */
function* cuts(bytes: Buffer): Generator<Buffer[]> {
  for (let size = 1; size <= bytes.length; size += 1) {
    yield Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      Buffer.from(bytes.subarray(at * size, (at + 1) * size)),
    )
  }
}

describe('reading SQL', () => {
  const heads = (sql: string) => statements(sql).map((statement) => statement.map((token) => token.text).join(' '))

  test('statements end at semicolons that are not in something else', () => {
    assert.deepEqual(
      heads(`select 1; ; Select ';' , ";" , $$;$$, $t$ $$;$t$, E'\\';' ; -- x;\n/* ; /* ; */ ; */ commit`),
      ['select ', 'select  , ; ,  ,  , ', 'commit'],
    )
    assert.deepEqual(heads(`create rule r as on insert to t do (select 1; select 2); end`).length, 2)
    assert.deepEqual(heads(`select 'it''s' "a""b" a$b $1 1.5e3 x'00'`), ['select  a"b a$b   x '])
    for (const unfinished of [`select 'x`, 'select "x', 'select $$x', 'select /* x', '$', `e'\\`, '']) heads(unfinished)
  })

  test('COPY FROM STDIN is found wherever it hides, and nothing else is', () => {
    const binary = (sql: string) => inspect(sql, true).copyFromBlob
    assert.equal(
      binary(`/* c */ Copy "a.b" ("stdin", x) FROM /* ! */ StdIn WITH (freeze, FORMAT Binary) ;`),
      `/* c */ Copy "a.b" ("stdin", x) FROM /* ! */ '/dev/blob' WITH (freeze, FORMAT Binary) ;`,
    )
    assert.equal(inspect('copy a from stdin', true).refuse?.code, '0A000')
    assert.equal(inspect('copy a from stdin (format binary)', false).refuse?.code, '0A000')
    assert.equal(inspect('begin; copy a from stdin (format binary)', true).refuse?.code, '0A000')
    for (const harmless of [
      'copy a to stdout (format binary)',
      `copy a from '/tmp/file'`,
      `copy (select x from stdin) to stdout`,
      `select 'copy a from stdin'`,
      'update t set listen = 1',
      'set local work_mem = 1',
      'SET TRANSACTION READ ONLY',
      'reset all',
    ]) {
      assert.deepEqual(inspect(harmless, true), { listens: [] }, harmless)
    }
  })

  test('LISTEN and UNLISTEN name their channels as PostgreSQL folds them', () => {
    assert.deepEqual(
      inspect(`listen News; unlisten "Big ""one"""; UNLISTEN *; listen ${'x'.repeat(80)}`, true).listens,
      [
        { channel: 'news', on: true },
        { channel: 'Big "one"', on: false },
        { channel: '*', on: false },
        { channel: 'x'.repeat(63), on: true },
      ],
    )
  })
})

test('an answer is the same however the backend cuts it', () => {
  const row = message('D', Buffer.alloc(40, 7))
  const note = message('A', Buffer.from('\0\0\0\x01news\0hello\0'))
  const error = errorResponse({ severity: 'ERROR', code: '22012', message: 'division by zero' })
  const seen = Buffer.concat([row, commandComplete('SELECT 1'), row, error, row])
  const bytes = Buffer.concat([row, note, commandComplete('SELECT 1'), row, note, error, row, readyForQuery('E')])
  for (const pieces of cuts(bytes)) {
    const forwarded: Buffer[] = []
    const notes: Buffer[] = []
    const answer = new Answer({ forward: (part) => forwarded.push(part), notify: (part) => notes.push(part) })
    for (const piece of pieces) answer.push(piece)
    assert.deepEqual(Buffer.concat(forwarded), seen)
    assert.deepEqual(notes, [note, note])
    assert.deepEqual([answer.status, answer.tag, answer.error], ['E', 'SELECT 1', error])
  }
})

test('messages are the same however the socket cuts them', () => {
  const startup = Buffer.from([0, 0, 0, 9, 0, 3, 0, 0, 0])
  const messages = [
    message('Q', Buffer.from('select 1\0')),
    message('S', Buffer.alloc(0)),
    message('d', Buffer.alloc(99, 1)),
  ]
  for (const pieces of cuts(Buffer.concat([startup, ...messages]))) {
    const reader = new MessageReader()
    const taken: Buffer[] = []
    for (const piece of pieces) {
      reader.push(piece, (bytes) => {
        taken.push(Buffer.from(bytes))
        reader.typed()
      })
    }
    assert.deepEqual(taken, [startup, ...messages])
  }
  const long = Buffer.from([0, 1, 0, 0])
  assert.throws(() => new MessageReader().push(long, () => {}), /message of 65536 bytes/)
})

test('chunks of rows are whole however the messages cut them', () => {
  const header = Buffer.concat([
    Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'),
    Buffer.from([0, 0, 0, 0, 0, 0, 0, 3, 9, 9, 9]),
  ])
  const rows = binaryRows([
    [1, 'one'],
    [-1, null],
    [2, 'ção'],
  ])
  for (const end of [Buffer.alloc(0), Buffer.from([0xff, 0xff])]) {
    for (const pieces of cuts(Buffer.concat([header, rows, end]))) {
      const chunks = new CopyChunks()
      const taken: Buffer[] = []
      for (const piece of pieces) {
        chunks.push(piece)
        taken.push(chunks.take(false))
      }
      taken.push(chunks.take(true))
      assert.deepEqual(Buffer.concat(taken), rows)
      assert.equal(chunks.bytes, 0)
    }
  }
})
