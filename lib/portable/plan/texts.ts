import type { CheckLanguage, RuleText } from '../../flow-check/rule.ts'

const english = {
  NOTHING: {
    reason: 'No ysh-run, ysh-s3-event or ysh-alerts starts a run here.',
    remedy: 'Start the flow with a ysh-run. Endpoints of the data API are not compiled.',
  },
  CODE: {
    reason: 'Code inside a __type__ runs only in Node-RED.',
    remedy: 'Use a step of this palette, or a change or switch node; or keep this flow in Node-RED.',
  },
  CONTEXT: {
    reason: 'It keeps its state in the memory of this Node-RED (context).',
    remedy: 'Send what is needed along in the message, or keep it in the stores.',
  },
  CLOCK: {
    reason:
      'Its expression asks for the time or for chance (__what__): each engine and each replay gets another value.',
    remedy: 'Take the time from msg.run.slot.',
  },
  TYPE: {
    reason: 'A __type__ means nothing outside of Node-RED.',
    remedy: 'Use a step of this palette, or keep this flow in Node-RED.',
  },
  STREAM: {
    reason: 'A __type__ makes streams of messages, and depends on their order.',
    remedy: 'Use ysh-each and ysh-join.',
  },
  OUTPUT_STREAM: {
    reason: 'Its output "__output__" sends further messages that nobody waits for.',
    remedy: 'Read what was kept in a later step, or take the wire away.',
  },
  OUTPUT_ASIDE: {
    reason: 'Its output "__output__" sends another message beside the one that goes on.',
    remedy: 'Leave this output unwired: ysh-alerts starts a run for each alert.',
  },
  CHANGE_RULE: {
    reason: 'A rule of this node means nothing elsewhere: __what__.',
    remedy: 'Set, change, move and delete properties of msg, from texts, numbers, JSON, msg or JSONata.',
  },
  CATCH_ALL: {
    reason: 'A Catch of all nodes has no equal elsewhere.',
    remedy: 'Name the nodes whose errors it gets.',
  },
  CATCH_TWICE: {
    reason: 'Two Catch nodes get the errors of __from__, and the message would go two ways.',
    remedy: 'Name each node in one Catch only.',
  },
  CATCH_NOWHERE: {
    reason: 'Errors of __from__ end here: in Node-RED the run stalls; elsewhere it fails at once.',
    remedy: 'Wire the Catch to the ysh-join or the ysh-run-end.',
  },
  UNCAUGHT: {
    reason:
      'Inside a list nobody catches its errors: Node-RED waits until the run stalls, and then the item fails. Elsewhere it fails at once.',
    remedy: 'Add a Catch node for it, wired to the ysh-join.',
  },
  LOOP: {
    reason: 'A wire leads back to it; other engines know no loops.',
    remedy: 'Use ysh-retry-backoff to try again and ysh-each for lists.',
  },
  FAN_OUT: {
    reason: 'One output leads to __to__ at once: elsewhere branches must begin and end together.',
    remedy:
      'Make the branches one chain; or list their names in a ysh-each, let a switch lead each to its branch, and bring them together in the ysh-join.',
  },
  OPEN_END: {
    reason: 'Its output "__output__" leads nowhere: a message that takes it is lost.',
    remedy: 'Wire the output on, to the next step, the ysh-join or the ysh-run-end.',
  },
  OPEN_CHOICE: {
    reason: 'A message that none of its rules fits is lost.',
    remedy: 'Add a rule "otherwise" as the last one.',
  },
  SWITCH_ALL: {
    reason: 'It checks all rules, so a message may go several ways.',
    remedy: 'Set it to stop after the first match.',
  },
  RATE: {
    reason: 'A limit of messages per time has no equal elsewhere.',
    remedy: 'Limit what is on its way at once, in the ysh-each.',
  },
  DELAY: {
    reason: 'Its wait is not a fixed time.',
    remedy: 'Set a fixed delay.',
  },
  EACH_WITHOUT_JOIN: {
    reason: 'No ysh-join brings its items together again.',
    remedy: 'Wire the last step of an item, and the Catch of the steps, to a ysh-join.',
  },
  JOIN_WITHOUT_EACH: {
    reason: 'A message comes here that no ysh-each has sent.',
    remedy: 'Send the list through a ysh-each, or take the ysh-join out.',
  },
  MANY_JOINS: {
    reason: 'The items of __from__ end at several ysh-join nodes.',
    remedy: 'Wire all ways of an item to one ysh-join.',
  },
  ITEM_REACHES_END: {
    reason: 'An item of __from__ comes here and would end the whole run.',
    remedy: 'Wire the ways of an item to the ysh-join, and the ysh-join to the ysh-run-end.',
  },
  CROSS_REGION: {
    reason: 'Messages come here from inside __from__ and from outside of it.',
    remedy: 'Give each of them a node of its own.',
  },
  BATCH_CATCH: {
    reason: 'An error while a batch of __from__ is at work goes elsewhere than an error of __from__ itself.',
    remedy: 'Name both in the same Catch.',
  },
  AFTER_END: {
    reason: 'It comes after the end of the run, and other engines are through by then.',
    remedy: 'Put it before the ysh-run-end.',
  },
  TRIGGER_INSIDE: {
    reason: 'A message of a run comes here and starts another run.',
    remedy: 'Continue in the same run, or start the other one by its own trigger.',
  },
  CALL_DYNAMIC: {
    reason: 'Whom it calls is only known when a message comes.',
    remedy: 'Choose the link in node in its form.',
  },
  CALL_MISSING: {
    reason: 'The link in node that it calls is not in this flow, or switched off.',
    remedy: 'Export it together with the tab it calls.',
  },
  RETURN_OUTSIDE: {
    reason: 'It returns to a link call, but a message comes here without one.',
    remedy: 'Wire the way without a call past it.',
  },
  RECURSION: {
    reason: 'It contains or calls itself.',
    remedy: 'Use ysh-retry-backoff to try again and ysh-each for lists.',
  },
  SUBFLOW_MISSING: {
    reason: 'The definition of its subflow (__type__) is not in this flow.',
    remedy: 'Export the flow with its subflow.',
  },
  RETRY_EXPRESSION: {
    reason: 'A JSONata expression decides which errors are tried again; other engines decide by the name of the error.',
    remedy: 'Let the pipeline decide, or list codes.',
  },
  RETRY_ELSEWHERE: {
    reason: 'Its output "try" does not lead to the step whose Catch leads to it.',
    remedy: 'Wire "try" to the first step whose errors it gets.',
  },
  RETRY_NESTED: {
    reason: 'It tries __from__ again, which another ysh-retry-backoff tries already.',
    remedy: 'Keep one of them.',
  },
  RETRY_SHARED: {
    reason: 'It tries several steps again and counts their tries together; elsewhere each has a count of its own.',
    remedy: 'Give each step its own Catch and ysh-retry-backoff where the number matters.',
  },
  ENV_UNKNOWN: {
    reason:
      '"__property__" comes from the variable __variable__, and the flow gives it no value; it must be known when compiling.',
    remedy: "Give the variable a default in the flow's global properties, or the option --env __variable__=VALUE.",
  },
  VALUE: {
    reason: '"__property__" is no __wanted__: __value__.',
    remedy: 'Correct it in the form.',
  },
  CRON: {
    reason: 'The schedule "__value__" cannot be expressed elsewhere: __why__.',
    remedy: 'Use five fields: minute, hour, day of month, month, day of week.',
  },
  TOO_DEEP: {
    reason: 'Lists, subflows and calls are inside each other more than __most__ deep.',
    remedy: 'Make the flow flatter.',
  },
} satisfies Record<string, RuleText>

/** What can be wrong with a flow that is to be compiled. */
export type DiagnosticCode = keyof typeof english

/** Those that keep nothing from being compiled. */
export const warnings: ReadonlySet<DiagnosticCode> = new Set<DiagnosticCode>([
  'CLOCK',
  'CATCH_NOWHERE',
  'RETRY_SHARED',
  'UNCAUGHT',
])

const portuguese: Record<DiagnosticCode, RuleText> = {
  NOTHING: {
    reason: 'Nenhum ysh-run, ysh-s3-event ou ysh-alerts inicia uma execução aqui.',
    remedy: 'Inicie o fluxo com um ysh-run. Pontos de acesso da API de dados não são compilados.',
  },
  CODE: {
    reason: 'Código dentro de um __type__ só executa no Node-RED.',
    remedy: 'Use um passo desta paleta, ou um nó change ou switch; ou mantenha este fluxo no Node-RED.',
  },
  CONTEXT: {
    reason: 'Guarda seu estado na memória deste Node-RED (contexto).',
    remedy: 'Leve na mensagem o que for preciso, ou guarde nos armazenamentos.',
  },
  CLOCK: {
    reason: 'Sua expressão pede a hora ou o acaso (__what__): cada motor e cada repetição recebe outro valor.',
    remedy: 'Tome a hora de msg.run.slot.',
  },
  TYPE: {
    reason: 'Um __type__ não significa nada fora do Node-RED.',
    remedy: 'Use um passo desta paleta, ou mantenha este fluxo no Node-RED.',
  },
  STREAM: {
    reason: 'Um __type__ faz sequências de mensagens, e depende da ordem delas.',
    remedy: 'Use ysh-each e ysh-join.',
  },
  OUTPUT_STREAM: {
    reason: 'Sua saída "__output__" envia outras mensagens por que ninguém espera.',
    remedy: 'Leia o que foi guardado num passo posterior, ou retire o fio.',
  },
  OUTPUT_ASIDE: {
    reason: 'Sua saída "__output__" envia outra mensagem ao lado da que segue.',
    remedy: 'Deixe esta saída sem fio: o ysh-alerts inicia uma execução para cada aviso.',
  },
  CHANGE_RULE: {
    reason: 'Uma regra deste nó não significa nada em outros motores: __what__.',
    remedy: 'Defina, altere, mova e apague propriedades de msg, a partir de textos, números, JSON, msg ou JSONata.',
  },
  CATCH_ALL: {
    reason: 'Um Catch de todos os nós não tem equivalente em outros motores.',
    remedy: 'Nomeie os nós cujos erros ele recebe.',
  },
  CATCH_TWICE: {
    reason: 'Dois nós Catch recebem os erros de __from__, e a mensagem seguiria dois caminhos.',
    remedy: 'Nomeie cada nó em um só Catch.',
  },
  CATCH_NOWHERE: {
    reason: 'Os erros de __from__ terminam aqui: no Node-RED a execução fica parada; em outros motores falha logo.',
    remedy: 'Ligue o Catch ao ysh-join ou ao ysh-run-end.',
  },
  UNCAUGHT: {
    reason:
      'Dentro de uma lista ninguém recebe seus erros: o Node-RED espera até que a execução pare, e então o item falha. Em outros motores ele falha logo.',
    remedy: 'Adicione um nó Catch para ele, ligado ao ysh-join.',
  },
  LOOP: {
    reason: 'Um fio leva de volta a ele; outros motores não conhecem laços.',
    remedy: 'Use ysh-retry-backoff para repetir e ysh-each para listas.',
  },
  FAN_OUT: {
    reason: 'Uma saída leva a __to__ ao mesmo tempo: em outros motores os ramos devem começar e terminar juntos.',
    remedy:
      'Faça dos ramos uma só cadeia; ou liste seus nomes num ysh-each, deixe um switch levar cada um ao seu ramo, e reúna-os no ysh-join.',
  },
  OPEN_END: {
    reason: 'Sua saída "__output__" não leva a nada: uma mensagem que a toma se perde.',
    remedy: 'Ligue a saída ao próximo passo, ao ysh-join ou ao ysh-run-end.',
  },
  OPEN_CHOICE: {
    reason: 'Uma mensagem a que nenhuma das regras serve se perde.',
    remedy: 'Adicione uma regra "senão" como última.',
  },
  SWITCH_ALL: {
    reason: 'Verifica todas as regras, então uma mensagem pode seguir vários caminhos.',
    remedy: 'Faça-o parar na primeira regra que serve.',
  },
  RATE: {
    reason: 'Um limite de mensagens por tempo não tem equivalente em outros motores.',
    remedy: 'Limite o que está a caminho ao mesmo tempo, no ysh-each.',
  },
  DELAY: {
    reason: 'Sua espera não é um tempo fixo.',
    remedy: 'Defina um atraso fixo.',
  },
  EACH_WITHOUT_JOIN: {
    reason: 'Nenhum ysh-join reúne seus itens.',
    remedy: 'Ligue o último passo de um item, e o Catch dos passos, a um ysh-join.',
  },
  JOIN_WITHOUT_EACH: {
    reason: 'Chega aqui uma mensagem que nenhum ysh-each enviou.',
    remedy: 'Passe a lista por um ysh-each, ou retire o ysh-join.',
  },
  MANY_JOINS: {
    reason: 'Os itens de __from__ terminam em vários nós ysh-join.',
    remedy: 'Ligue todos os caminhos de um item a um só ysh-join.',
  },
  ITEM_REACHES_END: {
    reason: 'Um item de __from__ chega aqui e terminaria a execução inteira.',
    remedy: 'Ligue os caminhos de um item ao ysh-join, e o ysh-join ao ysh-run-end.',
  },
  CROSS_REGION: {
    reason: 'Chegam aqui mensagens de dentro de __from__ e de fora dele.',
    remedy: 'Dê a cada uma um nó próprio.',
  },
  BATCH_CATCH: {
    reason: 'Um erro enquanto um lote de __from__ é tratado vai para outro lugar que um erro do próprio __from__.',
    remedy: 'Nomeie ambos no mesmo Catch.',
  },
  AFTER_END: {
    reason: 'Vem depois do fim da execução, e outros motores já terminaram.',
    remedy: 'Ponha-o antes do ysh-run-end.',
  },
  TRIGGER_INSIDE: {
    reason: 'Uma mensagem de uma execução chega aqui e inicia outra.',
    remedy: 'Continue na mesma execução, ou inicie a outra por seu próprio gatilho.',
  },
  CALL_DYNAMIC: {
    reason: 'Só se sabe quem ele chama quando chega uma mensagem.',
    remedy: 'Escolha o nó link in no formulário.',
  },
  CALL_MISSING: {
    reason: 'O nó link in que ele chama não está neste fluxo, ou está desligado.',
    remedy: 'Exporte-o junto com a aba que ele chama.',
  },
  RETURN_OUTSIDE: {
    reason: 'Volta a um link call, mas chega aqui uma mensagem sem ele.',
    remedy: 'Faça o caminho sem chamada passar ao lado.',
  },
  RECURSION: {
    reason: 'Contém ou chama a si mesmo.',
    remedy: 'Use ysh-retry-backoff para repetir e ysh-each para listas.',
  },
  SUBFLOW_MISSING: {
    reason: 'A definição do seu subfluxo (__type__) não está neste fluxo.',
    remedy: 'Exporte o fluxo com seu subfluxo.',
  },
  RETRY_EXPRESSION: {
    reason: 'Uma expressão JSONata decide que erros são repetidos; outros motores decidem pelo nome do erro.',
    remedy: 'Deixe o pipeline decidir, ou liste códigos.',
  },
  RETRY_ELSEWHERE: {
    reason: 'Sua saída "tentar" não leva ao passo cujo Catch leva a ele.',
    remedy: 'Ligue "tentar" ao primeiro passo cujos erros ele recebe.',
  },
  RETRY_NESTED: {
    reason: 'Repete __from__, que outro ysh-retry-backoff já repete.',
    remedy: 'Mantenha um deles.',
  },
  RETRY_SHARED: {
    reason: 'Repete vários passos e conta suas tentativas juntas; em outros motores cada um tem a sua conta.',
    remedy: 'Dê a cada passo seu próprio Catch e ysh-retry-backoff onde o número importa.',
  },
  ENV_UNKNOWN: {
    reason:
      '"__property__" vem da variável __variable__, e o fluxo não lhe dá valor; precisa ser conhecido ao compilar.',
    remedy: 'Dê à variável um padrão nas propriedades globais do fluxo, ou a opção --env __variable__=VALOR.',
  },
  VALUE: {
    reason: '"__property__" não é __wanted__: __value__.',
    remedy: 'Corrija no formulário.',
  },
  CRON: {
    reason: 'O horário "__value__" não pode ser expresso em outros motores: __why__.',
    remedy: 'Use cinco campos: minuto, hora, dia do mês, mês, dia da semana.',
  },
  TOO_DEEP: {
    reason: 'Listas, subfluxos e chamadas estão uns dentro dos outros em mais de __most__ níveis.',
    remedy: 'Torne o fluxo mais plano.',
  },
}

/** Why, and what to do, by code. */
export const texts: Readonly<Record<CheckLanguage, Readonly<Record<DiagnosticCode, RuleText>>>> = {
  'en-US': english,
  'pt-BR': portuguese,
}
