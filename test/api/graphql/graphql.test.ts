import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import {
  assertValidSchema,
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
} from 'graphql'
import { forBrowsers } from '../../../lib/api/graphql/routes.ts'
import { defineRoute, None } from '../../../lib/api/route.ts'
import { PipelineError } from '../../../lib/errors.ts'
import { Type } from '../../../lib/schema.ts'
import { openSurroundings, type Surroundings } from '../../runs/surroundings.ts'
import { requestOf } from '../serve.ts'
import { post, type Served, serveGraphql } from './asking.ts'
import { counting, publishAll, publishWider } from './ground.ts'

const faults = defineRoute({
  ...{ method: 'GET', path: '/faults/{kind}', id: 'fault', scope: 'runs', summary: 'Fails', query: None },
  ...{ params: Type.Object({ kind: Type.String() }), answer: Type.Object({ text: Type.String() }) },
  async handle({ params: { kind } }) {
    if (kind === 'plain') throw new Error('select * from passwords at /home/me')
    if (kind === 'sql') throw new PipelineError('SQL_42P01', 'relation "hidden" does not exist')
    if (kind === 'told') throw new PipelineError('RUN_UNKNOWN', 'There is no run of this name')
    return JSON.parse('{"json":{}}')
  },
})

describe('GraphQL over datasets', { timeout: 180_000 }, () => {
  let surroundings: Surroundings
  let served: Served
  let statements: string[]
  before(async () => {
    surroundings = await openSurroundings('server')
    const counted = counting(surroundings.stores.postgres)
    statements = counted.statements
    await publishAll(surroundings.stores.postgres)
    served = serveGraphql({ ...surroundings.stores, postgres: counted.store }, { routes: [faults] })
    await ask('{ datasets { name } }')
  })
  after(() => surroundings.close())
  const ask: Served['ask'] = (query, more) => served.ask(query, more)

  it('answers rows with filters, order and provenance', async () => {
    const { status, data, errors } = await ask(
      `query ($most: Decimal) { aneelTarifas(
          where: { sig_agente: { contains: "AGENTE 3" }, vlr_tusd: { lte: $most, gt: 1 }, num_cnpj_distribuidora: { ne: "00.000.000/0000-03" } },
          orderBy: [vlr_tusd_DESC], first: 2) {
        rows { num_cnpj_distribuidora sig_agente vlr_tusd num_grande dat_inicio_vigencia dat_competencia dat_hora }
        provenance { dataset version rows tier publishedAt ageSeconds attribution asOf } next } }`,
      { variables: { most: '100.5' } },
    )
    assert.equal(errors, undefined)
    assert.equal(status, 200)
    const text = JSON.stringify(data)
    assert.match(text, /"num_cnpj_distribuidora":"00000000000044","sig_agente":"Agente 3","vlr_tusd":"94.00094"/)
    assert.match(text, /"num_grande":"9007199254740094"|"num_grande":9007199254740094/)
    assert.match(text, /"dat_inicio_vigencia":"2026-04-05","dat_competencia":"2026-11-01"/)
    assert.match(text, /"dataset":"aneel.tarifas","version":1,"rows":2000,"tier":"primary"/)
    assert.match(text, /"attribution":"ANEEL, ODbL","asOf":null/)
  })

  it('keeps decimals exact, and gives numbers when asked', async () => {
    const { data } = await ask(
      '{ a: aneelTarifas(first: 1) { rows { vlr_tusd num_grande } } b: aneelTarifas(first: 1, numbers: number) { rows { vlr_tusd } } }',
    )
    assert.deepEqual(data, {
      a: {
        rows: [
          {
            vlr_tusd: '1.00001',
            num_grande: 9_007_199_254_740_001 > Number.MAX_SAFE_INTEGER ? '' : 9_007_199_254_740_001,
          },
        ],
      },
      b: { rows: [{ vlr_tusd: 1.00001 }] },
    })
  })

  it('goes through all pages once', async () => {
    const seen: string[] = []
    let after: unknown = null
    let pages = 0
    do {
      const { data, errors } = await ask(
        'query ($after: String) { aneelTarifas(first: 900, after: $after, orderBy: sig_agente_ASC) { rows { vlr_tusd } next } }',
        { variables: { after } },
      )
      assert.equal(errors, undefined)
      const page: { rows: { vlr_tusd: string }[]; next: string | null } = JSON.parse(JSON.stringify(data)).aneelTarifas
      seen.push(...page.rows.map(({ vlr_tusd }) => vlr_tusd))
      after = page.next
      pages += 1
    } while (after !== null && pages < 5)
    assert.equal(pages, 3)
    assert.equal(new Set(seen).size, 2_000)
  })

  it('reads only what is asked for, in one statement a page', async () => {
    await ask('{ aneelTarifas(first: 1) { rows { vlr_tusd } } }')
    statements.length = 0
    await ask('{ aneelTarifas(first: 10) { rows { ...on AneelTarifas { vlr_tusd } } } }')
    const reads = statements.filter((text) => text.includes('vlr_tusd'))
    assert.equal(reads.length, 1)
    assert.doesNotMatch(reads[0] ?? '', /dat_hora/)
  })

  it('reads linked rows together: 1,000 rows cost one more statement', async () => {
    await ask('{ aneelTarifas(first: 1) { rows { aneelAgentes { nom_agente } } } }')
    statements.length = 0
    const { data, errors } = await ask(
      '{ aneelTarifas(first: 1000) { rows { num_cnpj_distribuidora aneelAgentes { nom_agente } } } }',
    )
    assert.equal(errors, undefined)
    const reads = statements.filter((text) => !text.startsWith('select dataset, publications'))
    assert.equal(reads.length, 2, reads.join('\n'))
    const { rows }: { rows: { num_cnpj_distribuidora: string; aneelAgentes: { nom_agente: string } | null }[] } =
      JSON.parse(JSON.stringify(data)).aneelTarifas
    assert.equal(rows.length, 1_000)
    for (const { num_cnpj_distribuidora, aneelAgentes } of rows) {
      const number = Number(num_cnpj_distribuidora)
      const expected = number >= 1 && number <= 40 ? { nom_agente: `Distribuidora ${number}` } : null
      assert.deepEqual(aneelAgentes, expected)
    }
  })

  it('names two ways to one dataset after their columns', async () => {
    const { data, errors } = await ask(
      '{ aneelSamp(first: 1) { rows { aneelAgentes_num_cnpj_agente { nom_agente } aneelAgentes_num_cnpj_acessante { nom_agente } } } }',
    )
    assert.equal(errors, undefined)
    assert.deepEqual(data, {
      aneelSamp: {
        rows: [
          {
            aneelAgentes_num_cnpj_agente: { nom_agente: 'Distribuidora 1' },
            aneelAgentes_num_cnpj_acessante: { nom_agente: 'Distribuidora 6' },
          },
        ],
      },
    })
  })

  it('says what is held', async () => {
    const { data } = await ask(
      '{ datasets { name field title(language: pt_BR) } dataset(name: "aneel.tarifas") { key columns { name type unit description } provenance { rows } } none: dataset(name: "x.y") { name } }',
    )
    const text = JSON.stringify(data)
    assert.match(text, /"name":"aneel.agentes","field":"aneelAgentes","title":"Prova aneel.agentes"/)
    assert.match(text, /"name":"vlr_tusd","type":"decimal","unit":"R\$\/MWh","description":"Value"/)
    assert.match(text, /"provenance":\{"rows":2000\}\},"none":null/)
  })

  it('has a schema that tools can read', async () => {
    const { data, errors } = await ask(getIntrospectionQuery())
    assert.equal(errors, undefined)
    const introspected: IntrospectionQuery = JSON.parse(JSON.stringify(data))
    assertValidSchema(buildClientSchema(introspected))
    const sdl = await served.send(requestOf('/graphql/schema.graphql'))
    assert.equal(sdl.status, 200)
    assertValidSchema(buildSchema(sdl.text))
    assert.match(sdl.text, /"""\s+Value\s+Unit: R\$\/MWh\./)
  })

  describe('limits', () => {
    const refused = async (query: string, code: string, words: RegExp, more = {}) => {
      const before = statements.length
      const { codes, errors, data, status } = await ask(query, more)
      assert.equal(codes[0], code, JSON.stringify(errors))
      assert.match(errors?.[0]?.message ?? '', words)
      assert.equal(data, undefined)
      assert.equal(status, 400)
      assert.ok(statements.slice(before).every((text) => text.startsWith('select dataset, publications')))
    }
    const rows =
      'rows { num_cnpj_distribuidora sig_agente vlr_tusd num_grande dat_hora aneelAgentes { num_cnpj nom_agente } }'
    const costly = `{ ${Array.from({ length: 8 }, (_, at) => `a${at}: aneelTarifas(first: 1000) { ${rows} }`).join(' ')} }`

    it('of depth', () =>
      refused(
        `{ __type(name: "Query") ${'{ fields { type '.repeat(5)} { name } ${'} }'.repeat(5)} }`,
        'GRAPHQL_LIMIT',
        /8 fields deep/,
      ))
    it('of depth, through fragments', () =>
      refused(
        `{ __type(name: "Query") { ...a } } fragment a on __Type { fields { type { ...b } } } fragment b on __Type { fields { type { ...c } } }
         fragment c on __Type { ofType { ofType { ofType { name } } } }`,
        'GRAPHQL_LIMIT',
        /8 fields deep/,
      ))
    it('of cost', () => refused(costly, 'GRAPHQL_LIMIT', /costs \d+, but at most 50000/))
    it('of cost, by variables', () =>
      refused(costly.replaceAll('1000', '$n').replace('{', 'query ($n: Int!) {'), 'GRAPHQL_LIMIT', /costs/, {
        variables: { n: 1_000 },
      }))
    it('of cost, by defaults of variables and fragments', () =>
      refused(
        `query ($n: Int! = 1000) { ${Array.from({ length: 8 }, (_, at) => `a${at}: aneelTarifas(first: $n) { ...p }`).join(' ')} }
         fragment p on AneelTarifasPage { ${rows} }`,
        'GRAPHQL_LIMIT',
        /costs/,
      ))
    it('of the schema read again and again', () =>
      refused(
        `{ ${['a', 'b', 'c'].map((name) => `${name}: __schema { types { name } }`).join(' ')} }`,
        'GRAPHQL_LIMIT',
        /costs/,
      ))
    it('of fragments that unfold', () => {
      const bomb = Array.from(
        { length: 18 },
        (_, at) => `fragment f${at} on AneelTarifasPage { ...f${at + 1} ...f${at + 1} }`,
      )
      return refused(
        `{ aneelTarifas { ...f0 } } ${bomb.join('\n')} fragment f18 on AneelTarifasPage { next }`,
        'GRAPHQL_LIMIT',
        /fragments unfolded/,
      )
    })
    it('of fragments in a circle', () =>
      refused(
        '{ aneelTarifas { ...a } } fragment a on AneelTarifasPage { ...b } fragment b on AneelTarifasPage { ...a }',
        'GRAPHQL_INVALID',
        /itself/,
      ))
    it('of aliases', () =>
      refused(
        `{ datasets { ${Array.from({ length: 21 }, (_, at) => `a${at}: name`).join(' ')} } }`,
        'GRAPHQL_LIMIT',
        /20 aliases/,
      ))
    it('of tokens', () => refused(`{ datasets { ${'name '.repeat(1_100)} } }`, 'GRAPHQL_LIMIT', /1000 tokens/))
    it('of nested brackets', () => refused(`{ a(b: ${'['.repeat(100_000)} }`, 'GRAPHQL_LIMIT', /1000 tokens|nested/))
    it('of nested introspection', () =>
      refused(
        '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }',
        'GRAPHQL_INVALID',
        /introspection depth/i,
      ))
    it('of rows', async () => {
      for (const first of [0, -1, 1_001, 2_147_483_647]) {
        const { codes } = await ask(`{ aneelTarifas(first: ${first}) { next } }`)
        assert.deepEqual(codes, ['GRAPHQL_LIMIT'], String(first))
      }
    })
    it('of fields that stand there again and again', () =>
      refused(`{ ${'aneelTarifas { rows { vlr_tusd } } '.repeat(120)} }`, 'GRAPHQL_LIMIT', /same field more than 20/))
    it('refuses several requests in one', async () => {
      const { status } = await served.send(post([{ query: '{ datasets { name } }' }]))
      assert.equal(status, 400)
    })
  })

  it('masks what went wrong inside, and tells what the caller did', async () => {
    const { codes, text, errors, data } = await ask(
      '{ a: fault(kind: "plain") { text } b: fault(kind: "sql") { text } c: fault(kind: "told") { text } d: fault(kind: "missing") { text } datasets { name } }',
    )
    assert.deepEqual([...codes].sort(), ['RUN_UNKNOWN', 'UNEXPECTED', 'UNEXPECTED', 'UNEXPECTED'])
    assert.doesNotMatch(text, /passwords|hidden|home|stack|42P01|non-nullable/)
    assert.match(JSON.stringify(data), /"a":null,"b":null,"c":null,"d":null,"datasets":\[/)
    const ids = (errors ?? []).flatMap(({ extensions: { id } }) => (id === undefined ? [] : [id]))
    assert.equal(ids.length, 3)
    assert.equal(served.log.lines.filter((line) => line.startsWith('error GraphQL')).length, 3)
  })

  it('tells values and cursors that are wrong', async () => {
    const wrong: [string, string][] = [
      ['{ aneelTarifas(where: { vlr_tusd: { eq: "1; drop table x" } }) { next } }', 'QUERY_VALUE'],
      ['{ aneelTarifas(where: { dat_inicio_vigencia: { eq: "2026-02-30" } }) { next } }', 'QUERY_VALUE'],
      ['{ aneelTarifas(where: { sig_agente: { eq: null } }) { next } }', 'QUERY_CONDITION'],
      ['{ aneelTarifas(where: { sig_agente: null }) { next } }', 'QUERY_CONDITION'],
      ['{ aneelTarifas(where: { sig_agente: { in: [] } }) { next } }', 'QUERY_CONDITION'],
      ['{ aneelTarifas(where: { vlr_tusd: { between: [1] } }) { next } }', 'QUERY_CONDITION'],
      ['{ aneelTarifas(where: { sig_agente: { contains: "a\\u0000b" } }) { next } }', 'QUERY_VALUE'],
      ['{ aneelTarifas(after: "nonsense") { next } }', 'QUERY_AFTER'],
      ['{ aneelTarifas(asOf: "2001-01-01") { next } }', 'AS_OF_NOT_KEPT'],
      ['{ aneelTarifas { nothing } }', 'GRAPHQL_INVALID'],
      ['{ aneelTarifas(where: { nothing: { eq: 1 } }) { next } }', 'GRAPHQL_INVALID'],
      ['{ aneelTarifas { rows { __proto__ } } }', 'GRAPHQL_INVALID'],
      ['{ aneelTarifas(', 'GRAPHQL_SYNTAX'],
      ['subscription { versionPublished { position } }', 'GRAPHQL_INVALID'],
      ['mutation { x }', 'GRAPHQL_INVALID'],
    ]
    for (const [query, code] of wrong) {
      const { codes, errors } = await ask(query)
      assert.deepEqual([...new Set(codes)], [code], `${query} ${JSON.stringify(errors)}`)
    }
  })

  it('needs the scope of each field, and a key', async () => {
    assert.deepEqual((await ask('{ aneelTarifas { next } }', { key: 'runs' })).codes, ['API_SCOPE'])
    assert.deepEqual((await ask('{ datasets { name } }', { key: 'documents' })).codes, ['API_SCOPE'])
    assert.deepEqual((await ask('{ fault(kind: "told") { text } }', { key: 'datasets' })).codes, ['API_SCOPE'])
    for (const target of ['/graphql?query={datasets{name}}', '/graphql/schema.graphql']) {
      assert.equal((await served.send(requestOf(target, { headers: { 'x-api-key': 'nobody' } }))).status, 401)
    }
    assert.equal((await ask(getIntrospectionQuery(), { key: 'nobody' })).status, 401)
  })

  it('speaks GraphQL over HTTP', async () => {
    const query = encodeURIComponent(
      'query a($n: String!) { dataset(name: $n) { name } } query b { datasets { name } }',
    )
    const variables = encodeURIComponent('{"n":"aneel.tarifas"}')
    const got = await served.send(
      requestOf(`/graphql?query=${query}&operationName=a&variables=${variables}`, {
        headers: { accept: 'application/graphql-response+json' },
      }),
    )
    assert.equal(got.status, 200)
    assert.match(got.headers['content-type'] ?? '', /^application\/graphql-response\+json/)
    assert.deepEqual(got.data, { dataset: { name: 'aneel.tarifas' } })
    const known = { headers: { 'if-none-match': got.headers.etag ?? '', accept: 'application/graphql-response+json' } }
    assert.equal(
      (await served.send(requestOf(`/graphql?query=${query}&operationName=a&variables=${variables}`, known))).status,
      304,
    )
    // a form of another page can send these without asking first
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      assert.equal((await served.send(post({ query: '{ datasets { name } }' }, { 'content-type': type }))).status, 415)
    }
    assert.equal((await served.send(post({ query: '{ datasets { name } }' }, { accept: 'image/png' }))).status, 406)
    assert.equal((await served.send(requestOf('/graphql', { method: 'PUT' }))).status, 405)
    assert.deepEqual((await served.send(post({}))).codes, ['API_BODY'])
    assert.deepEqual((await served.send({ ...post({}), body: Buffer.from('{"query') })).codes, ['API_BODY'])
    const legacy = await served.send(post({ query: '{ nothing }' }, { accept: 'application/json' }))
    assert.equal(legacy.status, 200)
  })

  it('shows a page to browsers, which needs nothing from elsewhere', async () => {
    const opened = forBrowsers(requestOf('/graphql', { headers: { accept: 'text/html,*/*', 'x-api-key': '' } }))
    const { status, headers, text } = await served.send(opened)
    assert.equal(status, 200)
    assert.match(headers['content-security-policy'] ?? '', /default-src 'none'.*script-src 'sha256-/)
    assert.doesNotMatch(text, /https?:\/\/|aneel\.tarifas/)
    const asked = requestOf('/graphql?query={datasets{name}}', { headers: { accept: 'text/html' } })
    assert.equal(forBrowsers(asked), asked)
  })

  it('holds against whatever is sent', async () => {
    const word = fc.constantFrom(
      ...[
        '{',
        '}',
        '(',
        ')',
        ':',
        '[',
        ']',
        '$',
        '...',
        '@include(if: false)',
        'query',
        'fragment',
        'on',
        'first',
        'where',
      ],
      ...[
        'aneelTarifas',
        'rows',
        'vlr_tusd',
        'sig_agente',
        'eq',
        '"x"',
        '1',
        'null',
        '__typename',
        '__proto__',
        'constructor',
      ],
      ...[
        'datasets',
        'name',
        '"\\u0000"',
        '"\'; drop table aneel.tarifas_v1; --"',
        '1e400',
        '-0',
        'next',
        'AneelTarifas',
      ],
    )
    const seeds = { numRuns: 300 }
    const known = new Set(['GRAPHQL_SYNTAX', 'GRAPHQL_INVALID', 'GRAPHQL_LIMIT', 'API_BODY'])
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 40 }), async (words) => {
        const { status, codes } = await ask(words.join(' '))
        assert.ok(status === 200 || status === 400, String(status))
        for (const code of codes) assert.ok(known.has(code), code)
      }),
      seeds,
    )
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.constant(null), fc.string())
    const told = new Set([...known, 'QUERY_VALUE', 'QUERY_CONDITION', 'QUERY_AFTER', 'QUERY_AS_OF', 'AS_OF_NOT_KEPT'])
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom('t', 'd', 'i', 'c', 'a', 'm', 'o', '__proto__'), value),
        async (variables) => {
          const { codes, errors } = await ask(
            `query ($t: String, $d: Decimal, $i: BigInt, $c: Cnpj, $a: String, $m: Month, $o: String) {
             aneelTarifas(first: 1, after: $a, asOf: $o, where: { sig_agente: { contains: $t }, vlr_tusd: { gt: $d }, num_grande: { lt: $i },
               num_cnpj_distribuidora: { in: [$c] }, dat_competencia: { gte: $m } }) { next } }`
              .replace('[$c]', '["1"]')
              .replace('$c: Cnpj, ', ''),
            { variables },
          )
          for (const code of codes) assert.ok(told.has(code), `${JSON.stringify(variables)} ${JSON.stringify(errors)}`)
        },
      ),
      seeds,
    )
    assert.equal((await ask('{ aneelTarifas(first: 1) { provenance { rows } } }')).text.includes('2000'), true)
  })

  it('has the new column soon after a publication', async () => {
    assert.deepEqual((await ask('{ aneelTarifas { rows { nom_posto } } }')).codes, ['GRAPHQL_INVALID'])
    await publishWider(surroundings.stores.postgres)
    const until = Date.now() + 10_000
    let answer = await ask('{ aneelTarifas(first: 1) { rows { nom_posto } provenance { version } } }')
    while (answer.errors !== undefined && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      answer = await ask('{ aneelTarifas(first: 1) { rows { nom_posto } provenance { version } } }')
    }
    assert.deepEqual(answer.data, { aneelTarifas: { rows: [{ nom_posto: 'Ponta' }], provenance: { version: 2 } } })
  })
})
