import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { WebSocket } from 'ws'
import { makeKey } from '../../lib/api/access/key.ts'
import { noChromium, startBrowser } from '../helpers/editor.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { noRedis, type RedisServer, startRedis } from '../helpers/redis-server.ts'
import { type SafeNodeRed, startSafe } from '../helpers/safe-node-red.ts'
import { type MailReceiver, readMail, startMail } from '../steps/notify/receivers.ts'
import { type Canary, canary, findCanary, formsOf } from './canaries.ts'
import { canaryFlow, environmentOf, flowCanaries, fromEnv, otherDatabases } from './canary-flow.ts'
import { type Comms, listenAsEditor } from './comms.ts'
import { type Hostile, startHostile } from './hostile.ts'
import { filesOf, tablesOf } from './look.ts'

const { key: apiKey } = makeKey()
const secrets = flowCanaries(apiKey)
const { planted } = secrets
/** Nodes that have to fail, and to tell a Catch of it. */
const failing = [
  'fetch',
  'scrape',
  'scrape-moved',
  'scrape-user',
  'scrape-s3',
  'pdf',
  'archive',
  'enrich',
  'index-ollama',
  'index',
]
/** Stores that cannot be opened. */
const closed = ['refused', 'wrong', 'tls', 'bad', 'bad-password']

describe('what a canary looks like', () => {
  const word = canary('word', [`a"/+%`, `'é`])
  const inside = (text: string) => findCanary(word, new Map([['place', text]])).length
  test('in every form', () => {
    const shapes = [
      word.value,
      encodeURIComponent(word.value),
      JSON.stringify(JSON.stringify({ a: word.value })),
      word.value.toUpperCase(),
      word.core.slice(0, 15),
      ...['', 'u', 'us', 'use'].map((user) => Buffer.from(`${user}:${word.value}`).toString('base64')),
      ...['', 'u', 'us'].map((user) => Buffer.from(`${user}${word.value}`).toString('base64url')),
      Buffer.from(word.value).toString('hex'),
    ]
    for (const shape of shapes) assert.equal(inside(`before ${shape} after`), 1, shape)
    assert.equal(formsOf(word).size, 3)
    assert.equal(inside('nothing of it: kn0123456789'), 0)
  })
})

describe('canary secrets', { timeout: 400_000, skip: noRedis }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-canary-'))
  const userDir = mkdtempSync(join(tmpdir(), 'ysh-safe-'))
  const places = new Map<string, string>()
  let server: PostgresServer
  let databases: string[] = []
  let redis: RedisServer
  let hostile: Hostile
  let mail: MailReceiver
  let wrongMail: MailReceiver
  let red: SafeNodeRed
  let comms: Comms
  let token: string

  const admin = (path: string, method = 'GET', body?: unknown) =>
    fetch(red.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    })
  const press = async (id: string) => assert.equal((await admin(`/inject/press-${id}`, 'POST')).status, 200, id)
  async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 45_000
    while (!(await condition())) {
      assert.ok(Date.now() < deadline, `never: ${what}\n${lines(/\[(error|warn)\]/)}`)
      await sleep(100)
    }
  }
  /** The end of what matters in the log: at the level trace it is long. */
  const lines = (pattern: RegExp) =>
    red
      .output()
      .split('\n')
      .filter((line) => pattern.test(line))
      .slice(-60)
      .join('\n')
      .slice(-8_000)
  const told = (topic: RegExp) => [...comms.got].flatMap(([name, said]) => (topic.test(name) ? [said] : [])).join('')

  before(async () => {
    server = await startPostgres()
    redis = await startRedis({ password: 'not the canary' })
    hostile = await startHostile()
    mail = await startMail()
    wrongMail = await startMail({
      authOptional: false,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      // one that repeats what it was told
      onAuth: ({ username = '', password = '' }, _, callback) =>
        callback(Object.assign(new Error(`No user ${username} with ${password}`), { responseCode: 535 })),
    })
    const { port, pathname } = new URL(server.url)
    const place = {
      ...{ postgresPort: Number(port), database: pathname.slice(1), redisPort: redis.port, hostilePort: hostile.port },
      ...{ mailPort: mail.port, refusingMailPort: wrongMail.port },
      ...{ secretFile: join(folder, 'redis-password'), plantedFile: join(userDir, 'planted.txt') },
    }
    writeFileSync(place.secretFile, secrets.file.value)
    databases = [place.database, ...otherDatabases(place.database)].map((name) => server.url.replace(/[^/]+$/, name))
    await asOwner(async (client) => {
      await client.query(`create role canary superuser login password ${pg.escapeLiteral(secrets.postgres.value)}`)
      for (const name of otherDatabases(place.database)) await client.query(`create database ${name}`)
    })
    red = await startSafe({
      userDir,
      flows: [{ id: 'tab', type: 'tab' }],
      env: {
        ...environmentOf(secrets, place),
        NODE_RED_ADMIN_PASSWORD: secrets.admin.value,
        NODE_RED_CREDENTIAL_SECRET: secrets.credential.value,
        NODE_RED_AUDIT: 'on',
        LOG_LEVEL: 'trace',
      },
    })
    token = await red.login(secrets.admin.value)
    comms = await listenAsEditor(red.url, token)
    const flows = canaryFlow(secrets, place)
    flows.push({ id: 'note', type: 'comment', z: 'tab', x: 1, y: 1, name: '', info: planted.value, wires: [] })
    // twice, so that a backup of the first is there as well
    for (const each of [flows, flows.map((node) => ({ ...node }))]) {
      const deployed = await admin('/flows', 'POST', each)
      assert.ok(deployed.ok, `${deployed.status} ${await deployed.text()}`)
    }
    await until('the API answers', async () => (await api('/datasets')).status === 200)
  })
  after(async () => {
    comms?.close()
    if (process.env.CANARY_KEEP) places.set('log', red.output())
    if (process.env.CANARY_KEEP) writeFileSync(process.env.CANARY_KEEP, JSON.stringify([...places], undefined, 1))
    await red?.stop()
    for (const each of [mail, wrongMail, hostile]) await each?.close()
    await redis?.stop()
    await server?.stop()
    for (const each of [folder, userDir]) rmSync(each, { recursive: true, force: true, maxRetries: 5 })
  })

  async function asOwner<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }
  const api = (path: string, headers: Record<string, string> = { authorization: `Bearer ${apiKey}` }, init = {}) =>
    fetch(`${red.url}/api/v1${path}`, { headers, signal: AbortSignal.timeout(60_000), ...init })

  test('everything fails that can fail', async () => {
    for (const id of ['plant', 'ask-portal', 'ask-page', 'ask-pdf', 'ask-locked', 'ask-model', 'ask-mail'])
      await press(id)
    const failed = () => new Set([...told(/^debug$/).matchAll(/\\?"id\\?":\\?"([\w-]+)\\?"/g)].map(([, id]) => id))
    await until(`errors of ${failing}`, () =>
      failing.every((id) => told(/^debug$/).includes(`"${id}`) && failed().size > 0),
    )
    await until('stores that do not open', () =>
      closed.every((id) => new RegExp(`\\[error\\] \\[ysh-stores:Data ${id}\\]`).test(red.output())),
    )
    await until('the mail of the run that failed', () => mail.got.length > 1)
    await until('webhooks that are taken and refused', () =>
      ['/taken', '/hook'].every((path) => hostile.got.some((each) => each.path.startsWith(path))),
    )
    await until('a queue that refuses', () => /ysh-s3-event:queue\] .*STORE_REFUSED/.test(red.output()))
    await until('messages that could not be sent', () =>
      asOwner(async (client) => {
        const { rows } = await client.query(`select count(*)::int as n from pipeline.outbox where attempts > 0`)
        return rows[0]?.n >= 3
      }),
    )
    await until('letters', () =>
      asOwner(async (client) => (await client.query('select 1 from pipeline.dead_letter')).rowCount !== 0),
    )
  })

  test('answers of the API, of the metrics and of the editor are gathered', async () => {
    const stranger = { authorization: `Bearer ${apiKey.slice(0, -1)}x` }
    const ask = async (path: string, headers?: Record<string, string>, init?: object) => {
      const answer = await api(path, headers, init)
      places.set(
        `API ${path.split('?')[0]} ${headers === undefined ? '' : 'refused'}`,
        `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`,
      )
    }
    const wrong = `?wrong=${encodeURIComponent(planted.value)}`
    for (const path of [
      '/datasets',
      `/datasets/aneel.tarifas${wrong}`,
      '/runs',
      '/documents',
      '/search?q=tarifa',
      '/openapi.json',
      '/nothing',
    ]) {
      await ask(path)
      await ask(path, stranger)
      await ask(path, {
        authorization: `Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0.c2ln`,
      })
    }
    const question = (query: string) => ({ method: 'POST', body: JSON.stringify({ query }) })
    const json = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
    for (const [name, query] of Object.entries({
      one: '{ nothing }',
      two: '{ datasets { name } runs { id error } }',
      three: '{',
    })) {
      const answer = await api('/graphql', json, question(query))
      places.set(`GraphQL ${name}`, await answer.text())
    }
    const pushed = await fetch(`${red.url}/ysh-s3-event/pushed`, {
      method: 'POST',
      headers: { 'x-api-key': 'wrong' },
      body: '{}',
    })
    places.set('push', `${pushed.status} ${await pushed.text()}`)
    const socket = new WebSocket(`${red.url.replace('http', 'ws')}/ysh/feed/notify`)
    await new Promise((resolve) => {
      socket.on('open', () => socket.send(JSON.stringify({ token: secrets.subscriber.value })))
      socket.on('message', (data: Buffer) => {
        places.set('subscriber', data.toString('utf8'))
        resolve(undefined)
      })
    })
    socket.close()
    const metrics = await fetch(`${red.url}/metrics`, { headers: { authorization: `Bearer ${secrets.metrics.value}` } })
    places.set('metrics', await metrics.text())
    assert.match(places.get('metrics') ?? '', /ysh_\w+/)
    const refused = await fetch(`${red.url}/metrics`, { headers: { authorization: 'Bearer wrong' } })
    places.set('metrics, refused', await refused.text())

    const gets = [
      '/flows',
      '/settings',
      '/settings/user',
      '/nodes',
      '/ysh/api/keys',
      '/ysh/aneel/datasets',
      '/context/flow/tab',
      '/auth/login',
      '/ysh/history/stores',
      '/ysh/history/overview?stores=stores',
      '/ysh-pipeline/runs',
    ]
    for (const path of gets) places.set(`admin ${path}`, await (await admin(path)).text())
    for (const id of ['stores', 'ollama', 'mail', 'notify', 'api', 'metrics', 'pdf', 'queue']) {
      const type = ['notify', 'pdf', 'queue'].includes(id) ? 'x' : `ysh-${id}`
      places.set(`credentials of ${id}`, await (await admin(`/credentials/${type}/${id}`)).text())
    }
    for (const kind of ['dead-letters', 'runs', 'history/runs']) {
      const list = await (await admin(`/ysh/${kind}?stores=stores`)).text()
      places.set(`admin ${kind}`, list)
      const ids = [...new Set(Array.from(list.matchAll(/"(?:id|runId)":"([0-9a-f-]{36})"/g), ([, id]) => id))]
      assert.ok(ids.length > 1, list)
      for (const id of ids.slice(0, 20))
        places.set(
          `admin ${kind}, one`,
          `${places.get(`admin ${kind}, one`) ?? ''}${await (await admin(`/ysh/${kind}/${id}?stores=stores`)).text()}`,
        )
    }
    const flows: Record<string, unknown>[] = JSON.parse(places.get('admin /flows') ?? '[]')
    for (const node of flows.filter(({ type }) => type === 'ysh-stores')) {
      const { id, type: _, name: __, ...settings } = node
      const credentials = Object.fromEntries(
        ['postgresPassword', 'redisPassword', 'qdrantApiKey', 's3AccessKeyId', 's3SecretAccessKey'].map((name) => [
          name,
          '__PWRD__',
        ]),
      )
      places.set(`test of ${id}`, await (await admin('/ysh/stores/test', 'POST', { id, settings, credentials })).text())
    }
    const { url } = Object(flows.find(({ id }) => id === 'ollama'))
    places.set('test of ollama', await (await admin('/ysh/ollama/test', 'POST', { id: 'ollama', url })).text())
    places.set(
      'test of the portal',
      await (
        await admin('/ysh/aneel/portal/test', 'POST', { id: 'portal', url: fromEnv('TEST_PORTAL'), contact: '' })
      ).text(),
    )
    for (const security of ['none', 'tls']) {
      const body = {
        node: security === 'tls' ? 'tls-mail' : 'wrong-mail',
        host: '127.0.0.1',
        port: wrongMail.port,
        security,
        from: 'a@x.example',
        fromName: '',
        user: 'canary',
        password: '__PWRD__',
        timeoutMs: 2_000,
      }
      places.set(`test of mail, ${security}`, await (await admin('/ysh/mail/test', 'POST', body)).text())
    }
    for (const name of ['test of ollama', 'test of the portal', 'test of mail, none', 'test of redis', 'test of bad'])
      assert.match(places.get(name) ?? '', /[A-Z]{3,}_[A-Z]|HTTP_4|CONFIG/, name)
  })

  test('what the editor exports and shows is gathered', { skip: noChromium }, async () => {
    const browser = await startBrowser()
    try {
      const page = await (await browser.newContext()).newPage()
      page.setDefaultTimeout(45_000)
      const heard: string[] = []
      page.on('console', (message) => heard.push(message.text()))
      await page.goto(red.url)
      await page.locator('#node-dialog-login-username').fill('admin')
      await page.locator('#node-dialog-login-password').fill(secrets.admin.value)
      await page.locator('#node-dialog-login-submit').click()
      // the browser's own waiting needs eval, which the policy forbids
      await until('the editor', () => page.evaluate('Boolean(window.RED?.nodes?.version?.())'))
      await page.evaluate("RED.editor.editConfig('', 'ysh-stores', 'stores')")
      await page.locator('.ysh-form').waitFor()
      const shown =
        'document.documentElement.outerHTML + [...document.querySelectorAll("input, textarea")].map((each) => each.value).join("\\n")'
      places.set('form of the editor', String(await page.evaluate(shown)))
      const exported =
        'JSON.stringify(RED.nodes.createExportableNodeSet(RED.nodes.filterNodes({}).concat(RED.nodes.createCompleteNodeSet().filter((each) => each.type.startsWith("ysh-")).map((each) => RED.nodes.node(each.id)))))'
      places.set('export of the editor', String(await page.evaluate(exported)))
      assert.match(places.get('export of the editor') ?? '', /"ysh-stores"/)
      places.set('console of the editor', heard.join('\n'))
    } finally {
      await browser.close()
    }
  })

  test('no canary is anywhere but where it belongs, and the planted one is seen in each of the places', async () => {
    places.set('log', red.output())
    for (const [topic, said] of comms.got)
      places.set(
        `comms ${topic.startsWith('status/') ? 'status' : topic}`,
        `${places.get(`comms ${topic.startsWith('status/') ? 'status' : topic}`) ?? ''}${said}`,
      )
    for (const [index, url] of databases.entries())
      for (const [name, text] of await tablesOf(url))
        places.set(index === 0 ? name : `${name} of database ${index}`, text)
    for (const [name, text] of filesOf(userDir)) places.set(name, text)
    places.set('mail', mail.got.map((each) => `${each.raw}\n${readMail(each)}`).join('\n'))
    places.set(
      'webhook',
      hostile.got
        .filter(({ path }) => path === '/taken' || path.startsWith('/hook'))
        .map(({ body }) => body)
        .join('\n'),
    )

    const seen = findCanary(planted, places).map((line) =>
      line.replace(/^.*? in /, '').replace(/, (plain|base64|hex): .*/s, ''),
    )
    for (const place of [
      'log',
      'comms debug',
      'comms status',
      'mail',
      'webhook',
      'admin /flows',
      'file flows.json',
      'file planted.txt',
      'table pipeline.dead_letter',
      'table pipeline.step',
      'API /runs ',
    ])
      assert.ok(seen.includes(place), `the planted secret is not seen in ${place}, only in:\n${seen.join('\n')}`)
    if (noChromium === undefined) assert.ok(seen.includes('export of the editor'), 'export of the editor')

    const others: Canary[] = Object.values(secrets).filter((each) => each !== planted)
    assert.deepEqual(
      others.flatMap((each) => findCanary(each, places)),
      [],
    )
  })
})
