import type { FlowNode } from '../helpers/node-red.ts'
import { trialRecipe } from '../helpers/scraping.ts'
import { type Canary, canary, knownCanary } from './canaries.ts'

const odd = [`a"/+%`, `'é`] as const
const inHeader = ['a/+=', '=='] as const

/** The secrets of the flow. The API key has a form of its own. */
export function flowCanaries(apiKey: string) {
  return {
    postgres: canary('the password in the address of PostgreSQL', odd),
    otherPostgres: canary('the password of another PostgreSQL', odd),
    redis: canary('the password of Redis', odd),
    redisAddress: canary('the password in the address of Redis', odd),
    qdrant: canary('the key of Qdrant', inHeader),
    s3: canary('the secret key of S3', inHeader),
    queue: canary('the secret key of a queue', inHeader),
    pushed: canary('the secret header of an event', inHeader),
    archive: canary('the secret key of the archive', inHeader),
    sns: canary('the secret key of SNS', inHeader),
    mail: canary('the password of the mail server', odd),
    webhook: canary('the secret of a webhook', odd),
    webhookAddress: canary('the address of a webhook'),
    subscriber: canary('the token of a subscriber', inHeader),
    ollama: canary('the token of Ollama', inHeader),
    metrics: canary('the token of the metrics', inHeader),
    pdf: canary('the password of a document', odd),
    page: canary('the token in the address of a page'),
    pageUser: canary('the password in the address of a page', odd),
    portal: canary('the token in the address of the portal'),
    file: canary('a secret in a file', odd),
    apiKey: knownCanary('the key of the API', apiKey, apiKey.slice(-49)),
    admin: canary('the password of the admin', odd),
    credential: canary('the credential secret', odd),
    planted: canary('the planted secret', odd),
  }
}
/** {@link flowCanaries}. */
export type FlowCanaries = ReturnType<typeof flowCanaries>

/** Where the flow finds servers and files. */
export interface Places {
  postgresPort: number
  database: string
  redisPort: number
  hostilePort: number
  mailPort: number
  refusingMailPort: number
  secretFile: string
  plantedFile: string
}

/** A database has one Node-RED node of stores: each of the others has its own. */
export const otherDatabases = (database: string) => [1, 2, 3, 4, 5].map((number) => `${database}_${number}`)

/** The environment that the flow refers to: addresses with secrets in them. */
export function environmentOf(secrets: FlowCanaries, places: Places): Record<string, string> {
  const enc = (secret: Canary) => encodeURIComponent(secret.value)
  const { postgresPort: port, database } = places
  const hostile = `127.0.0.1:${places.hostilePort}`
  return {
    TEST_POSTGRES: `postgresql://canary:${enc(secrets.postgres)}@127.0.0.1:${port}/${database}`,
    ...Object.fromEntries(
      otherDatabases(database).map((name, index) => [
        `TEST_POSTGRES_${index + 1}`,
        `postgresql://canary:${enc(secrets.postgres)}@127.0.0.1:${port}/${name}`,
      ]),
    ),
    TEST_POSTGRES_REFUSED: `postgresql://canary:${enc(secrets.otherPostgres)}@127.0.0.1:1/${database}`,
    TEST_POSTGRES_WRONG: `postgresql://canary:${enc(secrets.otherPostgres)}@127.0.0.1:${port}/${database}`,
    TEST_POSTGRES_TLS: `postgresql://canary:${enc(secrets.otherPostgres)}@127.0.0.1:${port}/${database}?sslmode=verify-full`,
    TEST_POSTGRES_BAD: `postgresql://canary:${enc(secrets.otherPostgres)}@127.0.0.1:no-port/${database}`,
    TEST_REDIS: `redis://:${enc(secrets.redisAddress)}@127.0.0.1:${places.redisPort}`,
    TEST_REDIS_TLS: `rediss://:${enc(secrets.redisAddress)}@127.0.0.1:${places.redisPort}`,
    TEST_PAGE_USER: `http://user:${enc(secrets.pageUser)}@${hostile}/page?token=${secrets.page.value}`,
    TEST_PAGE: `http://${hostile}/page?token=${secrets.page.value}`,
    TEST_PAGE_GOOD: `http://${hostile}/good?token=${secrets.page.value}`,
    TEST_PAGE_MOVED: `http://${hostile}/moved?token=${secrets.page.value}`,
    TEST_DOCUMENT: `http://${hostile}/document.pdf?token=${secrets.page.value}`,
    TEST_PORTAL: `http://${hostile}/portal?token=${secrets.portal.value}`,
    TEST_WEBHOOK: `http://${hostile}/hook/${secrets.webhookAddress.value}?key=${secrets.webhookAddress.value}`,
    TEST_KEYS: `http://${hostile}/keys?token=${secrets.portal.value}`,
    TEST_PLANTED: secrets.planted.value,
  }
}

/** What Node-RED puts the variable in for. */
export const fromEnv = (name: string) => `\${${name}}`

const at = { z: 'tab', x: 100, y: 100 }
const quick = { paceMs: '0', tries: '2', backoffMs: '5' }

/** Stores that work; everything in the flow that asks somebody else fails. */
export function canaryFlow(secrets: FlowCanaries, places: Places): FlowNode[] {
  const hostile = `http://127.0.0.1:${places.hostilePort}`
  const stores = (id: string, config: object, credentials: object = {}): FlowNode[] => [
    {
      id,
      type: 'ysh-stores',
      name: `Data ${id}`,
      folder: `data-${id}`,
      allowAddresses: ['127.0.0.1'],
      ...config,
      credentials,
    },
    // a trigger opens them
    { id: `${id}-run`, type: 'ysh-run', ...at, stores: id, wires: [['tell']] },
  ]
  const say = (id: string, code: string, to: string[]): FlowNode[] => [
    {
      id: `press-${id}`,
      type: 'inject',
      ...at,
      props: [{ p: 'payload' }],
      payload: '{}',
      payloadType: 'json',
      repeat: '',
      crontab: '',
      once: false,
      wires: [[id]],
    },
    {
      id,
      type: 'function',
      ...at,
      func: code,
      outputs: 1,
      timeout: 0,
      noerr: 0,
      initialize: '',
      finalize: '',
      libs: [],
      wires: [to],
    },
  ]
  const debug = (id: string, complete: string): FlowNode => ({
    ...{ id, type: 'debug', ...at, name: id, active: true, tosidebar: true, console: true, tostatus: true },
    ...{
      complete,
      targetType: complete === 'true' ? 'full' : 'msg',
      statusVal: 'payload',
      statusType: 'auto',
      wires: [],
    },
  })
  return [
    { id: 'tab', type: 'tab', label: 'canaries' },
    ...stores(
      'stores',
      { postgresUrl: fromEnv('TEST_POSTGRES'), redisUrl: fromEnv('TEST_REDIS'), qdrantUrl: hostile },
      { qdrantApiKey: secrets.qdrant.value },
    ),
    ...stores('refused', { postgresUrl: fromEnv('TEST_POSTGRES_REFUSED') }),
    ...stores('wrong', { postgresUrl: fromEnv('TEST_POSTGRES_WRONG') }),
    ...stores('tls', { postgresUrl: fromEnv('TEST_POSTGRES_TLS') }),
    ...stores('bad', { postgresUrl: fromEnv('TEST_POSTGRES_BAD') }),
    ...stores(
      'bad-password',
      { postgresUrl: 'env:TEST_POSTGRES_BAD' },
      { postgresPassword: secrets.otherPostgres.value },
    ),
    ...stores(
      'redis',
      { postgresUrl: 'env:TEST_POSTGRES_1', redisUrl: `redis://127.0.0.1:${places.redisPort}` },
      { redisPassword: secrets.redis.value },
    ),
    ...stores('redis-address', { postgresUrl: 'env:TEST_POSTGRES_2', redisUrl: fromEnv('TEST_REDIS') }),
    ...stores('redis-tls', { postgresUrl: 'env:TEST_POSTGRES_3', redisUrl: 'env:TEST_REDIS_TLS' }),
    ...stores(
      'redis-file',
      { postgresUrl: 'env:TEST_POSTGRES_4', redisUrl: `redis://127.0.0.1:${places.redisPort}` },
      { redisPassword: `file:${places.secretFile}` },
    ),
    ...stores(
      's3',
      { postgresUrl: 'env:TEST_POSTGRES_5', s3Bucket: 'bucket', s3Endpoint: hostile },
      { s3AccessKeyId: 'id', s3SecretAccessKey: secrets.s3.value },
    ),
    { id: 'ollama', type: 'ysh-ollama', url: hostile, credentials: { token: secrets.ollama.value } },
    {
      id: 'portal',
      type: 'ysh-aneel-portal',
      url: fromEnv('TEST_PORTAL'),
      backups: [fromEnv('TEST_PORTAL')],
      tries: '2',
      backoffMs: '5',
    },
    {
      id: 'mail',
      type: 'ysh-mail',
      host: '127.0.0.1',
      port: places.mailPort,
      security: 'none',
      from: 'robo@ysh.example',
    },
    {
      id: 'wrong-mail',
      type: 'ysh-mail',
      host: '127.0.0.1',
      port: places.refusingMailPort,
      security: 'none',
      from: 'robo@ysh.example',
      credentials: { user: 'canary', password: secrets.mail.value },
    },
    {
      id: 'tls-mail',
      type: 'ysh-mail',
      host: '127.0.0.1',
      port: places.refusingMailPort,
      security: 'tls',
      from: 'robo@ysh.example',
      credentials: { user: 'canary', password: secrets.mail.value },
    },
    {
      id: 'api',
      type: 'ysh-api',
      stores: 'stores',
      ollama: 'ollama',
      jwksUrl: fromEnv('TEST_KEYS'),
      issuer: 'https://issuer.example',
      audiences: ['a'],
      credentials: { firstKey: secrets.apiKey.value },
    },
    { id: 'rest', type: 'ysh-api-rest', ...at, api: 'api', wires: [['tell']] },
    { id: 'graphql', type: 'ysh-api-graphql', ...at, api: 'api', wires: [['tell']] },
    { id: 'websocket', type: 'ysh-api-websocket', ...at, api: 'api', wires: [['tell'], ['tell']] },
    {
      id: 'metrics',
      type: 'ysh-metrics',
      ...at,
      stores: 'stores',
      reach: 'token',
      credentials: { token: secrets.metrics.value },
    },

    // alone, each with what the Catch tells of it
    ...say('ask-portal', "msg.payload = { dataset: 'aneel.tarifas' }; return msg", ['fetch']),
    {
      id: 'fetch',
      type: 'ysh-aneel-fetch',
      ...at,
      stores: 'stores',
      portal: 'portal',
      wires: [['tell'], ['tell'], ['tell']],
    },
    ...say('ask-page', 'return msg', ['scrape', 'scrape-moved', 'scrape-user', 'scrape-s3', 'scrape-good']),
    scrape('scrape', fromEnv('TEST_PAGE'), 'stores'),
    scrape('scrape-moved', fromEnv('TEST_PAGE_MOVED'), 'stores'),
    scrape('scrape-user', fromEnv('TEST_PAGE_USER'), 'stores'),
    scrape('scrape-good', fromEnv('TEST_PAGE_GOOD'), 'stores'),
    scrape('scrape-s3', fromEnv('TEST_PAGE'), 's3'),
    ...say('ask-pdf', "msg.payload = { url: env.get('TEST_DOCUMENT') }; return msg", ['pdf']),
    {
      id: 'pdf',
      type: 'ysh-pdf-extract',
      ...at,
      stores: 'stores',
      ...quick,
      credentials: { password: secrets.pdf.value },
      wires: [['tell'], ['tell'], []],
    },
    ...say('ask-locked', "msg.payload = { artifact: '0'.repeat(64) }; return msg", ['pdf', 'archive']),
    {
      id: 'archive',
      type: 'ysh-archive',
      ...at,
      stores: 'stores',
      bucket: 'bucket',
      endpoint: hostile,
      credentials: { accessKeyId: 'id', secretAccessKey: secrets.archive.value },
      wires: [['tell'], ['tell']],
    },
    ...say(
      'ask-model',
      "msg.payload = { text: 'Um texto sobre tarifas.', question: 'Qual tarifa?', document: 'um' }; return msg",
      ['enrich', 'index-ollama', 'index', 'search'],
    ),
    {
      id: 'enrich',
      type: 'ysh-ollama-enrich',
      ...at,
      stores: 'stores',
      ollama: 'ollama',
      model: 'm',
      tries: '1',
      wires: [['tell'], ['tell']],
    },
    {
      id: 'index-ollama',
      type: 'ysh-vector-index',
      ...at,
      stores: 'stores',
      ollama: 'ollama',
      embedder: 'ollama',
      model: 'm',
      collection: 'ollama_docs',
      wires: [['tell'], ['tell']],
    },
    { id: 'index', type: 'ysh-vector-index', ...at, stores: 'stores', collection: 'docs', wires: [['tell'], ['tell']] },
    {
      id: 'search',
      type: 'ysh-vector-search',
      ...at,
      stores: 'stores',
      ollama: 'ollama',
      collection: 'docs',
      wires: [['tell'], ['tell']],
    },
    ...say('ask-mail', "msg.payload = { subject: 'to all', text: 'text' }; return msg", ['notify', 'notify-tls']),
    notify('notify', 'wrong-mail', {
      to: ['a@x.example'],
      webhooks: ['env:TEST_WEBHOOK'],
      subscribers: true,
      snsTopic: 'arn:aws:sns:us-east-1:000000000000:topic',
      credentials: {
        webhookSecret: secrets.webhook.value,
        snsAccessKeyId: 'id',
        snsSecretAccessKey: secrets.sns.value,
        snsEndpoint: hostile,
        subscriberToken: secrets.subscriber.value,
      },
    }),
    notify('notify-tls', 'tls-mail', { to: ['b@x.example'] }),
    {
      id: 'queue',
      type: 'ysh-s3-event',
      ...at,
      stores: 'stores',
      source: 'queue',
      queueUrl: `${hostile}/queue`,
      region: 'us-east-1',
      endpoint: hostile,
      buckets: ['bucket'],
      credentials: { accessKeyId: 'id', secretAccessKey: secrets.queue.value },
      wires: [['tell']],
    },
    {
      id: 'push',
      type: 'ysh-s3-event',
      ...at,
      stores: 'stores',
      source: 'push',
      path: 'pushed',
      buckets: ['bucket'],
      credentials: { secret: secrets.pushed.value },
      wires: [['tell']],
    },

    // in a run: items fail, become letters, the run fails, is told of
    { id: 'run', type: 'ysh-run', ...at, stores: 'stores', payload: '["one","two"]', wires: [['each']] },
    { id: 'each', type: 'ysh-each', ...at, stores: 'stores', wires: [['item'], ['end']] },
    {
      id: 'item',
      type: 'switch',
      ...at,
      property: 'payload',
      propertyType: 'msg',
      rules: [{ t: 'eq', v: 'one', vt: 'str' }, { t: 'else' }],
      checkall: 'false',
      outputs: 2,
      wires: [['run-scrape'], ['run-planted']],
    },
    scrape('run-scrape', fromEnv('TEST_PAGE'), 'stores', ['join']),
    {
      id: 'run-planted',
      type: 'function',
      ...at,
      func: "if (!flow.get('plant')) return msg\nconst secret = env.get('TEST_PLANTED')\nnode.status({ text: secret })\nnode.warn(secret)\nnode.error(secret, msg)",
      outputs: 1,
      timeout: 0,
      noerr: 0,
      initialize: '',
      finalize: '',
      libs: [],
      wires: [['join']],
    },
    {
      id: 'catch-run',
      type: 'catch',
      ...at,
      scope: ['run-scrape', 'run-planted'],
      uncaught: false,
      wires: [['retry']],
    },
    {
      id: 'retry',
      type: 'ysh-retry-backoff',
      ...at,
      stores: 'stores',
      baseSeconds: '0',
      attempts: '2',
      wires: [['item'], ['join', 'tell']],
    },
    { id: 'join', type: 'ysh-join', ...at, stores: 'stores', wires: [['end']] },
    {
      id: 'end',
      type: 'ysh-run-end',
      ...at,
      stores: 'stores',
      wires: [
        ['ended', 'tell'],
        ['ended', 'tell'],
      ],
    },
    {
      id: 'ended',
      type: 'function',
      ...at,
      func: 'msg.payload = { subject: "ended", text: JSON.stringify(msg.payload), data: msg.payload, ...(flow.get("plant") ? { html: env.get("TEST_PLANTED") } : {}) }\ndelete msg.run\nreturn msg',
      outputs: 1,
      timeout: 0,
      noerr: 0,
      initialize: '',
      finalize: '',
      libs: [],
      wires: [['tell-all']],
    },
    notify('tell-all', 'mail', { to: ['admin@x.example'], webhooks: [`${hostile}/taken`] }),
    {
      id: 'alerts',
      type: 'ysh-alerts',
      ...at,
      stores: 'stores',
      content: 'alert',
      language: 'en-US',
      wires: [['tell-all', 'tell']],
    },
    { id: 'dead', type: 'ysh-dead-letter', ...at, stores: 'stores', wires: [['tell'], ['tell'], ['tell']] },

    // what the flow's own people see
    { id: 'catch', type: 'catch', ...at, scope: null, uncaught: false, wires: [['tell-error', 'failures']] },
    {
      id: 'failures',
      type: 'switch',
      ...at,
      property: 'error.source.id',
      propertyType: 'msg',
      rules: [
        { t: 'eq', v: 'scrape', vt: 'str' },
        { t: 'eq', v: 'fetch', vt: 'str' },
      ],
      checkall: 'true',
      outputs: 2,
      wires: [
        ['dead', 'incident'],
        ['dead', 'incident'],
      ],
    },
    { id: 'incident', type: 'ysh-incident', ...at, stores: 'stores', key: 'canary', wires: [['tell'], []] },
    { id: 'status', type: 'status', ...at, scope: null, wires: [['tell']] },
    debug('tell', 'true'),
    // the document's address came with the message
    debug('tell-error', 'error'),
    ...say('plant', "flow.set('plant', true)\nmsg.payload = ['one', 'two']; return msg", ['run', 'plant-file']),
    {
      id: 'plant-file',
      type: 'change',
      ...at,
      rules: [{ t: 'set', p: 'payload', pt: 'msg', to: 'TEST_PLANTED', tot: 'env' }],
      wires: [['write']],
    },
    {
      id: 'write',
      type: 'file',
      ...at,
      filename: places.plantedFile,
      filenameType: 'str',
      appendNewline: false,
      createDir: false,
      overwriteFile: 'true',
      encoding: 'none',
      wires: [['tell']],
    },
  ]

  function scrape(id: string, url: string, of: string, to: string[] = ['tell']): FlowNode {
    return {
      id,
      type: 'ysh-utility-scrape',
      ...at,
      url,
      stores: of,
      ownRecipe: JSON.stringify(trialRecipe),
      ...quick,
      wires: [to, to, to],
    }
  }
  function notify(id: string, mail: string, config: object): FlowNode {
    return { id, type: 'ysh-notify', ...at, stores: 'stores', mail, giveUpHours: '0.1', ...config, wires: [['tell']] }
  }
}
