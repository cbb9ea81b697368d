import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PipelineError } from '../../../../lib/errors.ts'
import { catalogue, contractFor } from '../../../../lib/steps/aneel/catalogue.ts'
import { parseContract } from '../../../../lib/steps/dataset/contract.ts'
import { judge } from '../../../../lib/steps/dataset/load/gates.ts'
import { sniffEncoding } from '../../../../lib/steps/dataset/load/inspect.ts'
import { maskOwners } from '../../../../lib/steps/dataset/load/owners.ts'
import { openContract, parserPlan, planLoad, snakeCase } from '../../../../lib/steps/dataset/load/plan.ts'
import { sniffContainer } from '../../../../lib/steps/dataset/load/source.ts'

const contract = parseContract({
  dataset: 'aneel.teste',
  title: { 'pt-BR': 'Teste', 'en-US': 'Test' },
  columns: [
    { name: 'dat', source: 'DatGeracaoConjuntoDados', type: 'date', volatile: true, inHeader: 'optional' },
    { name: 'nome', source: 'Nome', aliases: ['NomeAntigo'], type: 'text' },
    { name: 'chave', source: 'Chave', type: 'cnpj' },
    { name: 'valor', source: 'Valor', type: 'decimal', scale: 2, range: [0, 100], inHeader: 'optional' },
    { name: 'cpf', source: 'NumCPF', type: 'text', personal: true },
  ],
  key: ['chave'],
  repeats: 'quarantine',
  gates: [
    { gate: 'rows', atLeastOfLast: 0.9 },
    { gate: 'range', column: 'valor', maxShare: 0.1 },
    { gate: 'magnitude', column: 'valor', factor: 3 },
  ],
})

function code(work: () => unknown): PipelineError {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof PipelineError)
    return error
  }
  throw new assert.AssertionError({ message: 'it should have failed' })
}

test('a contract that contradicts itself is refused with every reason', () => {
  const error = code(() =>
    parseContract({
      ...contract,
      columns: [...contract.columns, { name: 'nome', source: 'x', type: 'decimal' }],
      key: ['cpf', 'nada'],
      gates: [{ gate: 'exists', column: 'sumiu', equals: '1' }],
    }),
  )
  assert.equal(error.code, 'CONTRACT_INVALID')
  for (const word of [/nome stands twice/, /no scale/, /cpf is personal/, /nada, which is no column/, /sumiu/])
    assert.match(error.message, word)
})

test('the header decides where a column is read; key first, personal and volatile ones left out', () => {
  const plan = planLoad(contract, ['CHAVE', 'numcpf', 'NomeAntigo', 'DatGeracaoConjuntoDados'])
  assert.deepEqual(
    plan.columns.map((c) => c.name),
    ['chave', 'nome', 'valor'],
  )
  assert.deepEqual(plan.sources, [0, 2, -1])
  assert.deepEqual([plan.key, plan.generatedField, plan.personalFields], [1, 3, [1]])
  const kept = planLoad(contract, ['Chave', 'NumCPF', 'Nome'], ['cpf'])
  assert.deepEqual(
    kept.columns.map((c) => c.name),
    ['chave', 'nome', 'valor', 'cpf'],
  )
  assert.notEqual(kept.fingerprint, plan.fingerprint)
})

test('the fingerprint follows what the rows are made of, not the order of the file', () => {
  const one = planLoad(contract, ['Chave', 'NumCPF', 'Nome', 'Valor'])
  const two = planLoad(contract, ['Valor', 'Nome', 'Chave', 'NumCPF', 'DatGeracaoConjuntoDados'])
  assert.equal(one.fingerprint, two.fingerprint)
})

test('columns nobody knows are kept as text, unless they look personal', () => {
  const plan = planLoad(contract, ['Chave', 'Nome', 'NumCPF', 'DscNovidade', 'NomTitularNovo'])
  assert.deepEqual(plan.extra, ['DscNovidade'])
  assert.equal(plan.columns.at(-1)?.name, 'dsc_novidade')
  assert.deepEqual(plan.personalFields, [4, 2])
  assert.equal(plan.warnings.length, 2)
})

test('missing and repeated columns are named', () => {
  const missing = code(() => planLoad(contract, ['Chave', 'NumCPF', 'NomeNovo']))
  assert.equal(missing.code, 'HEADER_COLUMNS')
  assert.match(missing.message, /lacks Nome.*unknown to the contract, NomeNovo/)
  assert.equal(code(() => planLoad(contract, ['Chave', 'chave', 'Nome', 'NumCPF'])).code, 'HEADER_REPEATED')
})

test('a dataset without contract: names made from its header, personal columns marked', () => {
  const open = openContract({ dataset: 'aneel.x', title: 'X', attribution: '' }, [
    '_id',
    'NumCNPJDistribuidora',
    'Mês (ref.)',
    '2024',
    'NumCPFTitular',
    'mês ref',
  ])
  assert.deepEqual(
    open.columns.map((c) => c.name),
    ['id', 'num_cnpj_distribuidora', 'mes_ref', 'c_2024', 'num_cpf_titular', 'mes_ref_2'],
  )
  assert.deepEqual(
    open.columns.filter((c) => c.personal).map((c) => c.source),
    ['NumCPFTitular'],
  )
  assert.equal(snakeCase('MdaPotenciaInstaladaKW'), 'mda_potencia_instalada_kw')
})

test('null texts reach the parser in the encoding of the file', () => {
  const samp = contractFor('aneel.samp')
  assert.ok(samp)
  const plan = planLoad(
    { ...contract, columns: contract.columns.map((c) => (c.name === 'nome' ? { ...c, nulls: ['Não – x'] } : c)) },
    ['Chave', 'Nome', 'NumCPF'],
  )
  const bytes = (encoding: 'utf-8' | 'windows-1252') =>
    Buffer.from(
      parserPlan(plan, { delimiter: ';', encoding, firstLine: 2 }, false).columns[1]?.nulls[0] ?? [],
    ).toString('hex')
  assert.equal(bytes('utf-8'), Buffer.from('Não – x').toString('hex'))
  assert.equal(bytes('windows-1252'), '4ee36f20962078')
})

test('owners: natural persons are masked, companies stay', () => {
  assert.equal(
    maskOwners('50% para FULANO DE TAL - 123.456.789-09 (PIE), 50.00% para EMPRESA S/A - 01.395.648/0001-77 (APE)'),
    '50% para pessoa física (PIE), 50.00% para EMPRESA S/A - 01.395.648/0001-77 (APE)',
  )
  assert.equal(maskOwners('100% para Maria da Silva (REG)'), '100% para pessoa física (REG)')
  const company = '100% para ELOI BRUNETTA &amp- CIA. LTDA. - 06.074.064/0001-13 (REG)'
  assert.equal(maskOwners(company), company)
  assert.equal(maskOwners('nota: 123.456.789-09'), 'nota: ***')
})

test('the first bytes say what a file is', () => {
  const of = (text: string) => sniffContainer(Buffer.from(text, 'latin1'))
  assert.equal(of('PK\u0003\u0004...'), 'zip')
  assert.equal(of('\u001f\u008b...'), 'gzip')
  assert.equal(of('PAR1'), 'parquet')
  assert.equal(of('"a";"b"'), 'csv')
  for (const [text, expected] of [
    ['', 'FILE_EMPTY'],
    ['\n <!DOCTYPE html><title>Manutenção</title>', 'HTML_INSTEAD_OF_DATA'],
    ['%PDF-1.7', 'NOT_DATA'],
    ['{"success":false}', 'NOT_DATA'],
  ] as const) {
    assert.equal(code(() => of(text)).code, expected)
  }
})

test('encoding by evidence: strict UTF-8 on whole lines, else windows-1252', () => {
  assert.equal(sniffEncoding(Buffer.from('ação\nã'), true), 'utf-8')
  assert.equal(sniffEncoding(Buffer.from('a\xe7\xe3o\n', 'latin1'), true), 'windows-1252')
  // a letter cut at the sample's end is no evidence
  assert.equal(sniffEncoding(Buffer.from('ação\nã').subarray(0, -1), false), 'utf-8')
})

test('gates: what is judged and what is said', () => {
  const plan = planLoad(contract, ['Chave', 'NumCPF', 'Nome', 'Valor'])
  const counts = { rows: 100, rejected: 0, same: 0, replacements: 0, sent: 100, flagged: 0, line: 101 }
  const seen = { nulls: 0, values: 100, sum: 5000, min: 1, max: 99, outsideRange: 0, sentinels: 0, doubtful: 0 }
  const verdict =
    (c: Partial<typeof counts>, p: Partial<typeof seen> = {}, last?: { rows: number; mean: number }) =>
    () =>
      judge(
        plan,
        { ...counts, ...c },
        new Map([['valor', { ...seen, ...p }]]),
        last === undefined
          ? undefined
          : {
              ...base,
              rows: last.rows,
              profile: { valor: { ...seen, sum: last.mean * 100 } },
            },
        ['line 7: not a number'],
      )
  const base = {
    dataset: 'aneel.teste',
    part: '',
    version: 1,
    mode: 'full' as const,
    schema: 'aneel_data',
    table: 't',
    fingerprint: '',
    contract,
    columns: [],
    rows: 100,
    new: 0,
    changed: 0,
    vanished: 0,
    quarantined: 0,
    sha256: '',
    bytes: 0,
    artifactKey: null,
    stateKey: null,
    stateSha256: null,
    source: { tier: 'primary' as const, why: [], url: '', resourceId: '', etag: '', lastModified: '', portalStamp: '' },
    generatedOn: null,
    dialect: {},
    profile: {},
    warnings: [],
    seconds: 0,
    runId: null,
    publishedAt: '',
  }
  assert.deepEqual(verdict({})(), [])
  assert.equal(code(verdict({ rows: 0 })).code, 'GATE_ROWS')
  assert.equal(code(verdict({ rows: 89 }, {}, { rows: 100, mean: 50 })).code, 'GATE_ROWS')
  assert.deepEqual(verdict({ rows: 90 }, {}, { rows: 100, mean: 50 })(), [])
  assert.match(code(verdict({ rejected: 5 })).message, /5 of 105 rows.*line 7/)
  assert.equal(code(verdict({ replacements: 1 })).code, 'GATE_CHARACTERS')
  assert.equal(code(verdict({}, { outsideRange: 11 })).code, 'GATE_RANGE')
  assert.equal(code(verdict({}, {}, { rows: 100, mean: 5000 })).code, 'GATE_MAGNITUDE')
  assert.match(verdict({}, { doubtful: 3 })().join(), /3 CNPJ/)
})

test('every shipped contract can be planned with its own header', () => {
  for (const shipped of catalogue().values()) {
    const plan = planLoad(
      shipped,
      shipped.columns.filter((c) => c.inHeader === 'required').map((c) => c.source),
    )
    assert.equal(plan.extra.length, 0, shipped.dataset)
    assert.equal(plan.warnings.length, 0, shipped.dataset)
  }
})
