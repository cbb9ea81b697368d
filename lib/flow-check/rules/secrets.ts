import { changesOf, type FlowGraph } from '../graph.ts'
import { type FlowNode, isRecord, recordsOf, textOf } from '../node.ts'
import type { Hit, Rule } from '../rule.ts'

/** Names of what is kept secret. `token` alone, but not `tokens` or `contextTokens`, which are counts. */
const secretName =
  /(^|[._\-\s'"[])(\w*(password|passwd|senha|secret|segredo|api[_-]?key|access[_-]?key|private[_-]?key|authorization|credentials?)|\w*token|x-api-key)(?=$|[._\-\s'"\]])/i
/** Values that stand for something else. */
const placeholder =
  /^$|\$\{|^(env|file|ssm|secretsmanager):|^\{\{|^<|\*{3}|^(x{3,}|your|you@|change|example|test|secret|password|token|bearer|basic|none|null|undefined|true|false)/i
const knownForms =
  /\b(AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|sk-[A-Za-z0-9_-]{20,}|xox[abpr]-[\w-]{10,})\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/
const inCode =
  /\b(\w*(?:password|passwd|senha|secret|api[_-]?key|access[_-]?key|authorization|token))\b['"\]]*\s*[:=]\s*(['"`])((?:(?!\2)[^\n\\]){6,})\2/gi
const urlWithPassword = /\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/'"`]*:([^\s@/'"`]+)@/gi
/** Not settings, but words for people. */
const words = new Set(['id', 'type', 'name', 'label', 'info', 'z', 'g', 'wires', 'links', 'scope'])

/** A secret written into the flow. */
export const literalSecret: Rule = {
  id: 'literal-secret',
  severity: 'error',
  texts: {
    'en-US': {
      text: {
        reason: 'A secret stands in the flow itself, at "__where__"; whoever gets the file has it.',
        remedy: "Keep it in the node's credentials or in an environment variable, and change it: it counts as known.",
      },
    },
    'pt-BR': {
      text: {
        reason: 'Um segredo está no próprio fluxo, em "__where__"; quem recebe o arquivo o tem.',
        remedy: 'Guarde-o nas credenciais do nó ou numa variável de ambiente, e troque-o: conta como conhecido.',
      },
    },
  },
  *check(graph) {
    for (const node of graph.byId.values()) {
      const where = secretIn(node)
      if (where !== undefined) yield { node, values: { where } }
    }
  },
}

/** Where a node holds a secret; only the place is ever said. */
function secretIn(node: FlowNode): string | undefined {
  if (isRecord(node.credentials) && Object.values(node.credentials).some(isSecret)) return 'credentials'
  for (const rule of changesOf(node)) {
    if (rule.kind === 'set' && rule.toType === 'str' && secretName.test(rule.property) && isSecret(rule.to))
      return rule.property
  }
  const { payload, topic } = node
  for (const { p, v, vt } of node.type === 'inject' ? recordsOf(node.props) : []) {
    if (vt === 'str' && secretName.test(textOf(p)) && isSecret(v)) return textOf(p)
  }
  for (const { name, type, value } of recordsOf(node.env)) {
    if (type === 'str' && secretName.test(textOf(name)) && isSecret(value)) return textOf(name)
  }
  for (const [property, value] of Object.entries({ ...node, payload, topic })) {
    if (words.has(property)) continue
    if (typeof value === 'string' && /^(password|secret|apiKey|token)$/i.test(property) && isSecret(value))
      return property
    const all = typeof value === 'string' ? value : JSON.stringify(value ?? '')
    if (knownForms.test(all)) return property
    if ([...all.matchAll(urlWithPassword)].some(([, password]) => isSecret(password))) return property
    const code = ['func', 'initialize', 'finalize', 'template'].includes(property)
    if (code && [...all.matchAll(inCode)].some(([, , , literal]) => isSecret(literal))) return property
  }
  return undefined
}

function isSecret(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length > 3 &&
    !placeholder.test(value.replace(/^(bearer|basic)\s+(?=\S{8})/i, ''))
  )
}

/** A secret that is shown in the sidebar, the log or the status. */
export const secretToDebug: Rule = {
  id: 'secret-to-debug',
  severity: 'error',
  texts: {
    'en-US': {
      named: {
        reason: 'It shows msg.__property__, which looks like a secret.',
        remedy: 'Show another property, or switch the node off.',
      },
      whole: {
        reason: 'It shows the complete message, and __from__ puts __property__ into it.',
        remedy: 'Show msg.payload, or delete the property in a Change node before.',
      },
    },
    'pt-BR': {
      named: {
        reason: 'Mostra msg.__property__, que parece um segredo.',
        remedy: 'Mostre outra propriedade, ou desligue o nó.',
      },
      whole: {
        reason: 'Mostra a mensagem completa, e __from__ põe __property__ nela.',
        remedy: 'Mostre msg.payload, ou apague a propriedade num nó Change antes.',
      },
    },
  },
  *check(graph) {
    const debugs = graph.nodes.filter(({ type, active }) => type === 'debug' && active !== false)
    for (const node of debugs) {
      const property = textOf(node.complete)
      if (node.targetType !== 'jsonata' && secretName.test(property))
        yield { node, text: 'named', values: { property } }
    }
    const whole = new Set(debugs.filter(({ complete, targetType }) => complete === 'true' || targetType === 'full'))
    for (const from of graph.nodes) yield* shown(graph, from, whole)
  },
}

function* shown(graph: FlowGraph, from: FlowNode, debugs: Set<FlowNode>): Iterable<Hit> {
  for (const property of carried(from)) {
    const forgets = (node: FlowNode) =>
      ['http response', 'ysh-join'].includes(node.type) ||
      changesOf(node).some(({ kind, property: gone }) => kind === 'delete' && isPart(property, gone))
    for (const node of graph.reach(graph.next(from), { stop: forgets })) {
      if (!debugs.delete(node)) continue
      yield { node, text: 'whole', values: { from: textOf(from.name) || from.type, property: `msg.${property}` } }
    }
  }
}

/** The secrets that a node puts into its messages. */
function carried(node: FlowNode): string[] {
  if (node.type === 'http in') return ['req.headers']
  const set = changesOf(node).filter(({ kind, property }) => kind === 'set' && secretName.test(property))
  const injected = node.type === 'inject' ? recordsOf(node.props).map(({ p }) => textOf(p)) : []
  const code = node.type === 'function' ? textOf(node.func) : ''
  const written = [...code.matchAll(/\bmsg\.([\w.]+(?:\[['"][\w-]+['"]\])?)\s*=(?!=)/g)].map(
    ([, property = '']) => property,
  )
  return [...set.map(({ property }) => property), ...[...injected, ...written].filter((name) => secretName.test(name))]
}

const isPart = (property: string, gone: string) => gone !== '' && (property === gone || property.startsWith(`${gone}.`))
