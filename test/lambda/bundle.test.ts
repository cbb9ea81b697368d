import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { scopes } from '../../lib/api/access/caller.ts'
import { createKey } from '../../lib/api/access/keys.ts'
import { isRecord } from '../../lib/flow-check/node.ts'
import { cloudwatchName } from '../../lib/metrics/cloudwatch/datum.ts'
import { chosenNames } from '../../lib/metrics/cloudwatch/sender.ts'
import { canonicalFile } from '../../lib/portable/canonical.ts'
import { compile } from '../../lib/portable/plan/compile.ts'
import { emitStepFunctions } from '../../lib/portable/step-functions/emit.ts'
import { parser, Type } from '../../lib/schema.ts'
import { openPostgres } from '../../lib/stores/postgres/index.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { tinyPdf } from '../helpers/tiny-pdf.ts'
import { runMachine } from '../portable/asl.ts'
import { testFolder } from '../portable/engine.ts'
import { cognitoDouble } from './cognito-double.ts'

const here = fileURLToPath(new URL('../../', import.meta.url))
const Answer = Type.Object({
  answer: Type.Optional(Type.Unknown()),
  errorType: Type.Optional(Type.String()),
  errorMessage: Type.Optional(Type.String()),
})
const answers = parser(Answer, 'What the process said')

const pool = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE'
const node = (id: string, type: string, wires: string[][], settings: object = {}) => ({
  ...{ id, type, z: 'tab', name: id, wires },
  ...settings,
})
const flow = [
  { id: 'tab', type: 'tab' },
  { id: 'stores', type: 'ysh-stores', folder: '/tmp/never', postgresUrl: `$${'{'}YSH_POSTGRES_URL}` },
  node('run', 'ysh-run', [['names']], { payload: '{"list":[{"n":"a"},{"n":"b"}]}' }),
  node('names', 'change', [['each']], {
    rules: [{ t: 'set', p: 'payload', pt: 'msg', to: '{"list": payload.list.n}', tot: 'jsonata' }],
  }),
  node('each', 'ysh-each', [['tell'], ['end']], { listAt: 'list', stores: 'stores' }),
  node('tell', 'ysh-notify', [['join']], { webhooks: 'https://example.com/x', stores: 'stores' }),
  node('join', 'ysh-join', [['end']], { stores: 'stores' }),
  node('end', 'ysh-run-end', [[], []], { stores: 'stores' }),
]
const documentFlow = [
  { id: 'tab', type: 'tab' },
  { id: 'stores', type: 'ysh-stores', folder: '/tmp/never', postgresUrl: `$${'{'}YSH_POSTGRES_URL}` },
  node('papers', 'ysh-run', [['read']], { payload: '{"path":"a.pdf"}' }),
  node('read', 'ysh-pdf-extract', [['closed'], ['closed'], []], {
    folder: `$${'{'}PAPERS}`,
    stores: 'stores',
  }),
  node('closed', 'ysh-run-end', [[], []], { stores: 'stores' }),
]

describe('the Lambda bundle, in a process of its own', () => {
  const { folder, remove } = testFolder()
  let server: PostgresServer
  let invoke: (
    handler: string,
    event: unknown,
  ) => Promise<{ answer?: unknown; errorType?: string; errorMessage?: string }>
  const lines: string[] = []
  let end = () => {}
  const compiled = compile(flow)
  const code = join(folder, 'task')

  const issuer = cognitoDouble(pool)
  before(async () => {
    server = await startPostgres()
    await issuer.start()
    const built = spawnSync(process.execPath, ['build/lambda.ts'], { cwd: here, encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
    // Away from the repository: no node_modules above it, as in Lambda.
    cpSync(join(here, 'dist-lambda', 'steps'), code, { recursive: true })
    const plans = join(folder, 'plans')
    mkdirSync(plans)
    assert.ok(compiled.plan, JSON.stringify(compiled.diagnostics))
    writeFileSync(join(plans, 'flow.json'), canonicalFile(compiled.plan))
    const { plan, diagnostics } = compile(documentFlow)
    assert.ok(plan, JSON.stringify(diagnostics))
    writeFileSync(join(plans, 'documents.json'), canonicalFile(plan))
    mkdirSync(join(folder, 'papers'))
    writeFileSync(join(folder, 'papers', 'a.pdf'), tinyPdf('Tarifa convencional'))
    const driver = join(folder, 'invoke.mjs')
    cpSync(fileURLToPath(new URL('invoke.mjs', import.meta.url)), driver)
    const child = spawn(process.execPath, [driver, join(code, 'index.mjs')], {
      cwd: folder,
      env: {
        YSH_POSTGRES_URL: server.url,
        // As deploy/aws/modules/api/cognito.tf sets them: test/deploy/aws/terraform.test.ts holds it to that.
        ...{ YSH_API_JWKS_URL: issuer.url, YSH_API_ISSUER: pool, YSH_API_AUDIENCES: 'app-client,program' },
        ...{ YSH_API_SCOPE_MAP: scopes.map((name) => `ysh-prod/${name}=${name}`).join(',') },
        ...{ YSH_INTERNAL_HOSTS: '127.0.0.1' },
        PAPERS: join(folder, 'papers'),
        YSH_PLANS: plans,
        YSH_DATA_FOLDER: join(folder, 'data'),
        YSH_FOLDER: join(folder, 'data'),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const waiting: ((line: string) => void)[] = []
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('> ')) waiting.shift()?.(line.slice(2))
      else lines.push(line)
    })
    invoke = (handler, event) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no answer: ${lines.join('\n')}`)), 40_000)
        waiting.push((line) => {
          clearTimeout(late)
          resolve(answers.parse(JSON.parse(line)))
        })
        child.stdin.write(`${JSON.stringify({ handler, event })}\n`)
      })
    end = () => child.stdin.end()
  })
  after(async () => {
    end()
    issuer.close()
    await server.stop()
    remove()
  })

  test('a state machine runs by it, from the trigger to the end', async () => {
    assert.ok(compiled.plan)
    const machine = emitStepFunctions(compiled.plan).machines.run
    assert.ok(machine)
    const run = await runMachine(
      machine,
      { slot: 'one', message: { payload: { list: [{ n: 'a' }, { n: 'b' }] } } },
      async (call) => {
        const { answer, errorType = '', errorMessage } = await invoke('step', call)
        if (isRecord(answer) && isRecord(answer.message)) return { ...answer, message: answer.message }
        throw Object.assign(new Error(errorMessage), { name: errorType })
      },
    )
    assert.equal(run.outcome, 'done', run.error)
    const client = new pg.Client(server.url)
    await client.connect()
    try {
      const { rows } = await client.query('select state, summary from pipeline.run')
      assert.deepEqual(
        rows.map(({ state, summary }) => [state, summary.done, summary.failed]),
        [['done', 2, 0]],
      )
      const steps = await client.query(`select item from pipeline.step where node = 'tell' order by item`)
      assert.deepEqual(
        steps.rows.map(({ item }) => item),
        ['a', 'b'],
      )
    } finally {
      await client.end()
    }
    const metrics = lines.filter((line) => line.includes('_aws')).map((line) => JSON.parse(line))
    const seen = new Map<string, number[]>()
    for (const { _aws, Pipeline, ...figures } of metrics) {
      assert.equal(Pipeline, 'ysh')
      const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics
      assert.equal(Namespace, 'YSH/Pipeline')
      assert.deepEqual(Dimensions, [['Pipeline']])
      for (const { Name } of Metrics) seen.set(Name, [...(seen.get(Name) ?? []), ...[figures[Name]].flat()])
    }
    const sent = chosenNames([]).map(cloudwatchName)
    assert.equal(sent.length, 10)
    assert.deepEqual(
      [...seen.keys()].filter((name) => !sent.includes(name)),
      [],
    )
    assert.deepEqual(seen.get('pipeline.runs.failed'), [0])
    assert.equal(
      seen.get('pipeline.items.processed')?.reduce((sum, value) => sum + value, 0),
      2,
    )
  })

  test('a PDF is read, by pdf.js out of the zip', async () => {
    const { answer, errorMessage } = await invoke('step', {
      ...{ pipeline: 'papers', units: ['read'], execution: 'one' },
      state: { message: { payload: { path: 'a.pdf' } } },
    })
    assert.ok(isRecord(answer) && isRecord(answer.message) && isRecord(answer.message.payload), errorMessage)
    const { outcome, pages, kinds, problems } = answer.message.payload
    assert.deepEqual([answer.port, outcome, pages, problems], ['extracted', 'extracted', 1, []])
    assert.deepEqual(kinds, { text: 1 })
  })

  test('what a call loads at its start is small, and each part loads without a node_modules', () => {
    const text = (name: string) => readFileSync(join(code, name), 'utf8')
    const imported = (name: string) =>
      [...text(name).matchAll(/\b(?:from|import)\s*"\.\/(chunk-[A-Z0-9]+\.mjs)"/g)].map(([, chunk = '']) => chunk)
    const first = new Set(['index.mjs'])
    for (const name of first) for (const chunk of imported(name)) first.add(chunk)
    const bytes = [...first].reduce((sum, name) => sum + statSync(join(code, name)).size, 0)
    assert.ok(bytes < 1_300_000, `${bytes} bytes are loaded at the start`)
    assert.ok(statSync(join(here, 'dist-lambda', 'steps.zip')).size < 5_000_000)
    // all but what Lambda itself brings
    const parts = readdirSync(code).filter((name) => name.endsWith('.mjs') && !text(name).includes('@aws-sdk/'))
    const lines = parts.map((name) => `await import(${JSON.stringify(join(code, name))})`)
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', lines.join('\n')], {
      ...{ cwd: folder, encoding: 'utf8', timeout: 60_000 },
    })
    assert.equal(status, 0, stderr)
  })

  test('errors have the names that Retry and Catch know, and say what is wrong', async () => {
    const unknown = await invoke('step', { pipeline: 'other', units: ['x'], execution: 'e', state: { message: {} } })
    assert.equal(unknown.errorType, 'PermanentError')
    assert.equal(JSON.parse(unknown.errorMessage ?? '').code, 'PLAN_INVALID')
    const large = {
      pipeline: 'run',
      units: ['names'],
      execution: 'e',
      state: { message: { payload: 'x'.repeat(262_144) } },
    }
    assert.equal(JSON.parse((await invoke('step', large)).errorMessage ?? '').code, 'STATE_TOO_LARGE')
  })

  /** As in AWS's documentation, "Input format of a Lambda function for proxy integration", shortened to what is sent. */
  const rest = (path: string, headers: Record<string, string> = {}, query: Record<string, string[]> | null = null) => ({
    resource: '/{proxy+}',
    ...{ path, httpMethod: 'GET', headers, multiValueHeaders: null },
    queryStringParameters: query && Object.fromEntries(Object.entries(query).map(([name, [value]]) => [name, value])),
    multiValueQueryStringParameters: query,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: { stage: 'prod', path: `/prod${path}`, httpMethod: 'GET', identity: { sourceIp: '192.0.2.1' } },
    body: null,
    isBase64Encoded: false,
  })
  /** "Payload format version 2.0". */
  const http = (path: string, headers: Record<string, string> = {}) => ({
    version: '2.0',
    routeKey: '$default',
    ...{ rawPath: `/prod${path}`, rawQueryString: 'limit=2', headers },
    requestContext: { stage: 'prod', http: { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' } },
    isBase64Encoded: false,
  })
  const gateway = parser(
    Type.Object({
      statusCode: Type.Integer(),
      headers: Type.Record(Type.String(), Type.String()),
      body: Type.String(),
      isBase64Encoded: Type.Boolean(),
    }),
    'The answer',
  )
  const ask = async (event: unknown) => gateway.parse((await invoke('rest', event)).answer)

  test('the data API: who may not ask, who may, and by both kinds of events', async () => {
    const refused = await ask(rest('/datasets'))
    assert.equal(refused.statusCode, 401)
    assert.match(refused.headers['content-type'] ?? '', /problem\+json/)
    const postgres = await openPostgres({ kind: 'server', url: server.url })
    const { key } = await createKey(postgres, { name: 'test', scopes: ['datasets', 'documents', 'runs'] }, 'test')
    await postgres.close()
    const { statusCode, body, isBase64Encoded } = await ask(rest('/runs', { 'X-Api-Key': key }, { limit: ['2'] }))
    assert.deepEqual([statusCode, isBase64Encoded], [200, false], body)
    assert.ok(isRecord(JSON.parse(body)))
    assert.equal((await ask(http('/runs', { 'x-api-key': key }))).statusCode, 200)
    const zipped = await ask(rest('/openapi.json', { 'X-Api-Key': key, 'Accept-Encoding': 'gzip' }))
    assert.equal(zipped.statusCode, 200)
    assert.equal(zipped.isBase64Encoded, zipped.headers['content-encoding'] !== undefined)
    // nobody's request is so: it is wired wrongly, and that is no caller's fault
    assert.equal((await ask({ no: 'event' })).statusCode, 500)
  })

  test("Cognito's access tokens let in whom they name; others, and its ID tokens, do not", async () => {
    const now = Math.floor(Date.now() / 1_000)
    // As in Cognito's guide, "Understanding the access token": no `aud`, the client stands in `client_id`.
    const claims = {
      ...{ sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', token_use: 'access', scope: 'openid ysh-prod/runs' },
      ...{ auth_time: now, iss: pool, exp: now + 3_600, iat: now, version: 2, jti: 'a', client_id: 'app-client' },
      ...{ origin_jti: 'b', event_id: 'c', username: 'ana' },
    }
    const status = async (given: object, key?: 'other') =>
      (
        await ask(
          rest('/runs', { Authorization: `Bearer ${issuer.token({ ...claims, ...given }, key)}` }, { limit: ['1'] }),
        )
      ).statusCode
    assert.equal(await status({}), 200)
    assert.equal(await status({ scope: 'openid ysh-prod/datasets' }), 403)
    assert.equal(await status({ scope: 'other/runs' }), 403)
    // by client_credentials: nobody's name is in it, and the subject is the client
    const program = { sub: 'program', client_id: 'program', username: undefined, origin_jti: undefined }
    assert.equal(await status({ ...program, scope: 'ysh-prod/datasets ysh-prod/runs' }), 200)
    assert.equal(await status({ ...program, scope: 'ysh-prod/datasets' }), 403)
    // by a login without the domain's page, which no API Gateway of ours lets through
    assert.equal(await status({ scope: 'aws.cognito.signin.user.admin' }), 403)
    const wrong = {
      ...{ 'an ID token': { token_use: 'id', aud: 'app-client' }, 'of another client': { client_id: 'other' } },
      ...{ 'of another pool': { iss: `${pool}2` }, 'an old one': { exp: now - 60, iat: now - 4_000 } },
    }
    for (const [what, given] of Object.entries(wrong)) assert.equal(await status(given), 401, what)
    assert.equal(await status({}, 'other'), 401)
  })

  test('WebSockets: who may come, and who may not', async () => {
    const connect = async (headers: Record<string, string>) => {
      const requestContext = { routeKey: '$connect', connectionId: 'x', domainName: 'example.com', stage: 'prod' }
      const { answer } = await invoke('websocket', { requestContext, headers })
      assert.ok(isRecord(answer), JSON.stringify(answer))
      return answer.statusCode
    }
    assert.equal(await connect({ authorization: 'Bearer ysh_wrong' }), 401)
    assert.equal(await connect({}), 200)
  })
})
