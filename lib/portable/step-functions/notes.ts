import type { CheckLanguage, RuleText } from '../../flow-check/rule.ts'
import { NoteBook } from '../notes.ts'

const english = {
  CRON_DAYS: {
    reason:
      'The schedule "__value__" names days of the month and days of the week; EventBridge takes only one of them.',
    remedy: 'Make two flows of it, or leave one field as *.',
  },
  CRON_FIELD: {
    reason: 'EventBridge has no equal for "__field__" in the schedule "__value__".',
    remedy: 'Write numbers, lists, ranges and steps.',
  },
  RETRY_LINEAR: {
    reason: 'Step Functions knows waits that stay equal or are multiplied, no linear ones.',
    remedy: 'Choose fixed or exponential.',
  },
  RETRY_ROUNDED: {
    reason: 'Its wait of __seconds__ s becomes __whole__ s: Step Functions counts whole seconds from 1.',
    remedy: 'Nothing, or set whole seconds.',
  },
  LAMBDA_TIMEOUT: {
    reason: 'It may take __seconds__ s; a Lambda is stopped after 900 s.',
    remedy: 'See that a try is through in 15 minutes, or run this pipeline on another engine.',
  },
  LIST_LENGTH: {
    reason: 'How long its list is says nobody; more than __most__ items fail with EACH_TOO_MANY.',
    remedy: 'Write a line "items: N" into its description: above the threshold a distributed map is made.',
  },
  OVERLAP: {
    reason: 'Step Functions starts executions beside each other; "__overlap__" is left to the step runtime.',
    remedy: 'Nothing: the journal of the stores decides at the start of the run.',
  },
} satisfies Record<string, RuleText>

export type NoteCode = keyof typeof english

const portuguese: Record<NoteCode, RuleText> = {
  CRON_DAYS: {
    reason: 'O horário "__value__" nomeia dias do mês e dias da semana; o EventBridge aceita só um deles.',
    remedy: 'Faça dele dois fluxos, ou deixe um campo como *.',
  },
  CRON_FIELD: {
    reason: 'O EventBridge não tem equivalente para "__field__" no horário "__value__".',
    remedy: 'Escreva números, listas, intervalos e passos.',
  },
  RETRY_LINEAR: {
    reason: 'O Step Functions conhece esperas iguais ou multiplicadas, não lineares.',
    remedy: 'Escolha fixa ou exponencial.',
  },
  RETRY_ROUNDED: {
    reason: 'Sua espera de __seconds__ s vira __whole__ s: o Step Functions conta segundos inteiros a partir de 1.',
    remedy: 'Nada, ou defina segundos inteiros.',
  },
  LAMBDA_TIMEOUT: {
    reason: 'Pode levar __seconds__ s; uma Lambda é parada após 900 s.',
    remedy: 'Cuide que uma tentativa termine em 15 minutos, ou execute este pipeline em outro motor.',
  },
  LIST_LENGTH: {
    reason: 'Ninguém diz quão longa é sua lista; mais de __most__ itens falham com EACH_TOO_MANY.',
    remedy: 'Escreva uma linha "items: N" na descrição: acima do limite faz-se um mapa distribuído.',
  },
  OVERLAP: {
    reason: 'O Step Functions inicia execuções lado a lado; "__overlap__" fica com o executor dos passos.',
    remedy: 'Nada: o diário dos armazenamentos decide no início da execução.',
  },
}

const texts: Readonly<Record<CheckLanguage, Readonly<Record<NoteCode, RuleText>>>> = {
  'en-US': english,
  'pt-BR': portuguese,
}
const errors: ReadonlySet<NoteCode> = new Set<NoteCode>(['CRON_DAYS', 'CRON_FIELD', 'RETRY_LINEAR'])

/** What this target cannot do or does otherwise. */
export type Notes = NoteBook<NoteCode>

export const newNotes = (language?: CheckLanguage): Notes => new NoteBook(texts, errors, language)
