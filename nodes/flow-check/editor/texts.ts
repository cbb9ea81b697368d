import type { CheckLanguage, Severity } from '../../../lib/flow-check/rule.ts'

interface Texts {
  label: string
  name: string
  check: string
  never: string
  good: string
  failed: string
  deployed: string
  show: string
  severities: Record<Severity, string>
}

/** What the tab says besides the findings; `__name__` stands for a value. */
export const texts: Readonly<Record<CheckLanguage, Texts>> = {
  'en-US': {
    label: 'check',
    name: 'Flow check',
    check: 'Check flows',
    never: 'Looks at all flows of this editor: calls, secrets, joins, runs, endpoints.',
    good: 'Nothing found.',
    failed: 'The flows cannot be checked: __reason__',
    deployed: 'Flow check: __errors__ errors',
    show: 'Show',
    severities: { error: 'Error', warning: 'Warning', hint: 'Hint' },
  },
  'pt-BR': {
    label: 'verificar',
    name: 'Verificação dos fluxos',
    check: 'Verificar fluxos',
    never: 'Examina todos os fluxos deste editor: chamadas, segredos, junções, execuções, pontos de entrada.',
    good: 'Nada encontrado.',
    failed: 'Não foi possível verificar os fluxos: __reason__',
    deployed: 'Verificação dos fluxos: __errors__ erros',
    show: 'Mostrar',
    severities: { error: 'Erro', warning: 'Aviso', hint: 'Dica' },
  },
}
