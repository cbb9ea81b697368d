import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { apiSummaryKey } from '../../lib/steps/api-cache/keys.ts'
import { anybody, startAws } from '../helpers/fauxqs.ts'
import { type OllamaDouble, startOllamaDouble } from '../ollama/double.ts'
import { type Portal, startPortal } from '../portal/server.ts'
import { type HookReceiver, startHook } from '../steps/notify/receivers.ts'
import { type RunningFlow, startFlow } from './running.ts'

describe('flows/hourly.json', { timeout: 300_000 }, () => {
  let flow: RunningFlow
  let portal: Portal
  let ollama: OllamaDouble
  let hook: HookReceiver
  let aws: Awaited<ReturnType<typeof startAws>>
  before(async () => {
    portal = await startPortal({ datasets: { bandeira_acionamento: 120, tarifas: 300 } })
    ollama = await startOllamaDouble({
      models: ['resumo'],
      reply: () => JSON.stringify({ text: 'As bandeiras acionadas em cada mês.' }),
    })
    hook = await startHook()
    // down for the first try
    hook.status = () => (hook.got.length === 1 ? 500 : 204)
    aws = await startAws()
    const { topicArn } = aws.createTopic('novidades')
    aws.createQueue('assinante')
    aws.subscribe({ topic: 'novidades', queue: 'assinante' })
    flow = await startFlow('flows/hourly.json', {
      env: {
        ...{ YSH_ANEEL_URL: portal.url, YSH_OLLAMA_URL: ollama.url, YSH_OLLAMA_MODEL: 'resumo' },
        ...{ YSH_WEBHOOKS: hook.url, YSH_RETRY_SECONDS: '0.1' },
        ...{ YSH_SNS_TOPIC: topicArn, AWS_ENDPOINT_URL_SNS: aws.endpoint },
        ...{ AWS_ACCESS_KEY_ID: anybody.accessKeyId, AWS_SECRET_ACCESS_KEY: anybody.secretAccessKey },
      },
      change: (node) => {
        if (node.id === 'ysh-hourly-each') return { ...node, list: ['aneel.bandeira_acionamento', 'aneel.tarifas'] }
        if (node.type === 'ysh-ollama-enrich') return { ...node, lookSeconds: 1 }
        // seen from here when a late run ends
        if (node.id === 'ysh-hourly-late-end') return { ...node, wires: [['late-ended'], ['late-ended']] }
        return node.type === 'debug' ? { ...node, console: true } : node
      },
      more: [
        {
          ...{
            id: 'late-ended',
            type: 'debug',
            z: 'ysh-hourly',
            name: 'late',
            x: 1,
            y: 1,
            active: true,
            console: true,
          },
          ...{ complete: 'payload', targetType: 'msg', wires: [] },
        },
      ],
    })
  })
  after(async () => {
    await flow?.close()
    await portal?.close()
    await ollama?.stop()
    await hook?.close()
    await aws?.stop()
  })

  const rowsOf = (name: string) => portal.downloads().find(({ dataset }) => dataset === name)?.rows
  /** What the queue that is subscribed to the topic has. */
  const subscribed = () =>
    (aws.inspectQueue('assinante')?.messages.ready ?? []).map(({ body }) => {
      const { Subject, Message }: { Subject: string; Message: string } = JSON.parse(body)
      return { Subject, Message }
    })
  const ended = (runs: number) =>
    flow.until(`run ${runs} ends`, () => flow.red.output().split('[debug:Resumo]').length === runs + 1)

  test('what changed is fetched, enriched, indexed and told of; then a run costs one request a dataset and tells nobody', async () => {
    await flow.press('ysh-hourly-run')
    await ended(1)
    await flow.until('the webhook is called, and again after its 500', () => hook.got.length === 2)
    const ids = hook.got.map(({ headers }) => headers['webhook-id'])
    assert.equal(ids[0], ids[1])
    assert.match(flow.red.output(), /could not be delivered; trying again later.*HTTP_500/)
    await flow.until('SNS has it', () => subscribed().length === 1)
    assert.deepEqual(subscribed()[0]?.Subject, 'Dados novos: aneel.bandeira_acionamento, aneel.tarifas')
    const { data }: { data: { data: { datasets: { dataset: string; rows: number }[] } } } = JSON.parse(
      hook.got[0]?.body ?? '',
    )
    assert.deepEqual(data.data.datasets.map(({ dataset, rows }) => [dataset, rows]).sort(), [
      ['aneel.bandeira_acionamento', rowsOf('bandeira_acionamento')],
      ['aneel.tarifas', rowsOf('tarifas')],
    ])
    // two batches of 100 rows
    assert.equal(ollama.of('/api/chat').length, 2)

    portal.clear()
    await flow.press('ysh-hourly-run')
    await ended(2)
    assert.equal(portal.requests.length, 2, JSON.stringify(portal.requests))

    // without the model what is new is indexed and told of; the summaries come when it is back
    await ollama.stop()
    portal.clear()
    await portal.publish(1)
    await flow.press('ysh-hourly-run')
    await ended(3)
    await flow.until('webhook and topic are told', () => hook.got.length === 3 && subscribed().length === 2)
    ollama.reply = () => JSON.stringify({ text: 'As bandeiras de cada mês.' })
    await ollama.start()
    // of both batches
    await flow.until('the late runs end', () => flow.red.output().split('[debug:late]').length - 1 === 2)
    assert.deepEqual(ollama.violations, [])
    assert.deepEqual([hook.got.length, subscribed().length], [3, 2])

    const { postgres, cache } = await flow.written()
    const { rows: runs } = await postgres.query(
      `select state from pipeline.run where flow like '%ysh-hourly-run' order by created_at`,
    )
    const { rows: late } = await postgres.query(
      `select distinct state from pipeline.run where flow like '%ysh-hourly-enrich'`,
    )
    assert.deepEqual(late, [{ state: 'done' }])
    assert.deepEqual(runs, [{ state: 'done' }, { state: 'done' }, { state: 'done' }])
    const { rows: documents } = await postgres.query(
      'select document from pipeline.vector_document where until is null order by document',
    )
    assert.deepEqual(documents, [
      { document: 'aneel.bandeira_acionamento#0' },
      { document: 'aneel.bandeira_acionamento#0 resumo' },
      { document: 'aneel.bandeira_acionamento#1' },
      { document: 'aneel.bandeira_acionamento#1 resumo' },
    ])
    // the summaries of the new rows have taken the place of the old ones, and hold no rows beside them
    const { rows: summaries } = await postgres.query<{ since: number; points: number }>(
      `select since, cardinality(points) as points from pipeline.vector_document
       where until is null and document like '% resumo' order by since desc`,
    )
    assert.ok((summaries[0]?.since ?? 0) > 1, JSON.stringify(summaries))
    assert.deepEqual(
      summaries.map(({ points }) => points),
      [1, 1],
    )
    assert.notEqual(await cache.get(apiSummaryKey('aneel.tarifas')), undefined)
    assert.notEqual(await cache.get(apiSummaryKey('aneel.bandeira_acionamento')), undefined)
  })
})
