import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { WebSocket } from 'ws'
import { type FlowNode, type NodeRed, startNodeRed } from '../helpers/node-red.ts'
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts'
import { type MailReceiver, readMail, startMail } from '../steps/notify/receivers.ts'
import { type AwsDouble, startAwsDouble } from './aws-double.ts'

const secrets = { postgres: `pg /:@'"-secret-of-tests`, user: 'robot@of.tests', mail: 'mail-secret-of-tests' }
const role = `ysh_secret_${process.pid}`

describe('references to secrets in a real Node-RED', { timeout: 240_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ysh-references-'))
  const file = join(folder, 'postgres')
  let server: PostgresServer
  let second: PostgresServer
  let aws: AwsDouble
  let mail: MailReceiver
  let red: NodeRed
  let socket: WebSocket | undefined
  /** Who logged in to the mail server, and how often somebody was refused. */
  const logins: string[] = []
  const states = new Map<string, string>()

  /** A run that sends an e-mail, with stores and a mail server of its own. */
  const flow = (id: string, postgresUrl: string): FlowNode[] => [
    { id: `${id}-tab`, type: 'tab' },
    {
      ...{ id: `${id}-stores`, type: 'ysh-stores', name: `Data ${id}`, folder: join(folder, id) },
      ...{ postgresUrl, allowAddresses: ['127.0.0.1'] },
    },
    {
      ...{ id: `${id}-mail`, type: 'ysh-mail', host: '127.0.0.1', port: mail.port, security: 'none' },
      from: 'pipeline@example.com',
    },
    {
      ...{ id: `${id}-inject`, type: 'inject', z: `${id}-tab`, x: 1, y: 1, once: true, onceDelay: '0.1' },
      props: [{ p: 'payload', v: '{"subject":"Hello","text":"all well"}', vt: 'json' }],
      wires: [[`${id}-run`]],
    },
    ...[
      { id: 'run', type: 'ysh-run', wires: [[`${id}-notify`]] },
      { id: 'notify', type: 'ysh-notify', mail: `${id}-mail`, to: ['ana@example.com'], wires: [[`${id}-end`]] },
      { id: 'end', type: 'ysh-run-end', wires: [[], []] },
    ].map((node) => ({ ...node, id: `${id}-${node.id}`, z: `${id}-tab`, x: 1, y: 1, stores: `${id}-stores` })),
  ]
  async function until(what: string, condition: () => boolean): Promise<void> {
    for (let left = 600; !condition(); left -= 1) {
      assert.ok(left > 0, `never: ${what}\n${JSON.stringify([...states])}\n${red.output().slice(-6_000)}`)
      await sleep(100)
    }
  }

  before(async () => {
    server = await startPostgres()
    second = await startPostgres()
    aws = await startAwsDouble()
    mail = await startMail({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username = '', password = '' }, _, callback) {
        if (username !== secrets.user || password !== secrets.mail) return callback(new Error('wrong'))
        logins.push(username)
        callback(null, { user: username })
      },
    })
    const admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    try {
      await admin.query(`create role ${role} login createdb password ${pg.escapeLiteral(secrets.postgres)}`)
      await admin.query(`grant all on database ${new URL(server.url).pathname.slice(1)} to ${role}`)
      await admin.query(`alter database ${new URL(server.url).pathname.slice(1)} owner to ${role}`)
    } finally {
      await admin.end()
    }
    writeFileSync(file, `${secrets.postgres}\n`)
    aws.parameters.set('/ysh/smtp-user', secrets.user)
    aws.secrets.set('ysh/smtp', JSON.stringify({ password: secrets.mail }))
    const url = new URL(server.url)
    url.username = role
    url.password = ''
    red = await startNodeRed({
      flows: [...flow('good', url.href), ...flow('nofile', url.href), ...flow('novariable', second.url)],
      credentials: {
        'good-stores': { postgresPassword: `file:${file}` },
        'good-mail': { user: 'ssm:/ysh/smtp-user', password: 'secretsmanager:ysh/smtp#password' },
        'nofile-stores': { postgresPassword: `file:${file}-that-is-missing` },
        'novariable-mail': { user: secrets.user, password: 'env:YSH_TEST_UNSET' },
      },
      env: aws.env(),
    })
    socket = new WebSocket(`${red.url.replace('http', 'ws')}/comms`)
    socket.on('message', (data: Buffer) => {
      for (const each of [JSON.parse(data.toString('utf8'))].flat()) {
        const { topic, data: said }: { topic?: string; data?: { text?: string } } = Object(each)
        if (topic?.startsWith('status/') === true) states.set(topic.slice(7), said?.text ?? '')
      }
    })
    await once(socket, 'open')
    socket.send(JSON.stringify({ subscribe: 'status/#' }))
  })
  after(async () => {
    socket?.close()
    await red?.dispose()
    await mail?.close()
    await aws?.close()
    await second?.stop()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('open the PostgreSQL and log in to the mail server', async () => {
    await until('an e-mail', () => mail.got.length > 0)
    const [got] = mail.got
    assert.ok(got !== undefined)
    assert.match(readMail(got), /Hello\n[\s\S]*all well/)
    assert.deepEqual(logins, [secrets.user])
    assert.deepEqual(aws.asked.toSorted(), [
      'AmazonSSM.GetParameter /ysh/smtp-user',
      'secretsmanager.GetSecretValue ysh/smtp',
    ])
    const asked = new pg.Client({ connectionString: server.url })
    await asked.connect()
    try {
      const { rows } = await asked.query('select state from pipeline.run')
      assert.deepEqual(rows, [{ state: 'done' }])
      const owners = await asked.query("select distinct tableowner from pg_tables where schemaname = 'pipeline'")
      assert.deepEqual(owners.rows, [{ tableowner: role }])
    } finally {
      await asked.end()
    }
  })

  test('that lead nowhere are said where somebody looks, and nothing ends or tells a secret', async () => {
    for (const node of ['run', 'notify', 'end'])
      await until(`a status of ${node}`, () => states.get(`nofile-${node}`) === 'SECRET_MISSING')
    const log = red.output()
    assert.match(
      log,
      new RegExp(`"SECRET_MISSING","message":"The file ${file}-that-is-missing that holds a secret is not there"`),
    )
    // mended, the stores open by themselves
    writeFileSync(`${file}-that-is-missing`, secrets.postgres)
    await until('the delivery', () => /could not be delivered[^\n]*again[^\n]*YSH_TEST_UNSET/.test(red.output()))
    assert.match(red.output(), /"SECRET_MISSING","message":"Neither the environment variable YSH_TEST_UNSET nor/)
    const tried = await fetch(`${red.url}/ysh/mail/test`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ node: 'novariable-mail', user: secrets.user, password: '__PWRD__', host: '127.0.0.1', port: mail.port },
        ...{ security: 'none', from: 'pipeline@example.com', fromName: '', timeoutMs: 20_000 },
      }),
      signal: AbortSignal.timeout(30_000),
    })
    assert.deepEqual([tried.status, /"SECRET_MISSING"/.test(await tried.text())], [400, true])
    await until('open stores', () => states.get('nofile-run') === 'status.ready')
    for (const secret of [secrets.postgres, encodeURIComponent(secrets.postgres), secrets.mail])
      assert.equal(red.output().includes(secret), false)
    for (const [node, said] of states) assert.doesNotMatch(said, /secret-of-tests/, node)
    assert.equal((await fetch(red.url, { signal: AbortSignal.timeout(30_000) })).status, 200)
  })
})
