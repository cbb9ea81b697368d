import type { CheckLanguage, RuleText } from '../../flow-check/rule.ts'
import { NoteBook } from '../notes.ts'

const english = {
  RETRY_LINEAR: {
    reason: 'Airflow knows waits that stay equal or are doubled, no linear ones.',
    remedy: 'Choose fixed or exponential.',
  },
  RETRY_JITTER: {
    reason: 'Airflow spreads waits that double by itself: the wait before a try is between once and twice what is set.',
    remedy: 'Nothing, or choose fixed.',
  },
  LIST_LENGTH: {
    reason:
      'How long its list is says nobody; more items than max_map_length admits (1,024 by default) fail with EACH_TOO_MANY.',
    remedy: 'Set AIRFLOW__CORE__MAX_MAP_LENGTH to what may come.',
  },
  MAP_LENGTH: {
    reason: 'It has __items__ items; Airflow maps 1,024 tasks by default.',
    remedy: 'Set AIRFLOW__CORE__MAX_MAP_LENGTH to at least __items__.',
  },
  MAP_INSIDE: {
    reason:
      'Airflow maps nothing inside of mapped tasks: this becomes one task, which works off its parts one after the other.',
    remedy: 'Nothing, unless the parts are many and slow.',
  },
  OVERLAP: {
    reason: 'Airflow does not stop a run for the next one: "__overlap__" becomes waiting.',
    remedy: 'Nothing, or choose skip or queue.',
  },
  CATCH_UP: {
    reason: 'Airflow makes up for the last slot that was missed, also when nothing is to be made up for.',
    remedy: 'Nothing: the journal runs each slot once. Or choose last.',
  },
  CATCH_UP_ALL: {
    reason: 'Airflow makes up for every slot since the start date of the DAG when it is first switched on.',
    remedy: 'Set the start date: --start-date YYYY-MM-DD.',
  },
} satisfies Record<string, RuleText>

export type NoteCode = keyof typeof english

const portuguese: Record<NoteCode, RuleText> = {
  RETRY_LINEAR: {
    reason: 'O Airflow conhece esperas iguais ou dobradas, não lineares.',
    remedy: 'Escolha fixa ou exponencial.',
  },
  RETRY_JITTER: {
    reason: 'O Airflow espalha por si as esperas que dobram: cada uma fica entre uma e duas vezes o que foi definido.',
    remedy: 'Nada, ou escolha fixa.',
  },
  LIST_LENGTH: {
    reason:
      'Ninguém diz quão longa é sua lista; mais itens que max_map_length (padrão 1.024) falham com EACH_TOO_MANY.',
    remedy: 'Defina AIRFLOW__CORE__MAX_MAP_LENGTH para o que pode vir.',
  },
  MAP_LENGTH: {
    reason: 'Tem __items__ itens; o Airflow mapeia 1.024 tarefas por padrão.',
    remedy: 'Defina AIRFLOW__CORE__MAX_MAP_LENGTH em pelo menos __items__.',
  },
  MAP_INSIDE: {
    reason:
      'O Airflow não mapeia dentro de tarefas mapeadas: isto vira uma só tarefa, que trata as partes uma após a outra.',
    remedy: 'Nada, a não ser que as partes sejam muitas e lentas.',
  },
  OVERLAP: {
    reason: 'O Airflow não para uma execução pela seguinte: "__overlap__" vira espera.',
    remedy: 'Nada, ou escolha skip ou queue.',
  },
  CATCH_UP: {
    reason: 'O Airflow recupera o último horário perdido, mesmo quando nada deve ser recuperado.',
    remedy: 'Nada: o diário executa cada horário uma vez. Ou escolha last.',
  },
  CATCH_UP_ALL: {
    reason: 'O Airflow recupera todos os horários desde a data inicial do DAG quando é ligado pela primeira vez.',
    remedy: 'Defina a data inicial: --start-date AAAA-MM-DD.',
  },
}

const texts: Readonly<Record<CheckLanguage, Readonly<Record<NoteCode, RuleText>>>> = {
  'en-US': english,
  'pt-BR': portuguese,
}

const errors: ReadonlySet<NoteCode> = new Set<NoteCode>(['RETRY_LINEAR'])

/** What this target cannot do or does otherwise. */
export type Notes = NoteBook<NoteCode>

export const newNotes = (language?: CheckLanguage): Notes => new NoteBook(texts, errors, language)
