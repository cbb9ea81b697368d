import { plainLetters } from './plain-letters.ts'
import type { Span } from './quote.ts'

/** How a span speaks to a model. */
export type InstructionKind =
  | 'override'
  | 'role'
  | 'output'
  | 'secrecy'
  | 'persona'
  | 'tool'
  | 'encoded'
  | 'leak'
  | 'fence'

/** A span that talks to a model rather than to a reader. */
export interface InstructionSpan extends Span {
  kind: InstructionKind
}

const before =
  '(?:anteriores?|acima|previas?|precedentes|originais|iniciais|do sistema|do usuario|recebidas|dadas|ate aqui|previous|prior|above|earlier|preceding|original|initial|system|foregoing|former|existing|given|your)'
const orders =
  '(?:instrucoes|instrucao|ordens|comandos|orientacoes|diretrizes|prompts?|regras do sistema|mensagens? do sistema|tarefas?|instructions?|directions?|directives?|guidelines?|commands?|system messages?|system prompt|programming|guardrails|context)'
const ignore =
  "(?<!\\b(?:not|never|nao|nunca|jamais|don't|dont) )(?:ignor[ea]r?|ignorem|desconsider[ea]r?|esquec[ae]r?|descart[ea]r?|desobedec[ae]r?|despreze|sobrescrev[ae]r?|anule|substitua|nao siga|pare de seguir|ignore|disregard|forget|override|discard|bypass|do not follow|don'?t follow|stop following|dismiss|neglect|skip|overrule)"
const model =
  '(?:modelo de linguagem|modelo de ia|assistente (?:de ia|virtual|de linguagem)|inteligencia artificial|llm|ia\\b|chatbot|chatgpt|gpt-?\\d*|claude|gemini|llama|mistral|ollama|ai (?:model|assistant|agent|system)|language model|large language model|assistant|the ai|o modelo que|este modelo)'
const answer =
  '(?:responda|responder|retorne|devolva|emita|escreva|imprima|produza|gere|preencha|informe|repita|reply|respond|answer|return|output|print|emit|write|generate|produce|say|fill in|repeat)'

/** Patterns on text in small plain letters. Each is meant to be no sentence of a regulation, a tariff page or a datasheet. */
const patterns: ReadonlyArray<readonly [InstructionKind, RegExp]> = [
  // `ignore`, `instruc`, `system prompt` with each letter moved by 13
  ['encoded', /\b(?:vtaber|vtaben|vafgeh[cp][a-z]*|flfgrz cebzcg)\b/g],
  ['override', new RegExp(`\\b${ignore}\\b[^.\\n]{0,40}?\\b${before} ${orders}`, 'g')],
  [
    'override',
    new RegExp(
      `\\b${ignore}\\b[^.\\n]{0,40}?\\b${orders}(?: ?[,]? ?(?:que (?:voce|te|lhe)|de|da|do|the|you|that|were|have|and|listed|given|e)){0,3} ?${before}\\b`,
      'g',
    ),
  ],
  [
    'override',
    new RegExp(
      `\\b${ignore}\\b (?:tudo|todo o (?:texto|contexto)|everything|all|anything|all of the) [^.\\n]{0,30}?(?:acima|antes|anterior|ate agora|disseram|foi dito|above|before|prior|previous|so far|told|was said)`,
      'g',
    ),
  ],
  [
    'override',
    new RegExp(
      `\\b${ignore}\\b (?:as |suas |todas as |quaisquer |your |all |any |the |all the |all your )(?:${before} )?(?:instrucoes|ordens recebidas|comandos|diretrizes|instructions|guidelines|prompts?|directives|programming|guardrails)\\b`,
      'g',
    ),
  ],
  [
    'override',
    /\b(?:new|updated|revised|real|actual|true|novas?|nova|verdadeiras?|atualizadas?) (?:system )?(?:instructions?|instrucoes|instrucao|task|tarefa|prompt|objective|objetivo|ordens?|orders?) ?(?:follows?|a seguir|do sistema|for the (?:ai|model|assistant)|para (?:o modelo|a ia|o assistente))? ?:/g,
  ],
  [
    'override',
    /\b(?:your|sua|seu) (?:new |novo |nova |real |only |unica |verdadeir[ao] )(?:task|tarefa|objective|objetivo|goal|job|missao|instruction|instrucao|papel|role)\b/g,
  ],
  [
    'override',
    /\b(?:end|fim|termino) (?:of|do|da|dos|das) (?:the )?(?:document|documento|data|dados|input|entrada|context|contexto|untrusted|user|texto do documento|fence|cerca)\b[^.\n]{0,40}(?:instru|system|sistema|begin|inicio|agora|now|task|tarefa|[-=#*>\]]{2,})/g,
  ],
  [
    'override',
    /(?:\b(?:admin|administrator|administrador|developer|desenvolvedor|root|debug|god|sudo|maintenance|manutencao)[ _-](?:mode|override|modo)|\bmodo (?:de )?(?:administrador|desenvolvedor|depuracao|manutencao|root|irrestrito))\b[^.\n]{0,50}/g,
  ],
  [
    'override',
    /\b(?:it is|e) (?:very |muito )?(?:important|critical|crucial|fundamental|imperativo|importante|imprescindivel) (?:that you|que voce) (?:ignore|obey|follow|answer|reply|siga|obedeca|responda|ignore)/g,
  ],
  [
    'override',
    /\b(?:this|the following|esta|a seguinte|o seguinte) (?:instruction|order|message|instrucao|ordem|mensagem|comando|command) (?:overrides|supersedes|replaces|takes precedence|has priority|substitui|prevalece|tem prioridade|se sobrepoe)/g,
  ],
  [
    'persona',
    /\b(?:from now on|a partir de agora|de agora em diante|daqui em diante|doravante)\b[,:]? ?(?:[^.\n]{0,20} )?(?:you(?:'re| are| will| must| should)?|voce|vc|tu|aja|responda|act|answer|reply)\b/g,
  ],
  [
    'persona',
    /\b(?:you are now|you're now|you will now|you must now|voce agora e|agora voce e|voce e agora|voce passa a ser|act as (?:an?|if|my|the) (?:unrestricted|different|evil|dan|system|root|admin|developer|expert|terminal|if)|pretend (?:to be|that you|you)|finja (?:ser|que|que e)|aja como (?:um|uma|se|se fosse)|atue como (?:um|uma) (?:modelo|assistente|ia|terminal|sistema)|imagine que voce|roleplay as|simule (?:ser|um assistente))\b/g,
  ],
  [
    'persona',
    new RegExp(
      `\\b(?:you are|you're|as|voce e|como|sendo) (?:an? |the |um |uma |o |a )?(?:helpful |unrestricted |util )?${model}`,
      'g',
    ),
  ],
  [
    'persona',
    /\b(?:atencao|attention|note to|nota (?:para|ao)|notice to|hey|ola|dear|caro|prezado|mensagem (?:para|ao)|message (?:to|for)|aviso (?:ao|a|para)|para|to|for|note for)[,:]? (?:the |any |all |every |o |a |ao |as? |os? |qualquer |todo )?(?:modelos? de linguagem|modelos? de ia|ia|ias|llms?|ai|ais|assistentes? (?:de ia|virtual|virtuais)|ai (?:models?|assistants?|agents?|systems?|readers?)|language models?|chatgpt|chatbots?|assistant|(?:automated )?(?:summari[sz]er|extractor)|sistemas? de ia|inteligencia artificial)\b/g,
  ],
  [
    'persona',
    /\b(?:if you are|if you're|se voce (?:for|e)|caso voce seja|quem for) (?:an? |um |uma |the |o )?(?:ai|llm|language model|large language model|assistant|bot|ia|modelo|assistente|inteligencia artificial|machine|automated)\b/g,
  ],
  [
    'role',
    /<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_header_id|begin_of_text|end|channel|message|end_of_turn)\|?>|\[\/?inst\]|<<\/?sys>>|<\/?(?:start|end)_of_turn>|<\/?(?:system|assistant|user|human|instructions?|prompt|developer|sistema|instrucoes?)(?: [^<>]{0,80})?>/g,
  ],
  [
    'role',
    /(?:^|\n)[ \t>#*\-|"'[({]{0,8}(?:system|assistant|developer|human|sistema|assistente|system message|system prompt|mensagem do sistema|prompt do sistema|usuario)[ \t"'\])*]{0,4}:(?!\/\/)[ \t*"']{0,4}(?=\S)(?!(?:[^\n]{0,20})(?:\d+ ?(?:v|w|a|kw|mm|kwp)\b|monof|trif|on-grid|off-grid|fotovolt|hibrid|ventil|interligado))/g,
  ],
  [
    'role',
    /(?:^|\n)[ \t]{0,4}#{1,6} ?(?:instructions?|system(?: prompt)?|instrucoes?(?: do sistema| para o modelo)?|new instructions?|response|resposta do assistente|prompt|assistant)(?: ?:|[ \t]*(?:\n|$))/g,
  ],
  ['role', /["'](?:role|papel)["'] ?: ?["'](?:system|assistant|developer|sistema|tool|user)["']/g],
  [
    'output',
    new RegExp(
      `\\b${answer}\\b (?:apenas|somente|so|exclusivamente|only|just|exactly|exatamente|sempre|always|unicamente)(?: (?:com|em|with|in|as|o|a|the|que|that))?(?: [^.\\n]{0,30})? ?(?:["“'{:]|json|\\bok\\b|\\bsim\\b|\\byes\\b|palavra|word|valor|value|a seguinte|o seguinte|the following|isto|this|texto|text|frase|sentence|campo|field)`,
      'g',
    ),
  ],
  [
    'output',
    /\b(?:return|output|emit|produce|respond with|reply with|answer with|print|give back|retorne|devolva|emita|responda com|produza|imprima|gere) (?:only |apenas |somente |exactly |exatamente )?(?:the |this |o |este |um |a |an )?(?:following |seguinte |single |unico )?(?:valid )?(?:objeto )?(?:json|xml|yaml|objeto|object|string|payload|html|markdown)\b/g,
  ],
  [
    'output',
    /\b(?:set|defina|altere|change|fill|preencha|troque|coloque|put|configure|mude|ajuste|record|registre|report|reporte|informe) (?:the |o |a |os |all |todos os )?(?:json |output |extracted )?(?:field|fields|campo|campos|value of|valor d[aeo](?: campo)?|key|chave|atributo|property|propriedade|output|saida)\b[^.\n]{0,60}(?: to | as | para | como | with | com | = ?|: ?)/g,
  ],
  [
    'output',
    /\b(?:in|em|na|no|nas|for|with|to|ao|a|ao final d[ae]) (?:your|sua|tua|suas|the) (?:answer|response|reply|output|summary|translation|extraction|resposta|respostas|saida|resumo|traducao|extracao)\b/g,
  ],
  [
    'output',
    /\b(?:your (?:answer|response|reply|output|summary|translation)|(?:a )?sua (?:resposta|saida|traducao)|(?:o )?seu resumo) (?:must|should|shall|has to|will|deve|devera|precisa|tem que|tem de)\b/g,
  ],
  [
    'output',
    /\b(?:include|inclua|insert|insira|add|adicione|acrescente|append|anexe|embed|incorpore) (?:the |this |o |este |a |esta |um |uma |following |seguinte )*(?:link|url|image|imagem|markdown|html|text|texto|sentence|frase|phrase|string|endereco|address|email|e-mail|tag|footer|rodape)\b[^\n]{0,60}(?:in|em|na|no|at|ao|to|your|:|seu|sua|resp|answer|output|summary|http)/g,
  ],
  [
    'output',
    /\b(?:classify|classifique|label|rotule|rate|avalie|translate|traduza|summari[sz]e|resuma|categorize|categorise|categorize) (?:this|the|este|esta|o|a|it|isto|isso|all|tudo|everything)(?: (?:document|text|documento|texto|content|conteudo|item|page|pagina))? (?:as|como|in?to|para|with|com|por|in the style|em forma)\b/g,
  ],
  [
    'output',
    /\b(?:write|escreva|compose|componha|tell me|conte-me|conte uma|write me) (?:a |an |um |uma |me )?(?:poem|joke|story|song|poema|piada|historia|musica|essay|haiku)\b/g,
  ],
  [
    'secrecy',
    /\b(?:do not|don'?t|never|must not|nao|jamais|nunca|without|sem) (?:tell|inform|mention|reveal|disclose|alert|notify|warn|informe|conte|mencione|revele|diga|avise|alerte|notifique|telling|mentioning|informing|informar|avisar|mencionar|contar|alertar|comente)[^.\n]{0,30}(?:the user|the reader|the operator|anyone|this (?:instruction|message|order)|these instructions|that you|ao usuario|o usuario|ao operador|ao leitor|a ninguem|esta (?:instrucao|mensagem|ordem)|estas instrucoes|que voce)/g,
  ],
  [
    'secrecy',
    /\b(?:keep (?:this|these instructions) (?:secret|hidden|confidential)|mantenha (?:isto|isso|estas? instruc\w+) (?:em segredo|oculta?s?|confidencia\w+)|the user (?:must|should) not (?:know|see|notice)|o usuario nao (?:deve|pode) (?:saber|ver|perceber))/g,
  ],
  [
    'leak',
    /\b(?:reveal|show|print|repeat|output|display|disclose|leak|dump|tell me|mostre|revele|repita|imprima|exiba|divulgue|informe|copie|copy) (?:me )?(?:the |your |all |o |seu |sua |suas |as |todas as |todo o |os )*(?:hidden |full |entire |complete |initial |original |exact )?(?:system prompt|prompt do sistema|prompt (?:inicial|completo|original|oculto)|system message|instructions (?:above|you)|initial prompt|original prompt|instrucoes (?:do sistema|iniciais|ocultas|acima|que recebeu)|api[ _-]?keys?|chaves? (?:de|da) api|passwords?|senhas?|credentials|credenciais|secrets?|tokens? de acesso|environment variables|variaveis de ambiente|\/etc\/passwd|process\.env)\b/g,
  ],
  [
    'leak',
    /!\[[^\]\n]{0,200}\]\((?:https?:)?\/\/[^)\s]{1,200}[?&=][^)\n]{0,200}\)|!\[[^\]\n]{0,200}\]\([^)\n]{0,200}\{[^)\n]{0,200}\)/g,
  ],
  [
    'leak',
    /\b(?:send|post|forward|upload|exfiltrate|transmit|submit|envie|encaminhe|transmita|poste|mande|publique) (?:the |all |this |o |os |a |as |todos os |todo o |your |seu |sua |este |esse |uma copia d[eo] )*(?:document|documents|data|content|contents|conversation|text|history|result|results|answer|documento|documentos|dados|conteudo|conversa|texto|historico|resultado|resultados|resposta|prompt|arquivo)s?\b[^.\n]{0,60}(?:https?:|www\.|@|webhook|endpoint|url|server|servidor externo)/g,
  ],
  [
    'tool',
    /["'](?:tool_calls?|function_call|tool_use|tool_name|recipient_name)["'] ?:|["'](?:name|function|tool|action)["'] ?: ?["'][\w.-]{1,60}["'] ?, ?\n?[ \t]*["'](?:arguments|parameters|input|args|action_input|kwargs)["'] ?:|<\/?(?:tool_call|function_calls?|invoke|tool_use|antml:\w+)\b[^<>\n]{0,100}>|<\|python_tag\|>|(?:^|\n)(?:action|thought|observation|action input) ?: ?\S{1,40}[^\n]{0,60}\n(?:action|thought|observation|action input) ?:/g,
  ],
  [
    'tool',
    /\b(?:call|invoke|use|run|execute|trigger|chame|invoque|use|execute|rode|acione) (?:the |a |o |an? |um |uma )?(?:[\w.-]{1,40} )?(?:tool|function|api|shell|command line|plugin|webhook|ferramenta|funcao|comando de shell|terminal|script)s?\b ?(?:["'`:({]|to |para |named|chamad[ao]|with|com |[\w.-]*_[\w.-]*|https?:)/g,
  ],
  [
    'tool',
    /(?:\bcurl (?:-\w+ )*https?:|\brm -rf \/|\bwget https?:|\bos\.system\(|\bsubprocess\.|\beval\(|\bdrop table \w+;|\bpowershell -|\bbash -c\b)/g,
  ],
  [
    'fence',
    /(?:^|\n)[ \t]{0,4}(?:`{3,20}|~{3,20}|"{3,20}|-{3,20} ?(?:end|fim)|={3,20} ?(?:end|fim)|<\/?(?:document|documento|data|dados|context|contexto|input|texto|text|source|content|untrusted|fence|conteudo)>)[^\n]{0,60}\n?[^\n]{0,80}(?:instru|system|sistema|ignor|now |agora|assistant|task|tarefa|respond|return|retorne|answer)/g,
  ],
  [
    'fence',
    /<\/(?:document|documento|untrusted[\w-]{0,20}|fence|user_input|entrada|dados_do_documento|user_data|external_data)>/g,
  ],
]

/** Base64, hexadecimal and percent-encoded runs that are long enough to say something. */
const encoded =
  /[A-Za-z0-9+/_-]{24,8000}={0,2}|(?:[0-9a-fA-F]{2}[ :]?){16,4000}|(?:[\w.~+-]{0,20}%[0-9a-fA-F]{2}){3,2000}[\w.~+-]{0,20}|(?:\\u[0-9a-fA-F]{4}){8,2000}|(?:&#x?[0-9a-fA-F]{2,6};){8,2000}/g
/** Letters one by one, as in a title or a disguise. */
const spacedLetters = /(?<![^\s])(?:[^\s] {1,3}){12,4000}[^\s](?![^\s])/g
/** How far the order that such a span begins may go on: to the end of its paragraph, at most this. */
const reach = 1500

/**
 * Spans that talk to a model, in order, not overlapping; each reaches from the start of its sentence to the end of its paragraph, for what follows an order
 * belongs to it. Meant to be precise: a regulation that tells a utility what to do is none.
 */
export function instructionSpans(text: string): InstructionSpan[] {
  const found = hits(text)
  for (const { start, end } of encodedSpans(text)) found.push({ kind: 'encoded', start, end })
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  const spans: InstructionSpan[] = []
  for (const hit of found) {
    const last = spans.at(-1)
    if (last !== undefined && hit.end <= last.end) continue
    const start = Math.max(sentenceStart(text, hit.start), last?.end ?? 0)
    spans.push({ kind: hit.kind, start, end: paragraphEnd(text, hit.end) })
  }
  return spans
}

function hits(text: string): InstructionSpan[] {
  const plain = plainLetters(text)
  const found: InstructionSpan[] = []
  for (const variant of variants(plain.text)) {
    for (const [kind, pattern] of patterns) {
      // a disguise is looked through for orders only: its figures and marks are no words
      if (variant !== plain.text && kind !== 'override' && kind !== 'persona') continue
      for (const match of variant.matchAll(pattern)) {
        const start = plain.places[match.index] ?? 0
        const end = (plain.places[match.index + match[0].length - 1] ?? text.length - 1) + 1
        found.push({ kind, start, end })
      }
    }
  }
  return found
}

const figures: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
}

/** The text, and what disguises in it may say, letter for letter in the same places: figures for letters. */
function variants(plain: string): string[] {
  const list = [plain]
  if (/[a-z][013457@$][a-z]/.test(plain)) {
    const read = plain.replace(/(?<=[a-z])[013457@$]|[013457@$](?=[a-z])/g, (figure) => figures[figure] ?? figure)
    if (/instruc|instruction/.test(read)) list.push(read)
  }
  return list
}

function encodedSpans(text: string): Span[] {
  const found: Span[] = []
  for (const match of text.matchAll(encoded)) {
    const decoded = decode(match[0])
    if (decoded !== undefined && hits(decoded).length > 0)
      found.push({ start: match.index, end: match.index + match[0].length })
  }
  for (const match of text.matchAll(spacedLetters)) {
    if (hits(match[0].replace(/(\S) (?=\S)/g, '$1').replace(/ {2,}/g, ' ')).length > 0) {
      found.push({ start: match.index, end: match.index + match[0].length })
    }
  }
  return found
}

/** The text that a run encodes, if it is mostly letters. */
function decode(run: string): string | undefined {
  let text: string
  if (run.includes('%'))
    text = run
      .replace(/(?:%[0-9a-f]{2})+/gi, (part) => Buffer.from(part.replaceAll('%', ''), 'hex').toString('utf8'))
      .replaceAll('+', ' ')
  else if (run.startsWith('\\u'))
    text = run.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  else if (run.startsWith('&#')) {
    text = run.replace(/&#(x?)([0-9a-f]+);/gi, (_, hex: string, code: string) => {
      const point = Number.parseInt(code, hex === '' ? 10 : 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : ''
    })
  } else if (/^(?:[0-9a-f]{2}[ :]?)+$/i.test(run)) text = Buffer.from(run.replace(/[ :]/g, ''), 'hex').toString('utf8')
  else text = Buffer.from(run, 'base64').toString('utf8')
  const letters = text.match(/[\p{L} ]/gu)?.length ?? 0
  return letters > text.length * 0.6 ? text : undefined
}

function sentenceStart(text: string, at: number): number {
  const from = Math.max(0, at - 400)
  const before = text.slice(from, at)
  const stop = Math.max(
    before.lastIndexOf('\n'),
    before.lastIndexOf('. '),
    before.lastIndexOf('! '),
    before.lastIndexOf('? '),
  )
  return stop < 0 ? from : from + stop + 1
}

function paragraphEnd(text: string, at: number): number {
  const rest = text.slice(at, at + reach)
  const stop = /\n[ \t]*\n/.exec(rest)?.index
  return at + (stop ?? rest.length)
}
