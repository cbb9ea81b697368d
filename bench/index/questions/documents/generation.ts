import type { SourceDocument } from '../form.ts'

export const generation: readonly SourceDocument[] = [
  {
    id: 'marco-legal',
    title: 'Resumo da Lei 14.300: marco legal da geração distribuída',
    passages: [
      {
        id: 'marco.limites',
        heading: 'Capítulo I. Definições',
        text: `Microgeração é a central de até 75 kW ligada à rede por meio das instalações do consumidor. Minigeração é a central acima de 75 kW e até 3 MW; o teto sobe a 5 MW para fontes despacháveis, como biomassa, biogás e hidrelétricas com reservatório. A potência considerada é a menor entre a soma dos inversores e a soma dos módulos.`,
      },
      {
        id: 'marco.gd1',
        heading: 'Capítulo II. Direito adquirido (GD I)',
        text: `Quem já gerava, ou protocolou o pedido de conexão até 7 de janeiro de 2023, fica na regra antiga até 31 de dezembro de 2045: todas as componentes da tarifa são compensadas e cada quilowatt-hora injetado abate um quilowatt-hora inteiro. Esse grupo é chamado GD I.`,
      },
      {
        id: 'marco.gd2',
        heading: 'Capítulo III. Transição do fio B (GD II)',
        text: `Para pedidos feitos depois de 7 de janeiro de 2023, a energia compensada paga uma fração crescente da componente TUSD Fio B:
Ano | Fração do fio B
2023 | 15 %
2024 | 30 %
2025 | 45 %
2026 | 60 %
2027 | 75 %
2028 | 90 %
A partir de 2029 vale a regra definitiva, baseada no valor dos benefícios da geração distribuída.`,
      },
      {
        id: 'marco.gd3',
        heading: 'Capítulo IV. Regra cheia (GD III)',
        text: `As centrais acima de 500 kW não despacháveis, em autoconsumo remoto ou em geração compartilhada com um titular que detenha 25 % ou mais, pagam sobre a energia compensada 100 % do fio B, 40 % do fio A e os encargos de pesquisa e de fiscalização. Esse grupo é chamado GD III e não tem escada de anos.`,
      },
      {
        id: 'marco.perda',
        heading: 'Capítulo V. Perda do direito',
        text: `Perde a regra da GD I quem encerra o contrato da unidade, quem tem irregularidade comprovada na medição e, na parte acrescida, quem amplia a potência instalada. A troca de titular não retira o direito. A mudança do sistema para outro endereço é tratada como pedido novo.`,
      },
    ],
  },
  {
    id: 'compensacao',
    title: 'Sistema de compensação na Resolução Normativa 1.000',
    passages: [
      {
        id: 'compensacao.validade',
        heading: 'Art. 101. Validade dos créditos',
        text: `Art. 101. Os créditos de energia expiram em 60 meses contados do faturamento em que surgiram. Os mais antigos são usados primeiro. Os créditos vencidos revertem para a modicidade tarifária, sem pagamento ao titular.`,
      },
      {
        id: 'compensacao.disponibilidade',
        heading: 'Art. 102. Custo de disponibilidade',
        text: `Art. 102. A unidade do Grupo B paga ao menos o custo de disponibilidade, equivalente a 30 kWh se a ligação for monofásica ou bifásica a dois condutores, 50 kWh se bifásica a três condutores e 100 kWh se trifásica. Quando esse mínimo é cobrado, créditos não são consumidos até o mesmo montante.`,
      },
      {
        id: 'compensacao.rateio',
        heading: 'Art. 103. Rateio do excedente',
        text: `Art. 103. O titular da geração informa o percentual do excedente destinado a cada unidade beneficiária, ou uma ordem de prioridade. A alteração pode ser pedida a qualquer momento e passa a valer em até 30 dias. Percentuais cuja soma exceda 100 % são recusados.`,
      },
      {
        id: 'compensacao.remoto',
        heading: 'Art. 104. Autoconsumo remoto',
        text: `Art. 104. No autoconsumo remoto a central fica em um endereço e abate o consumo de outros endereços do mesmo CPF ou do mesmo CNPJ, inclusive matriz e filiais, desde que todos sejam atendidos pela mesma distribuidora.`,
      },
      {
        id: 'compensacao.compartilhada',
        heading: 'Art. 105. Geração compartilhada',
        text: `Art. 105. Na geração compartilhada consumidores diferentes se unem em consórcio, cooperativa, condomínio civil ou associação e dividem os créditos de uma central que fica fora de seus imóveis. Todos devem estar na mesma área de concessão, e o vínculo é provado com o contrato social ou o estatuto.`,
      },
      {
        id: 'compensacao.condominio',
        heading: 'Art. 106. Múltiplas unidades consumidoras',
        text: `Art. 106. No prédio ou condomínio com geração instalada nas áreas comuns, a energia excedente é repartida entre os apartamentos e as áreas comuns do mesmo terreno ou de terrenos contíguos. É proibido usar via pública ou imóvel de terceiro para ligar as partes.`,
      },
      {
        id: 'compensacao.venda',
        heading: 'Art. 107. Vedações',
        text: `Art. 107. É vedado vender créditos ou cobrar por quilowatt-hora o aluguel de equipamentos de geração. O contrato de aluguel de terreno ou de usina com preço proporcional à energia produzida caracteriza comercialização e exclui a unidade do sistema.`,
      },
      {
        id: 'compensacao.exemplo',
        heading: 'Exemplo de faturamento',
        text: `Uma casa trifásica consumiu da rede 480 kWh e injetou 620 kWh em maio. A fatura compensa 380 kWh, cobra 100 kWh de custo de disponibilidade e guarda 240 kWh de crédito para os meses seguintes. A energia gerada e gasta no mesmo instante dentro da casa não passa pelo medidor e não aparece na conta.`,
      },
    ],
  },
]
