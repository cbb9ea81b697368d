import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse as parseReference } from 'csv-parse/sync'
import { PipelineError } from '../../../../lib/errors.ts'
import { CsvParser } from '../../../../lib/steps/dataset/parser/parser.ts'
import { firstRecord, formatRecord, sniffDelimiter } from '../../../../lib/steps/dataset/parser/record.ts'
import { dateText, numericText } from '../../../helpers/copy-binary.ts'
import { column, parse, plan, texts } from '../../../helpers/parse.ts'

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

test('quoted and unquoted, CRLF and LF, doubled quotes, delimiters and line ends inside quotes', async () => {
  const { rows, counts } = await parse(
    plan([column(0), column(1), column(2)]),
    'a;b;c\r\n"a ""x""";"b;b";"c\nc"\n\n;"";  c  \r\n"last";row;unended',
  )
  assert.deepEqual(rows.map(texts), [
    ['a', 'b', 'c'],
    ['a "x"', 'b;b', 'c\nc'],
    [null, null, 'c'],
    ['last', 'row', 'unended'],
  ])
  assert.equal(counts.rows, 4)
})

test('any chunking gives the rows that csv-parse gives (500 random files)', async () => {
  const next = random(20261123)
  const alphabet = ['a', 'é', 'ç', '–', '"', ';', '\n', ' ', '1', 'x'.repeat(40), '😀']
  const parser = new CsvParser()
  for (let file = 0; file < 500; file++) {
    const fields = 1 + Math.floor(next() * 6)
    const eol = next() < 0.5 ? '\r\n' : '\n'
    const records = Array.from({ length: 1 + Math.floor(next() * 30) }, () =>
      Array.from({ length: fields }, () =>
        Array.from({ length: Math.floor(next() * 6) }, () => alphabet[Math.floor(next() * alphabet.length)]).join(''),
      ),
    )
    const quoteAll = next() < 0.5
    const text = records
      .map((record) =>
        record
          .map((value) =>
            quoteAll || fields === 1 || /[";\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value,
          )
          .join(';'),
      )
      .join(eol)
    const input = next() < 0.5 ? text : text + eol
    const reference: string[][] = parseReference(input, { delimiter: ';', relax_column_count: true })
    const expected = reference.map((record) => record.map((value) => (value.trim() === '' ? null : value.trim())))
    const { rows, rejects } = await parse(plan(Array.from({ length: fields }, (_, i) => column(i))), input, {
      chunk: 1 + Math.floor(next() * 64),
      parser,
    })
    assert.deepEqual(rejects, [], `file ${file}`)
    assert.deepEqual(rows.map(texts), expected, `file ${file}: ${JSON.stringify(input)}`)
  }
})

test('numbers as the portal writes them', async () => {
  const cases: [string, string | null][] = [
    [',00', '0.000000'],
    ['0', '0.000000'],
    ['1400', '1400.000000'],
    ['1400,00', '1400.000000'],
    ['-0,5', '-0.500000'],
    ['-,00', '0.000000'],
    ['+7,25', '7.250000'],
    ['214,53560037400001', '214.535600'],
    ['214.53560037400001', '214.535600'],
    ['792984,41000000003', '792984.410000'],
    ['8,9999999999999995E-9', '0.000000'],
    ['8,9999999999999995E-6', '0.000009'],
    ['1,5E3', '1500.000000'],
    ['-2.5e+2', '-250.000000'],
    ['1.234,56', '1234.560000'],
    ['1,234.56', '1234.560000'],
    ['12.345.678,9', '12345678.900000'],
    ['0,9999995', '1.000000'],
    ['999999,9999994', '999999.999999'],
    ['-0,0000005', '-0.000001'],
    ['123456789012345678,123456', '123456789012345678.123456'],
    ['  3,14  ', '3.140000'],
    ['', null],
    ['   ', null],
  ]
  const { rows, rejects } = await parse(
    plan([column(0), column(1, 'decimal', { scale: 6 })]),
    cases.map(([text]) => `x;${text}`).join('\n'),
  )
  assert.deepEqual(rejects, [])
  assert.deepEqual(
    rows.map((row) => (row[1] ? numericText(row[1]) : null)),
    cases.map(([, expected]) => expected),
  )
  for (const bad of [
    '1.234.56',
    '1.23,4,5',
    'abc',
    '-',
    ',',
    '1e',
    'E5',
    '1,2,3',
    '1.2345,6',
    'NaN',
    '12 3',
    '0x1',
    '1.234.567',
    '1E999',
    '٣',
  ]) {
    const result = await parse(plan([column(0), column(1, 'decimal')]), `x;${bad}\n`)
    assert.equal(result.rejects[0]?.reason, 'number', bad)
    assert.equal(result.rejects[0]?.line, 2)
    assert.equal(result.rejects[0]?.column, 1)
    assert.equal(result.counts.rows, 0)
  }
})

test('every scale from 0 to 12 gives the digits that BigInt arithmetic gives (3,000 random numbers)', async () => {
  const next = random(7)
  for (let scale = 0; scale <= 12; scale++) {
    const numbers = Array.from({ length: 230 }, () => {
      const whole = String(Math.floor(next() * 10 ** Math.floor(next() * 15)))
      const fraction = Array.from({ length: Math.floor(next() * 17) }, () => Math.floor(next() * 10)).join('')
      return { negative: next() < 0.3, whole, fraction }
    })
    const text = numbers
      .map((n) => `x;${n.negative ? '-' : ''}${n.whole}${n.fraction ? `,${n.fraction}` : ''}`)
      .join('\n')
    const { rows } = await parse(plan([column(0), column(1, 'decimal', { scale })]), text)
    numbers.forEach((n, index) => {
      const digits = n.fraction.padEnd(scale + 1, '0')
      const rounded = BigInt(n.whole + digits.slice(0, scale)) + (Number(digits[scale]) >= 5 ? 1n : 0n)
      const padded = String(rounded).padStart(scale + 1, '0')
      const expected = `${n.negative && rounded !== 0n ? '-' : ''}${padded.slice(0, padded.length - scale)}${scale ? `.${padded.slice(-scale)}` : ''}`
      const value = rows[index]?.[1]
      assert.equal(value ? numericText(value) : null, expected, `${JSON.stringify(n)} at scale ${scale}`)
    })
  }
})

test('dates: both forms, times, months, sentinels, and the whole calendar', async () => {
  const cases: [string, string | null][] = [
    ['2026-09-30', '2026-09-30'],
    ['30/09/2026', '2026-09-30'],
    ['2025-06-30T00:00:00', '2025-06-30'],
    ['2025-06-30 23:59:59.123', '2025-06-30'],
    ['2024-02-29', '2024-02-29'],
    ['0001-01-01', '0001-01-01'],
    ['9999-12-31', '9999-12-31'],
    ['', null],
  ]
  const { rows, rejects } = await parse(
    plan([column(0), column(1, 'date')]),
    cases.map(([text]) => `x;${text}`).join('\n'),
  )
  assert.deepEqual(rejects, [])
  assert.deepEqual(
    rows.map((row) => (row[1] ? dateText(row[1]) : null)),
    cases.map(([, expected]) => expected),
  )
  for (const bad of [
    '2026-02-29',
    '31/04/2026',
    '2026-13-01',
    '2026-00-10',
    '20260930',
    '2026-9-3',
    'ontem',
    '2026-09-30T25:00:00',
    '00/00/0000',
    '2026-09-30x',
    '2026-09-30T',
  ]) {
    const result = await parse(plan([column(0), column(1, 'date')]), `x;${bad}\n`)
    assert.equal(result.rejects[0]?.reason, 'date', bad)
  }
  const months = await parse(
    plan([column(0), column(1, 'month')]),
    'x;09/2026\nx;2026-09-17\nx;2026-09\nx;17/09/2026\n',
  )
  assert.deepEqual(
    months.rows.map((row) => (row[1] ? dateText(row[1]) : null)),
    Array(4).fill('2026-09-01'),
  )
  const sentinel = await parse(
    plan([column(0), column(1, 'date', { nullBeforeYear: 1901 })]),
    'x;1900-01-03\nx;1901-01-01\n',
  )
  assert.deepEqual(
    sentinel.rows.map((row) => (row[1] ? dateText(row[1]) : null)),
    [null, '1901-01-01'],
  )
  assert.equal(sentinel.parser.profile()[1]?.sentinels, 1)
  // every day of 400 years, against JavaScript's own calendar
  const start = Date.UTC(1800, 0, 1)
  const days = Array.from({ length: 146_097 }, (_, index) =>
    new Date(start + index * 86_400_000).toISOString().slice(0, 10),
  )
  const all = await parse(plan([column(0, 'date')]), days.join('\n'))
  assert.equal(all.counts.rows, days.length)
  assert.deepEqual(
    all.rows.map((row) => (row[0] ? dateText(row[0]) : null)),
    days,
  )
})

test('timestamps keep their time', async () => {
  const { rows } = await parse(
    plan([column(0, 'timestamp'), column(1)]),
    '2026-09-30 13:45:10.25;x\n30/09/2026 00:00;x\n2026-09-30T01:02:03Z;x\n',
  )
  const base = Date.UTC(2000, 0, 1)
  assert.deepEqual(
    rows.map((row) => new Date(base + Number(row[0]?.readBigInt64BE(0) ?? 0n) / 1000).toISOString()),
    ['2026-09-30T13:45:10.250Z', '2026-09-30T00:00:00.000Z', '2026-09-30T01:02:03.000Z'],
  )
})

test('whole numbers and CNPJ', async () => {
  const { rows, rejects, parser } = await parse(
    plan([column(0, 'integer'), column(1, 'cnpj')]),
    '852;04065033000170\n852,00;9095183000140\n-5;18.565.382/0001-66\n;\n3,5;04065033000170\n1;123456789012345\n1;Não se aplica\n1;11111111000199\n',
  )
  assert.deepEqual(
    rows.map((row) => [row[0] ? Number(row[0].readBigInt64BE(0)) : null, row[1]?.toString() ?? null]),
    [
      [852, '04065033000170'],
      [852, '09095183000140'],
      [-5, '18565382000166'],
      [null, null],
      [1, '11111111000199'],
    ],
  )
  assert.deepEqual(
    rejects.map((r) => [r.line, r.reason, r.column]),
    [
      [6, 'integer', 0],
      [7, 'cnpj', 1],
      [8, 'cnpj', 1],
    ],
  )
  assert.equal(parser.profile()[1]?.doubtful, 1)
})

test('alphanumeric CNPJ, issued since July 2026', async () => {
  // the published example: 12.ABC.345/01DE-35
  const { rows, rejects, parser } = await parse(
    plan([column(0, 'cnpj'), column(1)]),
    '12.ABC.345/01DE-35;x\n12abc34501de35;x\nABC;x\n12ABC34501DE3A;x\n',
  )
  assert.deepEqual(
    rows.map((row) => row[0]?.toString()),
    ['12ABC34501DE35', '12ABC34501DE35'],
  )
  assert.deepEqual(
    rejects.map((r) => r.reason),
    ['cnpj', 'cnpj'],
  )
  assert.equal(parser.profile()[0]?.doubtful, 0)
})

test('encodings: windows-1252, Latin-1, UTF-8, C1 controls, SUB, NUL, no-break spaces, U+FFFD', async () => {
  const cp = (text: string) => Buffer.from(text, 'latin1')
  const windows = await parse(
    plan([column(0), column(1)], { encoding: 'windows-1252' }),
    cp('Opera\xe7\xe3o;faixa \x96 01\n\x80 1;\x93a\x94\n'),
  )
  assert.deepEqual(windows.rows.map(texts), [
    ['Operação', 'faixa – 01'],
    ['€ 1', '“a”'],
  ])
  const utf8 = await parse(
    plan([column(0), column(1)]),
    'faixa \u0096 01;a\u001ab\n\u00a0 x \u00a0;n\u0000u\u0000l\nok;😀\n',
  )
  assert.deepEqual(utf8.rows.map(texts), [
    ['faixa – 01', 'a–b'],
    ['x', 'nul'],
    ['ok', '😀'],
  ])
  const broken = await parse(plan([column(0), column(1)]), 'a\ufffdb;x\nç;y\n')
  assert.equal(broken.counts.replacements, 1)
  // once the file has shown itself to be UTF-8, a broken sequence is the row's fault
  const mixed = await parse(
    plan([column(0), column(1)]),
    Buffer.concat([Buffer.from('ç;x\n'), cp('\xe7\xe3;y\n'), Buffer.from('z;z\n')]),
  )
  assert.deepEqual(
    mixed.rejects.map((r) => [r.line, r.reason]),
    [[3, 'encoding']],
  )
  assert.equal(mixed.counts.rows, 2)
  // before that, it is another encoding
  await assert.rejects(parse(plan([column(0), column(1)]), cp('a;x\nOpera\xe7\xe3o;y\n')), (error: unknown) => {
    assert.ok(error instanceof PipelineError)
    assert.equal(error.code, 'NOT_UTF8')
    return true
  })
  for (const bad of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe0, 0x80, 0x80], [0xc3], [0xff]]) {
    const result = await parse(
      plan([column(0), column(1)]),
      Buffer.concat([Buffer.from('ç;x\n'), Buffer.from(bad), Buffer.from(';y\n')]),
    )
    assert.equal(result.rejects[0]?.reason, 'encoding', bad.join())
  }
})

test('ragged rows, broken quotes and required blanks are refused with line, reason and raw bytes', async () => {
  const { rows, rejects } = await parse(
    plan([column(0), column(1), column(2, 'text', { notNull: true })]),
    'a;b;c\na;b\n"a\nb";"x"y;c\na;b;\na;b;c;d\nlast;b;c\n',
  )
  assert.deepEqual(rows.map(texts), [
    ['a', 'b', 'c'],
    ['last', 'b', 'c'],
  ])
  assert.deepEqual(
    rejects.map((r) => [r.line, r.reason, r.column, r.fields, Buffer.from(r.raw).toString()]),
    [
      [3, 'ragged', -1, 2, 'a;b\n'],
      [4, 'quote', -1, 2, '"a\nb";"x"y;c\n'],
      [6, 'missing', 2, 3, 'a;b;\n'],
      [7, 'ragged', -1, 4, 'a;b;c;d\n'],
    ],
  )
})

test('a quote that is never closed ends the file with the line that it began on', async () => {
  const text = `a;b\n"${'x;y\n'.repeat(100_000)}`
  await assert.rejects(parse(plan([column(0), column(1)]), text), (error: unknown) => {
    assert.ok(error instanceof PipelineError)
    assert.equal(error.code, 'ROW_TOO_LONG')
    assert.equal(error.details?.line, 3)
    return true
  })
})

test('columns come out in the table order, whatever the order of the file; absent ones are null', async () => {
  const forward = await parse(plan([column(0), column(1), column(2)], { key: 1 }), 'k;a;b\n')
  const backward = await parse(plan([column(2), column(1), column(0)], { key: 1 }), 'b;a;k\n')
  assert.deepEqual(forward.rows, backward.rows)
  const absent = await parse(plan([column(0), column(-1)], { fields: 1 }), 'k\n')
  assert.deepEqual(absent.rows.map(texts), [['k', null]])
})

test('the row hash ignores how a value is written, and nothing else', async () => {
  const signature = async (text: string, first = 'decimal' as const) =>
    (await parse(plan([column(0, first), column(1, 'date'), column(2)], { key: 1 }), text)).signatures.toString('hex')
  const base = await signature('1,5;2026-09-30;x\n')
  assert.equal(await signature('"1,50";"30/09/2026";" x "\r\n'), base)
  assert.equal(await signature('1.500;2026-09-30T00:00:00;x'), base)
  assert.notEqual(await signature('1,51;2026-09-30;x\n'), base)
  assert.notEqual(await signature('1,5;2026-09-30;\n'), base)
  // the key's hash stays when only the rest changes
  assert.equal((await signature('1,5;2026-10-01;y\n')).slice(0, 16), base.slice(0, 16))
})

test('xxHash64 as published', () => {
  const parser = new CsvParser()
  // test vectors of the reference implementation, seed 0
  assert.equal(parser.hash(Buffer.from('')), 0xef46db3751d8e999n)
  assert.equal(parser.hash(Buffer.from('a')), 0xd24ec4f1a98c6e5bn)
  assert.equal(parser.hash(Buffer.from('abc')), 0x44bc2cf5ad770999n)
  assert.equal(parser.hash(Buffer.from('Nobody inspects the spammish repetition')), 0xfbcea83c8a378bf1n)
})

test('null texts, ranges and the profile', async () => {
  const columns = [
    column(0, 'decimal', { range: [0, 100] }),
    column(1, 'text', { nulls: [Buffer.from('Não se aplica'), Buffer.from('0')] }),
  ]
  const { rows, parser } = await parse(plan(columns), '5;Não se aplica\n150;0\n-1;00\n;x\n')
  assert.deepEqual(
    rows.map((row) => row[1]?.toString() ?? null),
    [null, null, '00', 'x'],
  )
  assert.deepEqual(parser.profile()[0], {
    nulls: 1,
    values: 3,
    sum: 154,
    min: -1,
    max: 150,
    outsideRange: 2,
    sentinels: 0,
    doubtful: 0,
  })
})

test('a hook rewrites text', async () => {
  const { rows } = await parse(
    plan([column(0, 'text', { hook: (text) => text.replace('João', 'pessoa física') }), column(1)]),
    'é João;x\nAna;y\n',
  )
  assert.deepEqual(rows.map(texts), [
    ['é pessoa física', 'x'],
    ['Ana', 'y'],
  ])
})

test('comparing: the same file again sends nothing; order within the window does not matter', async () => {
  const columns = [column(0), column(1, 'integer')]
  const records = Array.from({ length: 20_000 }, (_, index) => `key ${index};${index}`)
  const first = await parse(plan(columns, { key: 1 }), records.join('\n'))
  const again = await parse(plan(columns, { key: 1, compare: true }), records.join('\n'), { old: first.signatures })
  assert.deepEqual([again.counts.same, again.counts.sent, again.gone.length], [20_000, 0, 0])
  const shuffled = records.map((record) => ({
    record,
    at: Math.imul(record.length * 7919 + record.charCodeAt(5), 31) & 0xffff,
  }))
  shuffled.sort((a, b) => a.at - b.at)
  const moved = await parse(plan(columns, { key: 1, compare: true }), shuffled.map((s) => s.record).join('\n'), {
    old: first.signatures,
  })
  assert.deepEqual([moved.counts.same, moved.counts.sent, moved.gone.length], [20_000, 0, 0])
})

test('comparing: changes, news and vanished rows come out exactly, also when they lie far beyond the window', async () => {
  const next = random(99)
  const columns = [column(0, 'integer'), column(1, 'integer')]
  const size = 700_000
  const old: [number, number][] = Array.from({ length: size }, (_, index) => [index, 1])
  // a block moves from the end to the front: farther than the window reaches
  const reordered = [...old.slice(size - 50_000), ...old.slice(0, size - 50_000)]
  const changed = new Set<number>()
  const current = reordered.flatMap(([key, value]): [number, number][] => {
    const dice = next()
    if (dice < 0.002) return []
    if (dice < 0.006) {
      changed.add(key)
      return [[key, value + 1]]
    }
    return dice < 0.008
      ? [
          [key, value],
          [size + key, 1],
        ]
      : [[key, value]]
  })
  const write = (rows: [number, number][]) => rows.map(([key, value]) => `${key};${value}`).join('\n')
  const first = await parse(plan(columns, { key: 1 }), write(old))
  const second = await parse(plan(columns, { key: 1, compare: true }), write(current), { old: first.signatures })
  assert.equal(second.counts.rows, current.length)
  // every row is matched, or a candidate; every old row is matched, or gone: nothing falls between
  assert.equal(second.counts.same + second.counts.sent, current.length)
  assert.equal(second.counts.same + second.gone.length / 16, size)
  const pairs = (bytes: Buffer) => {
    const seen = new Map<string, number>()
    for (let at = 0; at < bytes.length; at += 16) {
      const pair = bytes.toString('hex', at, at + 16)
      seen.set(pair, (seen.get(pair) ?? 0) + 1)
    }
    return seen
  }
  const before = pairs(first.signatures)
  for (const pair of pairs(second.gone).keys()) assert.ok(before.has(pair))
  // after cancelling what only moved, what is left is the true difference
  const sent = new Map<string, number>()
  for (const row of second.rows) {
    const key = Buffer.from(row[2] ?? Buffer.alloc(8))
      .swap64()
      .toString('hex')
    const hash = Buffer.from(row[3] ?? Buffer.alloc(8))
      .swap64()
      .toString('hex')
    sent.set(key + hash, (sent.get(key + hash) ?? 0) + 1)
  }
  const goneSet = pairs(second.gone)
  const onlyNew = [...sent.keys()].filter((pair) => !goneSet.has(pair))
  const afterPairs = pairs(second.signatures)
  assert.equal(onlyNew.length, [...afterPairs.keys()].filter((pair) => !before.has(pair)).length)
})

test('header helpers', () => {
  assert.deepEqual(firstRecord('"a;b";c\r\nx', ';'), { fields: ['a;b', 'c'], next: 9 })
  assert.deepEqual(firstRecord('a,"b""c"', ','), { fields: ['a', 'b"c'], next: -1 })
  assert.equal(sniffDelimiter('_id,DatGeracao,"a;b"'), ',')
  assert.equal(sniffDelimiter('"a";"b"'), ';')
  assert.equal(formatRecord(['a', 'b"c'], ';'), '"a";"b""c"')
})
