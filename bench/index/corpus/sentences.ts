/** What texts of one theme are made of. Slots in braces are filled by `fill`. */
export interface Theme {
  name: string
  titles: readonly [string, ...string[]]
  headings: readonly [string, ...string[]]
  sentences: readonly [string, ...string[]]
  table: { columns: readonly string[]; row: readonly string[] }
}

export const distributors = [
  'Serra Azul',
  'Litoral Norte',
  'Vale do Ouro',
  'Campos Gerais',
  'Alto Pardo',
  'Rio Manso',
] as const
export const towns = [
  'Vale Verde',
  'Morro Alto',
  'Ribeirão Claro',
  'Porto Alto',
  'Campo do Meio',
  'Barra Funda',
] as const

/** The themes, each with a vocabulary of its own. */
export const themes: readonly [Theme, ...Theme[]] = [
  {
    name: 'tarifas',
    titles: ['Resolução Homologatória {int4}: tarifas da {dist}', 'Nota técnica {int3}: revisão tarifária da {dist}'],
    headings: ['Efeito médio', 'Estrutura tarifária', 'Subgrupo A4', 'Modalidade branca', 'Bandeiras em {year}'],
    sentences: [
      'O efeito médio percebido pelo consumidor da {dist} é de {pct} a partir de {date}.',
      'A TUSD do subgrupo A4 passa a R$ {dec} por kW na ponta e R$ {dec} por kW fora de ponta.',
      'A TE da classe residencial é homologada em R$ {int3},{int2} por MWh, com variação de {pct}.',
      'Na modalidade branca o posto intermediário custa {pct} a mais que o posto fora de ponta.',
      'Os encargos setoriais respondem por {pct} da receita requerida e as perdas não técnicas por {pct}.',
      'O fator X aplicado à Parcela B foi de {pct}, conforme o contrato de concessão {int3}/{year}.',
      'O adicional da bandeira amarela acrescenta R$ {dec} a cada 100 kWh consumidos.',
      'Demanda medida acima de {pct} da contratada sujeita a unidade à tarifa de ultrapassagem.',
    ],
    table: {
      columns: ['Subgrupo', 'Posto', 'TUSD (R$/kW)', 'TE (R$/MWh)'],
      row: ['{group}', '{post}', '{dec}', '{int3},{int2}'],
    },
  },
  {
    name: 'tributos',
    titles: ['Tributos na fatura da {dist} em {year}', 'Lei municipal {int4}: contribuição de iluminação de {town}'],
    headings: ['Base de cálculo', 'Alíquotas', 'Isenções', 'Repasse ao município de {town}'],
    sentences: [
      'A alíquota efetiva do PIS foi de {pct} e a da COFINS de {pct} no mês de referência.',
      'O ICMS incide por dentro, à alíquota de {pct} para consumo acima de {int3} kWh.',
      'Em {town} a contribuição de iluminação pública é de R$ {dec} na faixa até {int3} kWh.',
      'Estão isentas as unidades residenciais com consumo de até {int2} kWh por mês.',
      'A arrecadação repassada à prefeitura de {town} somou R$ {int3}.{int3},{int2}.',
      'A energia compensada tem tratamento próprio, conforme o convênio {int3}/{year}.',
      'Créditos tributários de {year} reduziram a base em {pct}.',
    ],
    table: { columns: ['Mês', 'PIS', 'COFINS', 'ICMS'], row: ['{month}/{year}', '{pct}', '{pct}', '{pct}'] },
  },
  {
    name: 'geracao',
    titles: ['Orientação {int3} sobre micro e minigeração', 'Consulta pública {int3}/{year}: sistema de compensação'],
    headings: ['Compensação', 'Rateio de excedentes', 'Fio B', 'Autoconsumo remoto', 'Conexão na {dist}'],
    sentences: [
      'A central de {int2} kW em {town} injetou {int4} kWh e compensou {int3} kWh no ciclo.',
      'Em {year} a energia compensada paga {pct} da componente fio B.',
      'O excedente é rateado entre {int2} unidades, com {pct} para a principal.',
      'Os créditos de {month} de {year} vencem em 60 meses se não forem usados.',
      'Pedidos protocolados depois de {date} seguem a regra de transição.',
      'A {dist} emitiu o orçamento de conexão em {int2} dias, com obras de R$ {int3}.{int3},{int2}.',
      'A minigeração em geração compartilhada reúne consumidores da mesma área de concessão.',
      'A ampliação de {int2} kW é tratada como pedido novo na parte acrescida.',
    ],
    table: {
      columns: ['Ano', 'Fração', 'Pedidos', 'Potência (kW)'],
      row: ['{year}', '{pct}', '{int4}', '{int3}.{int3}'],
    },
  },
  {
    name: 'qualidade',
    titles: ['Indicadores de continuidade da {dist} em {year}', 'Relatório {int4} de medição de tensão em {town}'],
    headings: ['DEC e FEC', 'DIC, FIC e DMIC', 'Tensão em regime permanente', 'Distorções harmônicas', 'Compensações'],
    sentences: [
      'O conjunto {town} apurou DEC de {dec} horas e FEC de {dec} vezes em {year}.',
      'O limite anual para o conjunto {town} é de {int2} horas e {int2} interrupções.',
      'Das 1008 leituras, {int2} ficaram na faixa precária e {int2} na crítica.',
      'O DRP de {pct} supera o limite, e a regularização deve ocorrer até {date}.',
      'A distorção harmônica total da tensão chegou a {pct} na barra de {kv} kV.',
      'Foram creditados R$ {int3}.{int3},{int2} em compensações a {int4} unidades.',
      'A interrupção de {date} durou {int3} minutos e atingiu {int4} unidades de {town}.',
      'Ocorrências em dia crítico foram expurgadas, com DICRI de {dec} horas.',
    ],
    table: { columns: ['Conjunto', 'Unidades', 'DEC (h)', 'FEC'], row: ['{town}', '{int2}.{int3}', '{dec}', '{dec}'] },
  },
  {
    name: 'equipamentos',
    titles: ['Folha de dados do módulo M{int3}-{int3}W', 'Manual do inversor INV-{int2}K série {int3}'],
    headings: ['Características elétricas', 'Características térmicas', 'Entrada CC e MPPT', 'Saída CA', 'Garantia'],
    sentences: [
      'A potência máxima é de {int3} W, com eficiência de {pct} nas condições padrão.',
      'A tensão de circuito aberto é de {dec} V e a corrente de curto-circuito de {dec} A.',
      'O coeficiente de temperatura da potência é de -0,{int2} %/°C.',
      'O inversor tem {int1} rastreadores, de {int2} V a {int3} V e até {int2} A cada um.',
      'A eficiência máxima é de {pct} e a distorção da corrente fica abaixo de {pct}.',
      'A garantia de desempenho cobre {int2} anos, com {pct} da potência inicial no fim.',
      'Em {town}, com mínima de {int1} °C, a série admite {int2} módulos.',
    ],
    table: {
      columns: ['Grandeza', 'Símbolo', 'Valor', 'Tolerância'],
      row: ['{quantity}', '{symbol}', '{dec}', '{pct}'],
    },
  },
  {
    name: 'atendimento',
    titles: ['Resolução interna {int4} da {dist}: faturamento', 'Norma {int3} de conexão e atendimento da {dist}'],
    headings: ['Prazos', 'Leitura', 'Suspensão', 'Religação', 'Documentos do pedido'],
    sentences: [
      'A ligação nova é feita em até {int2} dias úteis, contados de {date}.',
      'A leitura ocorre a cada {int2} dias e o vencimento dista {int1} dias úteis da entrega.',
      'A conta em atraso sofre multa de {pct} e juros proporcionais aos dias.',
      'A suspensão exige aviso com {int2} dias de antecedência, na forma do art. {int3}.',
      'A religação de urgência em {town} custa R$ {dec} e leva até {int1} horas.',
      'A reclamação {int4}-{int3} foi respondida pela ouvidoria em {int2} dias.',
      'O pedido traz diagrama unifilar, memorial e a responsabilidade técnica {int4}{int3}.',
      'O débito de R$ {int3},{int2} foi dividido em {int2} parcelas.',
    ],
    table: {
      columns: ['Serviço', 'Prazo', 'Valor (R$)', 'Base'],
      row: ['{service}', '{int2} dias', '{dec}', 'art. {int3}'],
    },
  },
]
