import { isRecord, textOf, textsOf } from '../node.ts'
import type { Hit, Rule } from '../rule.ts'

/** The config nodes that our nodes point at; `?` marks one that may be blank. A test compares it with the declarations. */
export const references: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'ysh-alerts': { stores: 'ysh-stores' },
  'ysh-aneel-dataset': { STORES: 'ysh-stores', PORTAL: 'ysh-aneel-portal' },
  'ysh-aneel-fetch': { stores: 'ysh-stores', portal: 'ysh-aneel-portal' },
  'ysh-api': { stores: 'ysh-stores', ollama: 'ysh-ollama?' },
  'ysh-api-access': { api: 'ysh-api' },
  'ysh-api-rest': { api: 'ysh-api' },
  'ysh-api-graphql': { api: 'ysh-api' },
  'ysh-api-cache': { stores: 'ysh-stores' },
  'ysh-api-websocket': { api: 'ysh-api' },
  'ysh-archive': { stores: 'ysh-stores' },
  'ysh-dataset-query': { stores: 'ysh-stores' },
  'ysh-dead-letter': { stores: 'ysh-stores' },
  'ysh-each': { stores: 'ysh-stores' },
  'ysh-fetch-with-fallback': { STORES: 'ysh-stores', PORTAL: 'ysh-aneel-portal', BACKUP: 'ysh-aneel-portal' },
  'ysh-incident': { stores: 'ysh-stores' },
  'ysh-join': { stores: 'ysh-stores' },
  'ysh-metrics': { stores: 'ysh-stores' },
  'ysh-notify': { stores: 'ysh-stores', mail: 'ysh-mail?' },
  'ysh-notify-on-failure': { STORES: 'ysh-stores', MAIL: 'ysh-mail?' },
  'ysh-ollama-enrich': { stores: 'ysh-stores', ollama: 'ysh-ollama' },
  'ysh-pdf-extract': { stores: 'ysh-stores', ollama: 'ysh-ollama?' },
  'ysh-pdf-to-index': { STORES: 'ysh-stores', OLLAMA: 'ysh-ollama' },
  'ysh-retry-backoff': { stores: 'ysh-stores' },
  'ysh-run': { stores: 'ysh-stores' },
  'ysh-run-end': { stores: 'ysh-stores' },
  'ysh-s3-event': { stores: 'ysh-stores' },
  'ysh-utility-scrape': { stores: 'ysh-stores' },
  'ysh-vector-index': { stores: 'ysh-stores', ollama: 'ysh-ollama?' },
  'ysh-vector-search': { stores: 'ysh-stores', ollama: 'ysh-ollama?' },
}

/** A config node that is not there. */
export const missingConfig: Rule = {
  id: 'missing-config',
  severity: 'error',
  texts: {
    'en-US': {
      blank: { reason: 'No __type__ is chosen for "__field__".', remedy: 'Open the node and choose or add one.' },
      gone: {
        reason: 'The __type__ chosen for "__field__" is not in the flow, or it is disabled.',
        remedy: 'Open the node and choose another; or export the flow together with its config nodes.',
      },
    },
    'pt-BR': {
      blank: { reason: 'Nenhum __type__ foi escolhido para "__field__".', remedy: 'Abra o nó e escolha ou crie um.' },
      gone: {
        reason: 'O __type__ escolhido para "__field__" não está no fluxo, ou está desativado.',
        remedy: 'Abra o nó e escolha outro; ou exporte o fluxo com seus nós de configuração.',
      },
    },
  },
  *check(graph) {
    for (const node of graph.nodes) {
      for (const [field, wanted] of Object.entries(references[node.type] ?? {})) {
        const type = wanted.replace('?', '')
        const id = textOf(node[field]) // a subflow's node that was never opened holds an object
        if (id.startsWith('${')) continue // said by the environment or by the subflow's instance
        if (id === '' && wanted.endsWith('?')) continue
        const target = graph.byId.get(id)
        if (id === '') yield { node, text: 'blank', values: { type, field } }
        else if (target?.type !== type || target.d === true) yield { node, text: 'gone', values: { type, field } }
      }
    }
  },
}

/** Something to say, and nobody to say it to. */
export const noReceiver: Rule = {
  id: 'no-receiver',
  severity: 'warning',
  texts: {
    'en-US': {
      nobody: {
        reason: 'It tells nobody: no mail, no webhook, no SNS topic, no subscribers.',
        remedy: 'Choose at least one channel.',
      },
      noAddress: { reason: 'A mail server is chosen, and nobody to write to.', remedy: 'Name at least one address.' },
    },
    'pt-BR': {
      nobody: {
        reason: 'Não avisa ninguém: sem e-mail, webhook, tópico SNS ou assinantes.',
        remedy: 'Escolha pelo menos um canal.',
      },
      noAddress: {
        reason: 'Um servidor de e-mail foi escolhido, e ninguém a quem escrever.',
        remedy: 'Informe pelo menos um endereço.',
      },
    },
  },
  *check(graph): Iterable<Hit> {
    for (const node of graph.nodes) {
      if (node.type === 'ysh-notify') {
        const mail = textOf(node.mail) !== ''
        const other = given(node.webhooks) || textOf(node.snsTopic) !== '' || node.subscribers === true
        if (!mail && !other) yield { node, text: 'nobody' }
        else if (mail && !given(node.to)) yield { node, text: 'noAddress' }
      }
      if (node.type === 'ysh-notify-on-failure' && !told.some((name) => isRecord(node[name]) || given(node[name])))
        yield { node, text: 'nobody' }
    }
  },
}

/** Who `ysh-notify-on-failure` tells; an object is a value of the environment. */
const told = ['YSH_ADMIN_TO', 'YSH_WEBHOOKS', 'YSH_ADMIN_SNS_TOPIC']

/** A list with something in it, or one that the environment fills in. */
const given = (list: unknown): boolean => textOf(list) !== '' || textsOf(list).length > 0

const inside =
  /^(localhost|[^.]+|.*\.(local|localhost|internal|lan|intranet|home\.arpa)|127\..*|10\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|\[.*\])$/i

/** What is sent where others on the way can read it. */
export const clearText: Rule = {
  id: 'clear-text',
  severity: 'warning',
  texts: {
    'en-US': {
      text: {
        reason: 'It sends to __host__ without encryption (http://).',
        remedy: 'Use https:// for hosts outside of your own network.',
      },
    },
    'pt-BR': {
      text: {
        reason: 'Envia a __host__ sem criptografia (http://).',
        remedy: 'Use https:// para hosts fora da sua própria rede.',
      },
    },
  },
  *check(graph) {
    for (const node of graph.nodes) {
      const { type } = node
      const sends = type === 'http request' && !['GET', 'HEAD'].includes(textOf(node.method)) ? [node.url] : []
      const ours = type === 'ysh-ollama' ? [node.url] : type === 'ysh-notify' ? textsOf(node.webhooks) : []
      const stores = type === 'ysh-stores' ? [node.qdrantUrl, node.s3Endpoint] : []
      for (const address of [...sends, ...ours, ...stores].map(textOf)) {
        if (!address.startsWith('http://') || !URL.canParse(address)) continue
        const { hostname } = new URL(address)
        if (!inside.test(hostname)) yield { node, values: { host: hostname } }
      }
    }
  },
}
